/* A sorted set of disjoint half-open ranges [start, end) of 64-bit stream offsets, of bounded size.
 *
 * Holds the out-of-order data of one connection. Memory comes with the first insertion and goes
 * with the last range; the same allocator goes with every call. Adjacent and overlapping ranges
 * merge. The last few that changed are remembered, so that SACK blocks can be listed newest first
 * (RFC 2018 4). Starts zeroed.
 *
 * A lossy path leaves thousands of holes, and data arrives at their ends: new data at the back,
 * retransmissions at the front. Nothing moves at the ends; in the middle the shorter side shifts.
 */
#ifndef TCPENGINE_UTIL_RANGES_H
#define TCPENGINE_UTIL_RANGES_H

#include <stdbool.h>
#include <stdint.h>
#include <tcpengine/config.h>

/* How many changed ranges are remembered, and the start that means none. */
#define TE_RANGES_RECENT_MAX 8u
#define TE_RANGES_NO_START UINT64_MAX

struct te_range {
    uint64_t start, end;
};

struct te_ranges {
    struct te_range *items; /* the first range; NULL while empty */
    uint16_t count, capacity;
    uint16_t head; /* free items before the first */
};

enum te_ranges_result {
    TE_RANGES_ADDED,     /* all or part of it is new */
    TE_RANGES_DUPLICATE, /* all of it was there already (its range is now the newest), or empty */
    TE_RANGES_FULL,      /* would need more than max ranges: nothing changed */
    TE_RANGES_NO_MEMORY  /* nothing changed */
};

/* Adds [start, end). After FULL or NO_MEMORY the caller drops the data; the peer sends it again. */
enum te_ranges_result te_ranges_insert(struct te_ranges *ranges, uint64_t start, uint64_t end,
                                       unsigned max, const struct te_allocator *allocator);
/* Removes everything below offset; frees the memory when nothing is left. */
void te_ranges_remove_below(struct te_ranges *ranges, uint64_t offset,
                            const struct te_allocator *allocator);
/* Removes everything from offset on; frees the memory when nothing is left. */
void te_ranges_remove_above(struct te_ranges *ranges, uint64_t offset,
                            const struct te_allocator *allocator);
/* Removes everything and frees the memory. */
void te_ranges_clear(struct te_ranges *ranges, const struct te_allocator *allocator);
/* Makes room for count ranges in all. False, and nothing changed: no memory, or more than 65,535.
 */
bool te_ranges_reserve(struct te_ranges *ranges, unsigned count,
                       const struct te_allocator *allocator);
/* Writes all ranges and which of them changed last, or reads them into an empty set. Reading fails
 * with TE_ERR_INVALID unless the ranges are sorted and disjoint and the newest are starts of
 * ranges, and with TE_ERR_NOMEM; the caller then clears the set. */
struct te_codec;
void te_ranges_save(struct te_codec *codec, struct te_ranges *ranges,
                    const struct te_allocator *allocator);
/* The range that contains offset, or NULL; valid until the next change. */
const struct te_range *te_ranges_find(const struct te_ranges *ranges, uint64_t offset);
/* The first range that overlaps [start, end), or NULL; valid until the next change. */
const struct te_range *te_ranges_find_within(const struct te_ranges *ranges, uint64_t start,
                                             uint64_t end);
/* Copies up to max ranges into ret_items: first those that changed last, newest first, then the
 * others, highest first. Returns how many. */
unsigned te_ranges_newest(const struct te_ranges *ranges, struct te_range *ret_items, unsigned max);
/* The starts of the ranges that changed last, newest first: TE_RANGES_RECENT_MAX numbers, filled up
 * with TE_RANGES_NO_START. Not while empty. */
uint64_t *te_ranges_recent(const struct te_ranges *ranges);

#endif
