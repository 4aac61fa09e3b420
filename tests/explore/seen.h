/* The moments already entered, in a hash table that doubles. */
#ifndef EXPLORE_SEEN_H
#define EXPLORE_SEEN_H

#include <stddef.h>
#include <stdint.h>

struct seen_moment {
    uint64_t fingerprint; /* 0: unused */
    uint32_t next_hash;   /* of what each choice led to; 0: not all known yet */
    uint32_t steps_left;  /* most there were when it was entered */
};

struct seen {
    struct seen_moment *moments;
    size_t size, count; /* size is a power of two */
};

void seen_init(struct seen *seen);
void seen_done(struct seen *seen);
/* Its entry, a new one (steps_left 0) if there was none. Valid until the next call. */
struct seen_moment *seen_find(struct seen *seen, uint64_t fingerprint);

#endif
