/* The engine's allocator: malloc with an account and a limit, so that the engine is refused memory,
 * and says so to whoever asked, before the kernel ends the daemon. */
#ifndef TCPENGINED_MEMORY_H
#define TCPENGINED_MEMORY_H

#include <tcpengine/config.h>

struct memory {
    uint64_t max_bytes;
    uint64_t used_bytes; /* as asked for, without malloc's own */
    uint64_t refused;    /* requests refused, by the limit or by malloc */
};

void memory_init(struct memory *memory, uint64_t max_bytes);
/* memory must outlive every stack that has the allocator. */
struct te_allocator memory_allocator(struct memory *memory);

#endif
