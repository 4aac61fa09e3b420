/* IN_FLIGHT records first, in the order of their times, then the others by sequence number. Both
 * trees, the list and the sums are rebuilt. */
#include "save/save_sections.h"
#include "tcp/loss/sent_map.h"
#include "util/seq.h"

#define RECORD_BYTES 57

TE_SAVED_ITEMS(struct te_sent_map, by_seq, struct te_sent);
TE_SAVED_ITEMS(struct te_sent_map, by_time, struct te_sent);
TE_NOT_SAVED(struct te_sent_map, "the tree is rebuilt", by_loss);
TE_NOT_SAVED(struct te_sent_map, "made when it is needed", spare);
TE_NOT_SAVED(struct te_sent_map, "counted again", in_flight_bytes, lost_bytes, sacked_bytes,
             sacked_segments);
TE_NOT_SAVED(struct te_sent, "trees and list are rebuilt", by_seq, by_time, by_loss);

static void mark_fields(struct te_codec *codec, struct te_sent_mark *mark)
{
    te_codec_u64(codec, &mark->delivered_bytes);
    te_codec_u64(codec, &mark->lost_bytes);
    te_codec_past(codec, &mark->delivered_at_us);
    te_codec_past(codec, &mark->first_sent_at_us);
    te_codec_u32(codec, &mark->tx_in_flight_bytes);
    te_codec_bool(codec, &mark->is_app_limited);
}

static void sent_fields(struct te_codec *codec, struct te_sent *sent)
{
    te_codec_u32(codec, &sent->start);
    te_codec_u32(codec, &sent->end);
    te_codec_u16(codec, &sent->segments);
    te_codec_u8_below(codec, &sent->state, TE_SENT_SACKED + 1);
    te_codec_u8(codec, &sent->transmissions);
    te_codec_past(codec, &sent->sent_at_us);
    mark_fields(codec, &sent->mark);
}

static void write_records(struct te_codec *codec, struct te_sent_map *map)
{
    struct te_sent *sent = te_sent_map_oldest(map);
    for (; sent != NULL; sent = te_sent_map_younger(map, sent))
        sent_fields(codec, sent);
    for (sent = te_sent_map_first(map); sent != NULL; sent = te_sent_map_next(sent))
        if (sent->state != TE_SENT_IN_FLIGHT)
            sent_fields(codec, sent);
}

/* Within the bounds, and all together no longer than these: the sums cannot overflow. */
static bool fits(const struct te_sent *sent, const struct te_sent_bounds *bounds, uint32_t *room)
{
    if (!seq_leq(bounds->start, sent->start) || !seq_lt(sent->start, sent->end) ||
        !seq_leq(sent->end, bounds->end) || te_sent_len(sent) > *room)
        return false;
    *room -= te_sent_len(sent);
    return true;
}

static void read_record(struct te_codec *codec, struct te_sent_map *map,
                        const struct te_sent_bounds *bounds, uint32_t *room)
{
    struct te_sent sent = {.start = 0};
    sent_fields(codec, &sent);
    te_codec_require(codec, fits(&sent, bounds, room));
    if (te_codec_is_ok(codec))
        te_sent_map_put(map, &sent);
}

static void read_records(struct te_codec *codec, struct te_sent_map *map, uint32_t count,
                         const struct te_sent_bounds *bounds, const struct te_allocator *allocator)
{
    uint32_t room = seq_lt(bounds->start, bounds->end) ? bounds->end - bounds->start : 0;
    for (uint32_t i = 0; i < count && te_codec_is_ok(codec); i++) {
        if (te_sent_map_reserve(map, allocator))
            read_record(codec, map, bounds, &room);
        else
            te_codec_fail(codec, TE_ERR_NOMEM);
    }
    if (te_codec_is_ok(codec))
        te_codec_require(codec, te_sent_map_check(map, bounds->start, bounds->end) == NULL);
}

void te_sent_map_save(struct te_codec *codec, struct te_sent_map *map,
                      const struct te_sent_bounds *bounds, const struct te_allocator *allocator)
{
    uint32_t count = te_codec_count(codec, map->count, UINT32_MAX, RECORD_BYTES);
    te_codec_u32(codec, &map->highest_sacked);
    if (codec->is_reading)
        read_records(codec, map, count, bounds, allocator);
    else
        write_records(codec, map);
}
