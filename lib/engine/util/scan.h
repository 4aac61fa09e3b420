/* The order in which tables with ids are walked, piece by piece, while they change.
 *
 * Ids are visited in the order of their bits read backwards. A table of 2^k buckets that finds an
 * id by its last k bits is visited bucket by bucket then, whatever k is: a walk goes on after the
 * table has grown or shrunk, and meets each id that was there all the time exactly once.
 *
 * A cursor is the last id that was visited, or a bucket to begin with, or 0 at the start. */
#ifndef TE_UTIL_SCAN_H
#define TE_UTIL_SCAN_H

#include <stdbool.h>
#include <stdint.h>

/* In a cursor: not the last id visited, but the first one to visit. Ids are below. */
#define TE_SCAN_FROM (UINT64_C(1) << 62)

static inline uint64_t te_scan_reverse(uint64_t bits)
{
    bits = (bits >> 1 & 0x5555555555555555) | (bits & 0x5555555555555555) << 1;
    bits = (bits >> 2 & 0x3333333333333333) | (bits & 0x3333333333333333) << 2;
    bits = (bits >> 4 & 0x0f0f0f0f0f0f0f0f) | (bits & 0x0f0f0f0f0f0f0f0f) << 4;
    return __builtin_bswap64(bits);
}

/* Whether a comes before b. */
static inline bool te_scan_is_before(uint64_t a, uint64_t b)
{
    return te_scan_reverse(a) < te_scan_reverse(b);
}

/* Whether the walk at cursor has yet to visit id. */
static inline bool te_scan_is_ahead(uint64_t cursor, uint64_t id)
{
    return (cursor & TE_SCAN_FROM) != 0 ? !te_scan_is_before(id, cursor & ~TE_SCAN_FROM)
                                        : te_scan_is_before(cursor, id);
}

/* The bucket to look into, of mask + 1. */
static inline uint32_t te_scan_bucket(uint64_t cursor, uint32_t mask)
{
    return (uint32_t)cursor & mask;
}

/* Moves the cursor to the start of the next bucket; false, unchanged, after the last one. */
static inline bool te_scan_next_bucket(uint64_t *cursor, uint32_t mask)
{
    uint64_t next = te_scan_reverse(te_scan_reverse((uint32_t)*cursor | ~(uint64_t)mask) + 1);
    if (next == 0)
        return false;
    *cursor = next | TE_SCAN_FROM;
    return true;
}

#endif
