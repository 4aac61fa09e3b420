/* A sorted set of disjoint half-open ranges [start, end) of 64-bit stream offsets, of bounded size.
 *
 * Holds the out-of-order data of one connection. Memory comes on the first insertion and goes with
 * the last range. Adjacent and overlapping ranges merge. The last few that changed are remembered,
 * so that SACK blocks can be listed newest first (RFC 2018 4).
 *
 * A path that loses much leaves thousands of holes, and data comes at their ends: new at the back,
 * sent again at the front. There nothing moves; in between, the smaller side does. */
#ifndef TCPENGINE_UTIL_RANGES_H
#define TCPENGINE_UTIL_RANGES_H

#include <stdbool.h>
#include <stdint.h>
#include <tcpengine/config.h>

/* How many are remembered as the newest, and what stands for none. */
#define TE_RANGES_RECENT_MAX 8u
#define TE_RANGES_NO_START UINT64_MAX

struct te_range {
    uint64_t start, end;
};

struct te_ranges {
    struct te_range *items; /* the first of them; NULL while empty */
    uint16_t count, capacity;
    uint16_t head; /* free ones before the first */
};

enum te_ranges_result {
    TE_RANGES_ADDED,     /* all of it is new, or parts of it */
    TE_RANGES_DUPLICATE, /* all of it was there already (its range counts as the newest) */
    TE_RANGES_FULL,      /* would need more than max ranges: nothing changed */
    TE_RANGES_NO_MEMORY  /* nothing changed */
};

enum te_ranges_result te_ranges_insert(struct te_ranges *ranges, uint64_t start, uint64_t end,
                                       unsigned max, const struct te_allocator *allocator);
/* Drops everything below offset; frees the memory when nothing is left. */
void te_ranges_remove_below(struct te_ranges *ranges, uint64_t offset,
                            const struct te_allocator *allocator);
/* Drops everything from offset on, likewise. */
void te_ranges_remove_above(struct te_ranges *ranges, uint64_t offset,
                            const struct te_allocator *allocator);
void te_ranges_clear(struct te_ranges *ranges, const struct te_allocator *allocator);
/* Makes room for count ranges in all. False: no memory, or more than 65,535. */
bool te_ranges_reserve(struct te_ranges *ranges, unsigned count,
                       const struct te_allocator *allocator);
/* Writes or reads all of it, as it is; ranges that are read are sorted and disjoint, or it is an
 * error. */
struct te_codec;
void te_ranges_save(struct te_codec *codec, struct te_ranges *ranges,
                    const struct te_allocator *allocator);
/* The range that holds offset, or NULL. */
const struct te_range *te_ranges_find(const struct te_ranges *ranges, uint64_t offset);
/* The first range that has something of [start, end), or NULL. */
const struct te_range *te_ranges_find_within(const struct te_ranges *ranges, uint64_t start,
                                             uint64_t end);
/* Copies up to max ranges into ret_items: those that changed last, the newest first, and when they
 * are too few, of the others the highest. Returns how many. */
unsigned te_ranges_newest(const struct te_ranges *ranges, struct te_range *ret_items, unsigned max);
/* TE_RANGES_RECENT_MAX starts of those that changed last, the newest first, then
 * TE_RANGES_NO_START. Not while empty. */
uint64_t *te_ranges_recent(const struct te_ranges *ranges);

#endif
