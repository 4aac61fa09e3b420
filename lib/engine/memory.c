#include "memory.h"

#include <string.h>

#include "stack_internal.h"

void te_stack_set_now(struct te_stack *stack, int64_t now_us)
{
    if (now_us > stack->now_us)
        stack->now_us = now_us;
}

void *te_stack_alloc(struct te_stack *stack, size_t size_bytes)
{
    const struct te_allocator *allocator = &stack->config.allocator;
    void *block = allocator->alloc(allocator->ctx, size_bytes);
    if (block != NULL)
        memset(block, 0, size_bytes);
    return block;
}

void te_stack_dealloc(struct te_stack *stack, void *block, size_t size_bytes)
{
    const struct te_allocator *allocator = &stack->config.allocator;
    if (block != NULL)
        allocator->free(allocator->ctx, block, size_bytes);
}

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
    *memory = (struct te_buffer_memory){&stack->config.allocator, plain_reserve, plain_grow,
                                        plain_release};
}
