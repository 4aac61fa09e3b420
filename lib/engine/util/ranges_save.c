#include "util/codec.h"
#include "util/ranges.h"

#define RANGE_BYTES 20

static void range_fields(struct te_codec *codec, struct te_range *range)
{
    te_codec_u64(codec, &range->start);
    te_codec_u64(codec, &range->end);
    te_codec_u32(codec, &range->changed);
}

void te_ranges_save(struct te_codec *codec, struct te_ranges *ranges,
                    const struct te_allocator *allocator)
{
    uint32_t count = te_codec_count(codec, ranges->count, UINT16_MAX, RANGE_BYTES);
    te_codec_u32(codec, &ranges->clock);
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
}
