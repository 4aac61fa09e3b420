#include "memory.h"

#include <stdlib.h>

/* Precedes each block; keeps the block aligned for any type. */
union header {
    size_t size_bytes;
    max_align_t align;
};

void memory_init(struct memory *memory)
{
    *memory = (struct memory){.refuse_from = MEMORY_NEVER};
}

static bool is_refused(const struct memory *memory, uint64_t index)
{
    return index >= memory->refuse_from && index - memory->refuse_from < memory->refuse_count;
}

static void *take(void *ctx, size_t size_bytes)
{
    struct memory *memory = ctx;
    if (is_refused(memory, memory->allocations++)) {
        memory->refused++;
        return NULL;
    }
    union header *header = malloc(sizeof(*header) + size_bytes);
    if (header == NULL)
        abort();
    header->size_bytes = size_bytes;
    memory->bytes += size_bytes;
    memory->blocks++;
    return header + 1;
}

static void give(void *ctx, void *block, size_t size_bytes)
{
    struct memory *memory = ctx;
    union header *header = (union header *)block - 1;
    if (header->size_bytes != size_bytes)
        memory->wrong = "a block is given back with another size than it was taken with";
    memory->bytes -= header->size_bytes;
    memory->blocks--;
    free(header);
}

struct te_allocator memory_allocator(struct memory *memory)
{
    return (struct te_allocator){memory, take, give};
}
