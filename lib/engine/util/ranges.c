#include "ranges.h"

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

static size_t bytes_of(unsigned capacity)
{
    return capacity * sizeof(struct te_range);
}

bool te_ranges_reserve(struct te_ranges *ranges, unsigned count,
                       const struct te_allocator *allocator)
{
    unsigned capacity = ranges->capacity ? ranges->capacity : CAPACITY_FIRST;
    while (capacity < count)
        capacity *= 2;
    if (capacity > CAPACITY_MAX)
        capacity = CAPACITY_MAX;
    if (capacity < count)
        return false;
    struct te_range *items = allocator->alloc(allocator->ctx, bytes_of(capacity));
    if (!items)
        return false;
    if (ranges->items) {
        memcpy(items, ranges->items, bytes_of(ranges->count));
        allocator->free(allocator->ctx, ranges->items, bytes_of(ranges->capacity));
    }
    ranges->items = items;
    ranges->capacity = (uint16_t)capacity;
    return true;
}

/* Room for one more. */
static bool reserve_one(struct te_ranges *ranges, const struct te_allocator *allocator)
{
    return ranges->count < ranges->capacity ||
           te_ranges_reserve(ranges, ranges->count + 1u, allocator);
}

static void insert_at(struct te_ranges *ranges, unsigned index, uint64_t start, uint64_t end)
{
    struct te_range *at = &ranges->items[index];
    memmove(at + 1, at, bytes_of(ranges->count - index));
    *at = (struct te_range){start, end, ++ranges->clock};
    ranges->count++;
}

/* Makes one range of [first, last) and [start, end), which touches all of them. */
static enum te_ranges_result merge(struct te_ranges *ranges, unsigned first, unsigned last,
                                   struct te_range add)
{
    struct te_range *into = &ranges->items[first];
    const struct te_range *back = &ranges->items[last - 1];
    into->changed = ++ranges->clock;
    if (into->start <= add.start && add.end <= into->end)
        return TE_RANGES_DUPLICATE;
    if (add.start < into->start)
        into->start = add.start;
    into->end = add.end > back->end ? add.end : back->end;
    memmove(into + 1, back + 1, bytes_of(ranges->count - last));
    ranges->count = (uint16_t)(ranges->count - (last - first - 1));
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
        return merge(ranges, first, last, (struct te_range){start, end, 0});
    if (ranges->count >= max)
        return TE_RANGES_FULL;
    if (!reserve_one(ranges, allocator))
        return TE_RANGES_NO_MEMORY;
    insert_at(ranges, first, start, end);
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
    ranges->count = (uint16_t)(ranges->count - gone);
    memmove(ranges->items, ranges->items + gone, bytes_of(ranges->count));
    if (ranges->items[0].start < offset)
        ranges->items[0].start = offset;
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
}

void te_ranges_clear(struct te_ranges *ranges, const struct te_allocator *allocator)
{
    if (ranges->items)
        allocator->free(allocator->ctx, ranges->items, bytes_of(ranges->capacity));
    ranges->items = NULL;
    ranges->count = 0;
    ranges->capacity = 0;
}

const struct te_range *te_ranges_find(const struct te_ranges *ranges, uint64_t offset)
{
    unsigned index = first_ending_at(ranges, offset);
    /* Ranges never touch: the one after a range that ends just at offset starts beyond it. */
    if (index == ranges->count)
        return NULL;
    const struct te_range *range = &ranges->items[index];
    return range->start <= offset && offset < range->end ? range : NULL;
}

/* Age instead of value, so that the clock may wrap. */
static bool is_newer(const struct te_ranges *ranges, const struct te_range *a,
                     const struct te_range *b)
{
    return ranges->clock - a->changed < ranges->clock - b->changed;
}

unsigned te_ranges_newest(const struct te_ranges *ranges, struct te_range *ret_items, unsigned max)
{
    unsigned found = 0;
    for (unsigned i = 0; i < ranges->count; i++) {
        const struct te_range *range = &ranges->items[i];
        unsigned at = found;
        while (at > 0 && is_newer(ranges, range, &ret_items[at - 1]))
            at--;
        if (at == max)
            continue;
        if (found < max)
            found++;
        memmove(&ret_items[at + 1], &ret_items[at], bytes_of(found - at - 1));
        ret_items[at] = *range;
    }
    return found;
}
