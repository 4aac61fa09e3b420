/* A set of byte ranges. */
#ifndef SIM_EXTENTS_H
#define SIM_EXTENTS_H

#include <stdbool.h>
#include <stdint.h>

#define EXTENTS_MAX 96

struct extent {
    uint64_t start, end; /* end exclusive */
};

struct extents {
    unsigned count;
    bool is_overfull; /* there was no room for another range: covers everything from now on */
    struct extent items[EXTENTS_MAX]; /* sorted; they neither touch nor overlap */
};

void extents_add(struct extents *extents, uint64_t start, uint64_t end);
bool extents_cover(const struct extents *extents, uint64_t start, uint64_t end);
/* The end of the contiguous range that starts at 0. */
uint64_t extents_contiguous_end(const struct extents *extents);

#endif
