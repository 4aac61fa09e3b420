#include "rpc/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_ALIGNMENT alignof(max_align_t)

bool arena_init(struct arena *arena, size_t size_bytes)
{
    *arena = (struct arena){.block = malloc(size_bytes), .size_bytes = size_bytes};
    return arena->block != NULL;
}

void arena_done(struct arena *arena)
{
    free(arena->block);
    *arena = (struct arena){0};
}

void arena_reset(struct arena *arena)
{
    arena->used_bytes = 0;
}

size_t arena_left(const struct arena *arena)
{
    return arena->size_bytes - arena->used_bytes;
}

static void *arena_take(struct arena *arena, size_t size_bytes)
{
    if (size_bytes > arena_left(arena))
        return NULL;
    size_t rounded = (size_bytes + ARENA_ALIGNMENT - 1) / ARENA_ALIGNMENT * ARENA_ALIGNMENT;
    uint8_t *piece = arena->block + arena->used_bytes;
    arena->used_bytes =
        rounded > arena_left(arena) ? arena->size_bytes : arena->used_bytes + rounded;
    return piece;
}

void *arena_alloc(struct arena *arena, size_t size_bytes)
{
    void *piece = arena_take(arena, size_bytes);
    return piece == NULL ? NULL : memset(piece, 0, size_bytes);
}

char *arena_copy_text(struct arena *arena, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = arena_take(arena, size);
    return copy == NULL ? NULL : memcpy(copy, text, size);
}

static void *protobuf_alloc(void *ctx, size_t size_bytes)
{
    return arena_take(ctx, size_bytes);
}

static void protobuf_free(void *ctx, void *piece)
{
    (void)ctx;
    (void)piece;
}

ProtobufCAllocator arena_protobuf_allocator(struct arena *arena)
{
    return (ProtobufCAllocator){
        .alloc = protobuf_alloc, .free = protobuf_free, .allocator_data = arena};
}
