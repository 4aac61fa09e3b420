#include "arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 4096 };

struct block {
    struct block *next;
    size_t size, used;
    alignas(max_align_t) unsigned char bytes[];
};

/* It lies in its own first block: most responses take one allocation. */
struct tcpc_arena {
    struct block *blocks; /* the one in use comes first */
    size_t budget_bytes;
};

static struct block *block_new(size_t size)
{
    size_t room = size > BLOCK_BYTES ? size : BLOCK_BYTES;
    struct block *block = malloc(sizeof(*block) + room);
    if (block != NULL)
        *block = (struct block){.size = room};
    return block;
}

struct tcpc_arena *tcpci_arena_new(size_t budget_bytes)
{
    struct block *block = block_new(BLOCK_BYTES);
    if (block == NULL)
        return NULL;
    struct tcpc_arena *arena = (void *)block->bytes;
    *arena = (struct tcpc_arena){.blocks = block, .budget_bytes = budget_bytes};
    block->used = (sizeof(*arena) + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    return arena;
}

void tcpci_arena_free(struct tcpc_arena *arena)
{
    struct block *block = arena != NULL ? arena->blocks : NULL;
    while (block != NULL) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
}

void *tcpci_arena_alloc(struct tcpc_arena *arena, size_t size)
{
    if (size > arena->budget_bytes)
        return NULL;
    size_t taken = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    struct block *block = arena->blocks;
    if (block == NULL || block->size - block->used < taken) {
        block = block_new(taken);
        if (block == NULL)
            return NULL;
        block->next = arena->blocks;
        arena->blocks = block;
    }
    void *memory = block->bytes + block->used;
    block->used += taken;
    arena->budget_bytes -= size;
    return memset(memory, 0, size);
}

void *tcpci_arena_array(struct tcpc_arena *arena, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        return NULL;
    return tcpci_arena_alloc(arena, count * size);
}

/* Behind the first block, which is in use. `from` lies in one of those that are adopted. Only the
 * adopted blocks are walked: a long list's pages come to one arena after the other. */
void tcpci_arena_adopt(struct tcpc_arena *into, struct tcpc_arena *from)
{
    struct block **place = &into->blocks->next;
    struct block **tail = &from->blocks;
    while (*tail != NULL)
        tail = &(*tail)->next;
    *tail = *place;
    *place = from->blocks;
}

static void *allocator_alloc(void *data, size_t size)
{
    return tcpci_arena_alloc(data, size);
}

static void allocator_free(void *data, void *memory)
{
    (void)data;
    (void)memory;
}

ProtobufCAllocator tcpci_arena_allocator(struct tcpc_arena *arena)
{
    return (ProtobufCAllocator){
        .alloc = allocator_alloc, .free = allocator_free, .allocator_data = arena};
}
