#include "extents.h"

#include <string.h>

void extents_add(struct extents *extents, uint64_t start, uint64_t end)
{
    unsigned first = 0;
    if (start >= end || extents->is_overfull)
        return;
    while (first < extents->count && extents->items[first].end < start)
        first++;
    unsigned last = first;
    for (; last < extents->count && extents->items[last].start <= end; last++) {
        if (extents->items[last].start < start)
            start = extents->items[last].start;
        if (extents->items[last].end > end)
            end = extents->items[last].end;
    }
    if (first == last && extents->count == EXTENTS_MAX) {
        extents->is_overfull = true;
        return;
    }
    memmove(&extents->items[first + 1], &extents->items[last],
            (extents->count - last) * sizeof(extents->items[0]));
    extents->items[first] = (struct extent){start, end};
    extents->count = extents->count + 1 - (last - first);
}

bool extents_cover(const struct extents *extents, uint64_t start, uint64_t end)
{
    if (extents->is_overfull)
        return true;
    for (unsigned i = 0; i < extents->count; i++)
        if (extents->items[i].start <= start && extents->items[i].end >= end)
            return true;
    return false;
}

uint64_t extents_contiguous_end(const struct extents *extents)
{
    if (extents->is_overfull)
        return UINT64_MAX;
    return extents->count > 0 && extents->items[0].start == 0 ? extents->items[0].end : 0;
}
