#include "arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN_BYTES 16u

struct free_block {
    struct free_block *next;
    size_t size_bytes;
};

void arena_init(struct arena *arena)
{
    memset(arena, 0, offsetof(struct arena, bytes));
}

static size_t round_up(size_t size_bytes)
{
    size_t bytes = (size_bytes + ALIGN_BYTES - 1) / ALIGN_BYTES * ALIGN_BYTES;
    return bytes > 0 ? bytes : ALIGN_BYTES;
}

static void *take_again(struct arena *arena, size_t bytes)
{
    struct free_block *before = NULL;
    struct free_block *block = arena->free;
    for (; block != NULL && block->size_bytes != bytes; block = block->next)
        before = block;
    if (block == NULL)
        return NULL;
    if (before != NULL)
        before->next = block->next;
    else
        arena->free = block->next;
    return block;
}

static void *take(void *ctx, size_t size_bytes)
{
    struct arena *arena = ctx;
    size_t bytes = round_up(size_bytes);
    void *block = take_again(arena, bytes);
    if (block != NULL)
        return block;
    if (arena->used_bytes + bytes > sizeof(arena->bytes)) {
        fprintf(stderr, "explore: the engine needs more than %u bytes\n", ARENA_BYTES);
        abort();
    }
    block = arena->bytes + arena->used_bytes;
    arena->used_bytes += bytes;
    return block;
}

static void give(void *ctx, void *block, size_t size_bytes)
{
    struct arena *arena = ctx;
    struct free_block *freed = block;
    *freed = (struct free_block){.next = arena->free, .size_bytes = round_up(size_bytes)};
    arena->free = freed;
}

struct te_allocator arena_allocator(struct arena *arena)
{
    return (struct te_allocator){arena, take, give};
}

void arena_copy(struct arena *to, const struct arena *from)
{
    memcpy(to, from, offsetof(struct arena, bytes) + from->used_bytes);
}
