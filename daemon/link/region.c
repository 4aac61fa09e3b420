#include "link/region.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "far_copy.h"

#define SIZE_MIN_SHIFT 14
/* A region costs a 64th of its size at least (util/ring.h), so that the budget pays for no more
 * than so many times itself. */
#define OVERCOMMIT 64
#define SMALL_PAGES 4
#define ARENA_BYTES_MAX (UINT64_C(1) << 42)

void region_init(struct region_memory *memory, uint64_t budget_bytes)
{
    memset(memory, 0, sizeof(*memory));
    memory->budget_bytes = budget_bytes;
    memory->page_bytes = (uint32_t)sysconf(_SC_PAGESIZE);
}

static size_t free_list_bytes(const struct region_arena *arena)
{
    return arena->capacity * sizeof(*arena->free);
}

static size_t size_of(unsigned index)
{
    return (size_t)1 << (index + SIZE_MIN_SHIFT);
}

static unsigned index_of(size_t size_bytes)
{
    unsigned index = 0;
    while (index + 1 < REGION_SIZES && size_of(index) < size_bytes)
        index++;
    assert(size_of(index) == size_bytes);
    return index;
}

static void *map(size_t bytes)
{
    void *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return base == MAP_FAILED ? NULL : base;
}

/* Where address space is limited (RLIMIT_AS, vm.overcommit_memory = 2) a smaller one has to do. */
static void arena_map(struct region_arena *arena, uint64_t wanted_bytes, size_t size)
{
    for (uint64_t bytes = wanted_bytes; bytes >= size; bytes /= 2) {
        arena->capacity = (uint32_t)(bytes / size);
        arena->free = map(free_list_bytes(arena));
        arena->base = arena->free != NULL ? map(arena->capacity * size) : NULL;
        if (arena->base != NULL) {
            madvise(arena->base, arena->capacity * size, MADV_NOHUGEPAGE);
            return;
        }
        if (arena->free != NULL)
            munmap(arena->free, free_list_bytes(arena));
        arena->free = NULL;
    }
}

static uint8_t *arena_take(struct region_memory *memory, size_t size)
{
    struct region_arena *arena = &memory->arenas[index_of(size)];
    uint64_t wanted_bytes = memory->budget_bytes < ARENA_BYTES_MAX / OVERCOMMIT
                                ? memory->budget_bytes * OVERCOMMIT
                                : ARENA_BYTES_MAX;
    if (arena->base == NULL)
        arena_map(arena, wanted_bytes, size);
    if (arena->base == NULL)
        return NULL;
    if (arena->free_count > 0)
        return arena->base + arena->free[--arena->free_count] * size;
    return arena->unused < arena->capacity ? arena->base + arena->unused++ * size : NULL;
}

static void arena_give(struct region_memory *memory, uint8_t *region, size_t size)
{
    struct region_arena *arena = &memory->arenas[index_of(size)];
    size_t index = (size_t)(region - arena->base) / size;
    assert(index < arena->unused && arena->free_count < arena->unused);
    madvise(region, size, MADV_DONTNEED);
    arena->free[arena->free_count++] = (uint32_t)index;
}

static bool is_small(const struct region_memory *memory, size_t size_bytes)
{
    return size_bytes <= (size_t)SMALL_PAGES * memory->page_bytes;
}

static uint8_t *reserve(void *ctx, uint64_t conn_id, bool is_send, size_t size_bytes)
{
    struct region_memory *memory = ctx;
    (void)conn_id;
    (void)is_send;
    return is_small(memory, size_bytes) ? malloc(size_bytes) : arena_take(memory, size_bytes);
}

static uint8_t *grow(void *ctx, uint64_t conn_id, bool is_send, size_t old_bytes, size_t new_bytes)
{
    (void)old_bytes;
    return reserve(ctx, conn_id, is_send, new_bytes);
}

static void release(void *ctx, uint64_t conn_id, bool is_send, uint8_t *region, size_t size_bytes)
{
    struct region_memory *memory = ctx;
    (void)conn_id;
    (void)is_send;
    if (is_small(memory, size_bytes))
        free(region);
    else
        arena_give(memory, region, size_bytes);
}

/* Lent regions are parts of a memfd that a client shares: MADV_DONTNEED would keep the pages. */
void region_drop(uint8_t *region, size_t size_bytes)
{
    madvise(region, size_bytes, MADV_REMOVE);
}

static bool vacate(void *ctx, uint64_t conn_id, bool is_send, uint8_t *region, size_t size_bytes)
{
    struct region_memory *memory = ctx;
    if (is_send)
        return memory->vacate_send != NULL && memory->vacate_send(memory->ctx, conn_id);
    region_drop(region, size_bytes);
    return true;
}

struct te_buffer_memory region_buffers(struct region_memory *memory)
{
    return (struct te_buffer_memory){.ctx = memory,
                                     .reserve = reserve,
                                     .grow = grow,
                                     .release = release,
                                     .vacate = vacate,
                                     .copy_lent = channel_far_copy,
                                     .page_bytes = memory->page_bytes};
}

void region_done(struct region_memory *memory)
{
    for (unsigned i = 0; i < REGION_SIZES; i++) {
        struct region_arena *arena = &memory->arenas[i];
        assert(arena->free_count == arena->unused);
        if (arena->base == NULL)
            continue;
        munmap(arena->base, arena->capacity * size_of(i));
        munmap(arena->free, free_list_bytes(arena));
        arena->base = NULL;
    }
}
