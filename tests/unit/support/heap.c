#include "support/heap.h"

#include <stdlib.h>

#include "support/test.h"

static void *heap_alloc(void *ctx, size_t size_bytes)
{
    struct heap *heap = ctx;
    assert_true(size_bytes > 0); /* config.h promises it */
    if (heap->allocations_left == 0)
        return NULL;
    if (heap->allocations_left > 0)
        heap->allocations_left--;
    heap->held_bytes += (int64_t)size_bytes;
    return malloc(size_bytes);
}

static void heap_free(void *ctx, void *block, size_t size_bytes)
{
    struct heap *heap = ctx;
    if (block != NULL)
        heap->held_bytes -= (int64_t)size_bytes;
    assert_true(heap->held_bytes >= 0);
    free(block);
}

struct te_allocator heap_init(struct heap *heap)
{
    *heap = (struct heap){.allocations_left = -1};
    return (struct te_allocator){heap, heap_alloc, heap_free};
}
