/* The moments that were entered: a hash table that doubles. */
#ifndef EXPLORE_SEEN_H
#define EXPLORE_SEEN_H

#include <stddef.h>
#include <stdint.h>

struct seen_moment {
    uint64_t fingerprint; /* 0: free */
    uint32_t next_hash;   /* of what each choice led to; 0: not all are known yet */
    uint32_t steps_left;  /* when it was entered, the most */
};

struct seen {
    struct seen_moment *moments;
    size_t size, count; /* size: a power of two */
};

void seen_init(struct seen *seen);
void seen_done(struct seen *seen);
/* Its place, new (steps_left 0) when it was not there. Good until the next call. */
struct seen_moment *seen_find(struct seen *seen, uint64_t fingerprint);

#endif
