#include "util/ranges.h"

#include <string.h>

#define CAPACITY_FIRST 4u
#define CAPACITY_MAX 65535u

/* The first range that ends at or after offset; count when there is none. */
static unsigned first_ending_at(const struct te_ranges *ranges, uint64_t offset)
{
    unsigned low = 0, high = ranges->count;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (ranges->items[middle].end < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* --- memory: the items, then the recent ones -------------------------------------------------- */

static size_t bytes_of(unsigned capacity)
{
    return capacity * sizeof(struct te_range);
}

static size_t block_bytes(unsigned capacity)
{
    return bytes_of(capacity) + TE_RANGES_RECENT_MAX * sizeof(uint64_t);
}

static struct te_range *base_of(const struct te_ranges *ranges)
{
    return ranges->items - ranges->head;
}

uint64_t *te_ranges_recent(const struct te_ranges *ranges)
{
    return (uint64_t *)(base_of(ranges) + ranges->capacity);
}

bool te_ranges_reserve(struct te_ranges *ranges, unsigned count,
                       const struct te_allocator *allocator)
{
    struct te_ranges larger = {.count = ranges->count};
    unsigned capacity = ranges->capacity > 0 ? ranges->capacity : CAPACITY_FIRST;
    while (capacity < count)
        capacity *= 2;
    if (capacity > CAPACITY_MAX)
        capacity = CAPACITY_MAX;
    if (capacity < count)
        return false;
    larger.items = allocator->alloc(allocator->ctx, block_bytes(capacity));
    if (larger.items == NULL)
        return false;
    larger.capacity = (uint16_t)capacity;
    for (unsigned i = 0; i < TE_RANGES_RECENT_MAX; i++)
        te_ranges_recent(&larger)[i] =
            ranges->items != NULL ? te_ranges_recent(ranges)[i] : TE_RANGES_NO_START;
    if (ranges->items != NULL) {
        memcpy(larger.items, ranges->items, bytes_of(ranges->count));
        allocator->free(allocator->ctx, base_of(ranges), block_bytes(ranges->capacity));
    }
    *ranges = larger;
    return true;
}

/* Room for one more. */
static bool reserve_one(struct te_ranges *ranges, const struct te_allocator *allocator)
{
    return ranges->count < ranges->capacity ||
           te_ranges_reserve(ranges, ranges->count + 1u, allocator);
}

/* --- which changed last ----------------------------------------------------------------------- */

/* Forgets the ranges that start in [start, end). */
static void forget_recent(struct te_ranges *ranges, uint64_t start, uint64_t end)
{
    uint64_t *recent = te_ranges_recent(ranges);
    unsigned kept = 0;
    for (unsigned i = 0; i < TE_RANGES_RECENT_MAX; i++)
        if (recent[i] < start || recent[i] >= end)
            recent[kept++] = recent[i];
    while (kept < TE_RANGES_RECENT_MAX)
        recent[kept++] = TE_RANGES_NO_START;
}

/* [start, end) is one range now, whatever it was made of, and the newest. */
static void note_recent(struct te_ranges *ranges, uint64_t start, uint64_t end)
{
    uint64_t *recent = te_ranges_recent(ranges);
    forget_recent(ranges, start, end);
    memmove(recent + 1, recent, (TE_RANGES_RECENT_MAX - 1) * sizeof(*recent));
    recent[0] = start;
}

/* A range starts later than it did. */
static void rename_recent(struct te_ranges *ranges, uint64_t before, uint64_t after)
{
    for (unsigned i = 0; i < TE_RANGES_RECENT_MAX; i++)
        if (te_ranges_recent(ranges)[i] == before)
            te_ranges_recent(ranges)[i] = after;
}

/* --- the items -------------------------------------------------------------------------------- */

/* Makes a free item at index by shifting the shorter side, if there is room on that side. */
static void open_gap(struct te_ranges *ranges, unsigned index)
{
    unsigned after = ranges->count - index;
    unsigned room_behind = (unsigned)ranges->capacity - ranges->head - ranges->count;
    bool is_front = ranges->head > 0 && (index < after || room_behind == 0);
    if (is_front) {
        memmove(ranges->items - 1, ranges->items, bytes_of(index));
        ranges->items--;
        ranges->head--;
    } else {
        memmove(&ranges->items[index + 1], &ranges->items[index], bytes_of(after));
    }
    ranges->count++;
}

/* Removes the items [first, last) by shifting the shorter side. */
static void close_gap(struct te_ranges *ranges, unsigned first, unsigned last)
{
    unsigned gone = last - first;
    unsigned after = ranges->count - last;
    if (first < after) {
        memmove(ranges->items + gone, ranges->items, bytes_of(first));
        ranges->items += gone;
        ranges->head = (uint16_t)(ranges->head + gone);
    } else {
        memmove(&ranges->items[first], &ranges->items[last], bytes_of(after));
    }
    ranges->count = (uint16_t)(ranges->count - gone);
}

/* Merges the items [first, last) with add, which touches all of them. */
static enum te_ranges_result merge(struct te_ranges *ranges, unsigned first, unsigned last,
                                   struct te_range add)
{
    struct te_range *front = &ranges->items[first];
    const struct te_range *back = &ranges->items[last - 1];
    if (front->start <= add.start && add.end <= front->end) {
        note_recent(ranges, front->start, front->end);
        return TE_RANGES_DUPLICATE;
    }
    if (front->start < add.start)
        add.start = front->start;
    if (back->end > add.end)
        add.end = back->end;
    *front = add;
    close_gap(ranges, first + 1, last);
    note_recent(ranges, add.start, add.end);
    return TE_RANGES_ADDED;
}

enum te_ranges_result te_ranges_insert(struct te_ranges *ranges, uint64_t start, uint64_t end,
                                       unsigned max, const struct te_allocator *allocator)
{
    if (start >= end)
        return TE_RANGES_DUPLICATE;
    unsigned first = first_ending_at(ranges, start);
    unsigned last = first;
    while (last < ranges->count && ranges->items[last].start <= end)
        last++;
    if (last > first)
        return merge(ranges, first, last, (struct te_range){start, end});
    if (ranges->count >= max)
        return TE_RANGES_FULL;
    if (!reserve_one(ranges, allocator))
        return TE_RANGES_NO_MEMORY;
    open_gap(ranges, first);
    ranges->items[first] = (struct te_range){start, end};
    note_recent(ranges, start, end);
    return TE_RANGES_ADDED;
}

void te_ranges_remove_below(struct te_ranges *ranges, uint64_t offset,
                            const struct te_allocator *allocator)
{
    unsigned gone = first_ending_at(ranges, offset);
    if (gone < ranges->count && ranges->items[gone].end == offset)
        gone++;
    if (gone == ranges->count) {
        te_ranges_clear(ranges, allocator);
        return;
    }
    close_gap(ranges, 0, gone);
    struct te_range *first = &ranges->items[0];
    if (first->start < offset) {
        rename_recent(ranges, first->start, offset);
        first->start = offset;
    }
    forget_recent(ranges, 0, offset);
}

void te_ranges_remove_above(struct te_ranges *ranges, uint64_t offset,
                            const struct te_allocator *allocator)
{
    while (ranges->count > 0 && ranges->items[ranges->count - 1].start >= offset)
        ranges->count--;
    if (ranges->count == 0) {
        te_ranges_clear(ranges, allocator);
        return;
    }
    struct te_range *last = &ranges->items[ranges->count - 1];
    if (last->end > offset)
        last->end = offset;
    forget_recent(ranges, offset, TE_RANGES_NO_START);
}

void te_ranges_clear(struct te_ranges *ranges, const struct te_allocator *allocator)
{
    if (ranges->items != NULL)
        allocator->free(allocator->ctx, base_of(ranges), block_bytes(ranges->capacity));
    *ranges = (struct te_ranges){.items = NULL};
}

/* --- looking ---------------------------------------------------------------------------------- */

const struct te_range *te_ranges_find(const struct te_ranges *ranges, uint64_t offset)
{
    unsigned index = first_ending_at(ranges, offset);
    /* Ranges never touch: the one after a range that ends just at offset starts beyond it. */
    if (index == ranges->count)
        return NULL;
    const struct te_range *range = &ranges->items[index];
    return range->start <= offset && offset < range->end ? range : NULL;
}

const struct te_range *te_ranges_find_within(const struct te_ranges *ranges, uint64_t start,
                                             uint64_t end)
{
    unsigned index = first_ending_at(ranges, start + 1);
    if (index == ranges->count || ranges->items[index].start >= end)
        return NULL;
    return &ranges->items[index];
}

static bool is_listed(const struct te_range *items, unsigned count, const struct te_range *range)
{
    for (unsigned i = 0; i < count; i++)
        if (items[i].start == range->start)
            return true;
    return false;
}

unsigned te_ranges_newest(const struct te_ranges *ranges, struct te_range *ret_items, unsigned max)
{
    unsigned found = 0;
    if (ranges->count == 0)
        return 0;
    const uint64_t *recent = te_ranges_recent(ranges);
    for (unsigned i = 0; i < TE_RANGES_RECENT_MAX && recent[i] != TE_RANGES_NO_START && found < max;
         i++)
        ret_items[found++] = *te_ranges_find(ranges, recent[i]);
    for (unsigned i = ranges->count; i > 0 && found < max; i--)
        if (!is_listed(ret_items, found, &ranges->items[i - 1]))
            ret_items[found++] = ranges->items[i - 1];
    return found;
}
