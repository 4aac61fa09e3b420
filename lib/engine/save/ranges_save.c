#include "util/codec.h"
#include "util/ranges.h"

#define RANGE_BYTES 16

TE_NOT_SAVED(struct te_ranges, "how the memory is used", capacity, head);

static void range_fields(struct te_codec *codec, struct te_range *range)
{
    te_codec_u64(codec, &range->start);
    te_codec_u64(codec, &range->end);
}

/* Each is the start of a range, all differ, and the unused ones come last. */
static void recent_fields(struct te_codec *codec, struct te_ranges *ranges)
{
    uint64_t *recent = te_ranges_recent(ranges);
    for (unsigned i = 0; i < TE_RANGES_RECENT_MAX; i++) {
        te_codec_u64(codec, &recent[i]);
        const struct te_range *range = te_ranges_find(ranges, recent[i]);
        bool is_start = range != NULL && range->start == recent[i];
        bool follows = i == 0 || recent[i - 1] != TE_RANGES_NO_START;
        for (unsigned k = 0; k < i; k++)
            is_start = is_start && recent[k] != recent[i];
        te_codec_require(codec, recent[i] == TE_RANGES_NO_START || (is_start && follows));
    }
}

void te_ranges_save(struct te_codec *codec, struct te_ranges *ranges,
                    const struct te_allocator *allocator)
{
    uint32_t count = te_codec_count(codec, ranges->count, UINT16_MAX, RANGE_BYTES);
    if (codec->is_reading && count > 0) {
        if (!te_ranges_reserve(ranges, count, allocator)) {
            te_codec_fail(codec, TE_ERR_NOMEM);
            return;
        }
        ranges->count = (uint16_t)count;
    }
    uint64_t last_end = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct te_range *range = &ranges->items[i];
        range_fields(codec, range);
        te_codec_require(codec, range->start < range->end && (i == 0 || range->start > last_end));
        last_end = range->end;
    }
    if (count > 0)
        recent_fields(codec, ranges);
}
