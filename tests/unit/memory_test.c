/* memory.h: what the stack takes from its host, memory and time. */
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "stack_internal.h"
#include "support/test.h"

#define DIRT 0xa5

/* A host whose memory is dirty, and that remembers the last call. */
struct host {
    size_t asked_bytes, freed_bytes;
    unsigned allocs, frees;
    void *freed;
    bool refuses;
};

static void *host_alloc(void *ctx, size_t size_bytes)
{
    struct host *host = ctx;
    host->allocs++;
    host->asked_bytes = size_bytes;
    if (host->refuses)
        return NULL;
    void *block = malloc(size_bytes);
    memset(block, DIRT, size_bytes);
    return block;
}

static void host_free(void *ctx, void *block, size_t size_bytes)
{
    struct host *host = ctx;
    host->frees++;
    host->freed = block;
    host->freed_bytes = size_bytes;
    free(block);
}

static struct host host;
static struct te_stack stack;

static int setup(void **state)
{
    (void)state;
    memset(&host, 0, sizeof(host));
    memset(&stack, 0, sizeof(stack));
    stack.config.allocator = (struct te_allocator){&host, host_alloc, host_free};
    return 0;
}

/* --- memory ----------------------------------------------------------------------------------- */

static void what_is_allocated_is_zero(void **state)
{
    static const uint8_t zeros[1000];
    (void)state;
    uint8_t *block = te_stack_alloc(&stack, sizeof(zeros));
    assert_non_null(block);
    assert_int_equal(host.asked_bytes, sizeof(zeros));
    assert_memory_equal(block, zeros, sizeof(zeros));
    te_stack_dealloc(&stack, block, sizeof(zeros));
}

static void a_refusal_is_null(void **state)
{
    (void)state;
    host.refuses = true;
    assert_null(te_stack_alloc(&stack, 64));
    assert_int_equal(host.allocs, 1);
    assert_int_equal(host.frees, 0);
}

static void the_host_gets_back_block_and_size(void **state)
{
    (void)state;
    void *block = te_stack_alloc(&stack, 77);
    te_stack_dealloc(&stack, block, 77);
    assert_int_equal(host.frees, 1);
    assert_ptr_equal(host.freed, block);
    assert_int_equal(host.freed_bytes, 77);
}

static void null_is_not_given_back(void **state)
{
    (void)state;
    te_stack_dealloc(&stack, NULL, 77);
    assert_int_equal(host.frees, 0);
}

/* --- stream buffers --------------------------------------------------------------------------- */

static void plain_buffers_come_from_the_allocator(void **state)
{
    (void)state;
    te_memory_use_plain_buffers(&stack);
    const struct te_buffer_memory *memory = &stack.config.buffer_memory;
    uint8_t *small = memory->reserve(memory->ctx, 7, true, 1024);
    assert_non_null(small);
    assert_int_equal(host.asked_bytes, 1024);
    /* The old region stays: the engine copies, then releases it (config.h). */
    uint8_t *large = memory->grow(memory->ctx, 7, true, 1024, 4096);
    assert_non_null(large);
    assert_int_equal(host.asked_bytes, 4096);
    assert_int_equal(host.frees, 0);
    memory->release(memory->ctx, 7, true, small, 1024);
    assert_ptr_equal(host.freed, small);
    assert_int_equal(host.freed_bytes, 1024);
    memory->release(memory->ctx, 7, true, large, 4096);
    assert_ptr_equal(host.freed, large);
    assert_int_equal(host.freed_bytes, 4096);
}

static void plain_buffers_refuse_with_the_allocator(void **state)
{
    (void)state;
    te_memory_use_plain_buffers(&stack);
    const struct te_buffer_memory *memory = &stack.config.buffer_memory;
    host.refuses = true;
    assert_null(memory->reserve(memory->ctx, 7, false, 1024));
    assert_null(memory->grow(memory->ctx, 7, false, 1024, 2048));
    assert_int_equal(host.frees, 0);
}

/* They go on with the stack's own copy of the configuration, not with the host's struct. */
static void plain_buffers_use_the_stacks_copy(void **state)
{
    (void)state;
    te_memory_use_plain_buffers(&stack);
    assert_ptr_equal(stack.config.buffer_memory.ctx, &stack.config.allocator);
}

static uint8_t *own_reserve(void *ctx, uint64_t conn_id, bool is_send, size_t size_bytes)
{
    (void)conn_id;
    (void)is_send;
    (void)size_bytes;
    return ctx;
}

static uint8_t *own_grow(void *ctx, uint64_t conn_id, bool is_send, size_t old_bytes,
                         size_t new_bytes)
{
    (void)old_bytes;
    return own_reserve(ctx, conn_id, is_send, new_bytes);
}

static void own_release(void *ctx, uint64_t conn_id, bool is_send, uint8_t *region,
                        size_t size_bytes)
{
    (void)region;
    (void)own_reserve(ctx, conn_id, is_send, size_bytes);
}

static void a_hosts_own_buffer_memory_stays(void **state)
{
    static uint8_t region[16];
    (void)state;
    stack.config.buffer_memory =
        (struct te_buffer_memory){region, own_reserve, own_grow, own_release, 0, NULL, NULL};
    te_memory_use_plain_buffers(&stack);
    const struct te_buffer_memory *memory = &stack.config.buffer_memory;
    assert_ptr_equal(memory->reserve(memory->ctx, 1, true, 16), region);
    assert_ptr_equal(memory->grow(memory->ctx, 1, true, 16, 32), region);
    memory->release(memory->ctx, 1, true, region, 32);
    assert_int_equal(host.allocs, 0);
    assert_int_equal(host.frees, 0);
}

/* --- time ------------------------------------------------------------------------------------- */

static void time_moves_forward_only(void **state)
{
    (void)state;
    stack.now_us = 1000;
    te_stack_set_now(&stack, 1001);
    assert_int_equal(stack.now_us, 1001);
    te_stack_set_now(&stack, 1001);
    assert_int_equal(stack.now_us, 1001);
    te_stack_set_now(&stack, 1000);
    assert_int_equal(stack.now_us, 1001);
    te_stack_set_now(&stack, INT64_MIN);
    assert_int_equal(stack.now_us, 1001);
}

/* The clock's zero is the host's choice: it may lie in the future. */
static void time_may_be_negative(void **state)
{
    (void)state;
    stack.now_us = -5000;
    te_stack_set_now(&stack, -6000);
    assert_int_equal(stack.now_us, -5000);
    te_stack_set_now(&stack, -1);
    assert_int_equal(stack.now_us, -1);
    te_stack_set_now(&stack, 1);
    assert_int_equal(stack.now_us, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_allocated_is_zero, setup),
        cmocka_unit_test_setup(a_refusal_is_null, setup),
        cmocka_unit_test_setup(the_host_gets_back_block_and_size, setup),
        cmocka_unit_test_setup(null_is_not_given_back, setup),
        cmocka_unit_test_setup(plain_buffers_come_from_the_allocator, setup),
        cmocka_unit_test_setup(plain_buffers_refuse_with_the_allocator, setup),
        cmocka_unit_test_setup(plain_buffers_use_the_stacks_copy, setup),
        cmocka_unit_test_setup(a_hosts_own_buffer_memory_stays, setup),
        cmocka_unit_test_setup(time_moves_forward_only, setup),
        cmocka_unit_test_setup(time_may_be_negative, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
