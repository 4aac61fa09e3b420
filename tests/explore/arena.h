/* All the memory of one engine in one block that never moves, so that the whole engine, pointers
 * and all, can be copied away and back: the engine has no state but what its host's allocator gave
 * it. That makes going back in the search one memcpy. */
#ifndef EXPLORE_ARENA_H
#define EXPLORE_ARENA_H

#include <stddef.h>
#include <stdint.h>
#include <tcpengine/config.h>

#define ARENA_BYTES (192u << 10)

struct arena {
    size_t used_bytes; /* of bytes[]; what lies behind was never touched */
    void *free;        /* blocks that were given back, linked */
    _Alignas(16) uint8_t bytes[ARENA_BYTES];
};

void arena_init(struct arena *arena);
struct te_allocator arena_allocator(struct arena *arena);
/* Between an arena and a copy of it; only what is used is copied. */
void arena_copy(struct arena *to, const struct arena *from);

#endif
