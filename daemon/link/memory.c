#include "link/memory.h"

#include <assert.h>
#include <stdlib.h>

void memory_init(struct memory *memory, uint64_t max_bytes)
{
    *memory = (struct memory){.max_bytes = max_bytes};
}

static void *memory_alloc(void *ctx, size_t size_bytes)
{
    struct memory *memory = ctx;
    void *block = NULL;
    if (size_bytes <= memory->max_bytes - memory->used_bytes)
        block = malloc(size_bytes);
    if (block == NULL)
        memory->refused++;
    else
        memory->used_bytes += size_bytes;
    return block;
}

static void memory_free(void *ctx, void *block, size_t size_bytes)
{
    struct memory *memory = ctx;
    if (block == NULL)
        return;
    assert(size_bytes <= memory->used_bytes);
    memory->used_bytes -= size_bytes;
    free(block);
}

struct te_allocator memory_allocator(struct memory *memory)
{
    return (struct te_allocator){.ctx = memory, .alloc = memory_alloc, .free = memory_free};
}
