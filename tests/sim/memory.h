/* An allocator that counts, checks the sizes passed back, and can refuse. */
#ifndef SIM_MEMORY_H
#define SIM_MEMORY_H

#include <tcpengine/config.h>

#define MEMORY_NEVER UINT64_MAX

struct memory {
    uint64_t bytes, blocks; /* outstanding */
    uint64_t allocations;   /* requested so far, including refused ones */
    uint64_t refuse_from;   /* first allocation, counted from 0, that is refused; or MEMORY_NEVER */
    uint64_t refuse_count;  /* how many are refused from there on */
    uint64_t refused;       /* so far */
    const char *wrong;      /* a message once something is wrong, else NULL */
};

void memory_init(struct memory *memory);
struct te_allocator memory_allocator(struct memory *memory);

#endif
