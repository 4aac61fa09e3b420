/* The engine's allocator: malloc with a byte count and a limit. The engine runs out of memory, and
 * fails the one call that needed it, before the kernel kills the daemon. */
#ifndef TCPENGINED_MEMORY_H
#define TCPENGINED_MEMORY_H

#include <tcpengine/config.h>

struct memory {
    uint64_t max_bytes;
    uint64_t used_bytes; /* as requested; malloc's overhead is not counted */
    uint64_t refused;    /* requests refused by the limit or by malloc */
};

/* max_bytes is a hard limit: 0 refuses everything. */
void memory_init(struct memory *memory, uint64_t max_bytes);
/* An allocator that counts in memory, which must outlive every stack that uses it. */
struct te_allocator memory_allocator(struct memory *memory);

#endif
