#include "support/lazy_memory.h"

#include <stdlib.h>

#include "support/test.h"

static uint8_t *reserve(void *ctx, uint64_t conn_id, bool is_send, size_t size_bytes)
{
    struct lazy_memory *memory = ctx;
    (void)conn_id;
    (void)is_send;
    if (memory->is_refusing)
        return NULL;
    memory->regions++;
    memory->region_bytes += size_bytes;
    return malloc(size_bytes);
}

static uint8_t *grow(void *ctx, uint64_t conn_id, bool is_send, size_t old_bytes, size_t new_bytes)
{
    (void)old_bytes;
    return reserve(ctx, conn_id, is_send, new_bytes);
}

static void release(void *ctx, uint64_t conn_id, bool is_send, uint8_t *region, size_t size_bytes)
{
    struct lazy_memory *memory = ctx;
    (void)conn_id;
    (void)is_send;
    assert_true(memory->regions > 0 && memory->region_bytes >= size_bytes);
    memory->regions--;
    memory->region_bytes -= size_bytes;
    free(region);
}

struct te_buffer_memory lazy_memory_init(struct lazy_memory *memory)
{
    *memory = (struct lazy_memory){0};
    return (struct te_buffer_memory){memory, reserve, grow, release, LAZY_PAGE, NULL, NULL};
}
