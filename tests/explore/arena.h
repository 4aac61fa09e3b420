/* All the memory of one engine in one block that never moves, so that the whole engine, pointers
 * and all, can be copied away and back: the engine has no state outside what its host's allocator
 * gave it. Going back in the search is one memcpy. */
#ifndef EXPLORE_ARENA_H
#define EXPLORE_ARENA_H

#include <stddef.h>
#include <stdint.h>
#include <tcpengine/config.h>

#define ARENA_BYTES (192u << 10)

struct arena {
    size_t used_bytes; /* of bytes[]; the rest was never touched */
    void *free;        /* list of freed blocks */
    _Alignas(16) uint8_t bytes[ARENA_BYTES];
};

void arena_init(struct arena *arena);
struct te_allocator arena_allocator(struct arena *arena);
/* Copies between an arena and its copy; only the used part is copied. */
void arena_copy(struct arena *to, const struct arena *from);

#endif
