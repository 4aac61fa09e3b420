#include "memory.h"

#include <assert.h>
#include <string.h>

#include "stack_internal.h"

void te_stack_set_now(struct te_stack *stack, int64_t now_us)
{
    if (now_us > stack->now_us)
        stack->now_us = now_us;
}

void *te_stack_alloc(struct te_stack *stack, size_t size_bytes)
{
    void *block = te_stack_alloc_raw(stack, size_bytes);
    if (block != NULL)
        memset(block, 0, size_bytes);
    return block;
}

void *te_stack_alloc_raw(struct te_stack *stack, size_t size_bytes)
{
    const struct te_allocator *allocator = &stack->config.allocator;
    return allocator->alloc(allocator->ctx, size_bytes);
}

void te_stack_dealloc(struct te_stack *stack, void *block, size_t size_bytes)
{
    const struct te_allocator *allocator = &stack->config.allocator;
    if (block != NULL)
        allocator->free(allocator->ctx, block, size_bytes);
}

/* --- the count -------------------------------------------------------------------------------- */

/* ctx is the te_memory_count inside the stack. */
static void *counted_alloc(void *ctx, size_t size_bytes)
{
    struct te_memory_count *count = ctx;
    void *block = NULL;
    if (count->used_bytes <= count->max_bytes && size_bytes <= count->max_bytes - count->used_bytes)
        block = count->host.alloc(count->host.ctx, size_bytes);
    if (block != NULL)
        count->used_bytes += size_bytes;
    else
        count->refused++;
    return block;
}

static void counted_free(void *ctx, void *block, size_t size_bytes)
{
    struct te_memory_count *count = ctx;
    if (block == NULL)
        return;
    assert(count->used_bytes >= size_bytes);
    count->used_bytes -= size_bytes;
    count->host.free(count->host.ctx, block, size_bytes);
}

void te_memory_start_count(struct te_stack *stack, size_t taken_bytes)
{
    uint64_t max_bytes = stack->config.memory_max_bytes;
    stack->memory = (struct te_memory_count){
        .host = stack->config.allocator,
        .used_bytes = taken_bytes,
        .max_bytes = max_bytes > 0 ? max_bytes : UINT64_MAX,
    };
    stack->config.allocator =
        (struct te_allocator){.ctx = &stack->memory, .alloc = counted_alloc, .free = counted_free};
}

static bool are_buffers_allocated(const struct te_stack *stack)
{
    return stack->config.buffer_memory.ctx == &stack->config.allocator;
}

void te_memory_charge(struct te_stack *stack, int64_t bytes)
{
    if (!are_buffers_allocated(stack))
        stack->memory.used_bytes += (uint64_t)bytes;
}

/* --- stream buffers --------------------------------------------------------------------------- */

/* te_buffer_memory for hosts that give none. ctx is the te_allocator inside the stack's own copy of
 * the configuration. */
static uint8_t *plain_reserve(void *ctx, uint64_t conn_id, bool is_send, size_t size_bytes)
{
    const struct te_allocator *allocator = ctx;
    (void)conn_id;
    (void)is_send;
    return allocator->alloc(allocator->ctx, size_bytes);
}

static uint8_t *plain_grow(void *ctx, uint64_t conn_id, bool is_send, size_t old_bytes,
                           size_t new_bytes)
{
    (void)old_bytes;
    return plain_reserve(ctx, conn_id, is_send, new_bytes);
}

static void plain_release(void *ctx, uint64_t conn_id, bool is_send, uint8_t *region,
                          size_t size_bytes)
{
    const struct te_allocator *allocator = ctx;
    (void)conn_id;
    (void)is_send;
    allocator->free(allocator->ctx, region, size_bytes);
}

void te_memory_use_plain_buffers(struct te_stack *stack)
{
    struct te_buffer_memory *memory = &stack->config.buffer_memory;
    if (memory->reserve != NULL)
        return;
    *memory = (struct te_buffer_memory){.ctx = &stack->config.allocator,
                                        .reserve = plain_reserve,
                                        .grow = plain_grow,
                                        .release = plain_release};
}
