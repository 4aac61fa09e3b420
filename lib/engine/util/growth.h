/* How a hash table of 2^k buckets doubles a few buckets at a time, so that no single addition waits
 * for all of them.
 *
 * While it grows there are two arrays: one of bucket_count, and one of twice as many. The chains of
 * the first `moved` buckets have been split over the second array, each over its own number and
 * that plus bucket_count; the others are still in the first. When all have moved, the second array
 * is the table. Where a hash is to be found depends on nothing else. */
#ifndef TE_UTIL_GROWTH_H
#define TE_UTIL_GROWTH_H

#include <stdbool.h>
#include <stdint.h>

/* A table that begins to grow with one entry for each bucket (or some) has finished long before it
 * must grow again. */
#define TE_GROWTH_STEP 2

struct te_growth {
    uint32_t bucket_count; /* of the first array; a power of two */
    uint32_t moved;        /* 0 while the table does not grow; below bucket_count */
};

/* Of a bucket's number in its array, for a hash or a cursor of scan.h. */
static inline uint32_t te_growth_mask(const struct te_growth *growth, uint32_t hash)
{
    uint32_t mask = growth->bucket_count - 1;
    return (hash & mask) < growth->moved ? 2 * mask + 1 : mask;
}

/* Whether that is the second array. */
static inline bool te_growth_is_second(const struct te_growth *growth, uint32_t mask)
{
    return mask >= growth->bucket_count;
}

/* One more bucket has been moved. True: it was the last; the second array is the table. */
static inline bool te_growth_advance(struct te_growth *growth)
{
    if (++growth->moved < growth->bucket_count)
        return false;
    growth->bucket_count *= 2;
    growth->moved = 0;
    return true;
}

#endif
