#include "tcp/loss/rack.h"

#include "util/seq.h"

#define DUP_THRESH_SEGMENTS 3       /* RFC 8985 6.2: DupThresh */
#define REO_WND_PERSIST_ROUNDS 16   /* RFC 8985 6.2 step 4 */
#define MIN_RTT_WINDOW_US 300000000 /* five minutes: routes change (RFC 8985 6.2 step 1) */

void te_rack_init(struct te_rack *rack)
{
    *rack = (struct te_rack){.reo_wnd_mult = 1};
}

/* RACK_sent_after(). */
static bool is_sent_after(int64_t a_us, uint32_t a_end, int64_t b_us, uint32_t b_end)
{
    return a_us > b_us || (a_us == b_us && seq_gt(a_end, b_end));
}

static void update_min_rtt(struct te_rack *rack, uint32_t rtt_us, int64_t now_us)
{
    bool is_old = now_us - rack->min_rtt_at_us > MIN_RTT_WINDOW_US;
    if (rack->min_rtt_us != 0 && rtt_us > rack->min_rtt_us && !is_old)
        return;
    rack->min_rtt_us = rtt_us;
    rack->min_rtt_at_us = now_us;
}

/* Step 3: something arrives below what an earlier ACK delivered, and was sent only once. (Within
 * one ACK there is no order: its blocks are processed before its number.)
 *
 * DEVIATION: or it was sent again, but the timestamp of the cumulative ACK shows that the original
 * arrived. Where every overtaken segment is sent again before it arrives, nothing else would ever
 * show that it was late rather than lost. The timestamp beside a SACK block says nothing about the
 * block: it dates from before the hole (RFC 7323 4.3). */
static void detect_reordering(struct te_rack *rack, const struct te_sent *sent,
                              const struct te_rack_arrival *arrival)
{
    bool is_original = sent->transmissions == 1 || (arrival->is_spurious && !arrival->is_sack);
    rack->fack_now = rack->has_fack_now ? seq_max(rack->fack_now, sent->end) : sent->end;
    rack->has_fack_now = true;
    if (rack->has_fack && seq_lt(sent->end, rack->fack) && is_original)
        rack->reordering_seen = true;
}

void te_rack_on_delivered(struct te_rack *rack, const struct te_sent *sent,
                          const struct te_rack_arrival *arrival)
{
    detect_reordering(rack, sent, arrival);
    int64_t elapsed_us = arrival->now_us - sent->sent_at_us;
    uint32_t rtt_us = elapsed_us > 0 ? (uint32_t)elapsed_us : 1;
    bool was_resent = sent->transmissions > 1;
    if (!was_resent)
        update_min_rtt(rack, rtt_us, arrival->now_us);
    /* So quick an ACK is for an earlier transmission (RFC 8985 6.2 step 2). */
    if (was_resent && (arrival->is_spurious || rtt_us < rack->min_rtt_us))
        return;
    bool is_first = rack->rtt_us == 0;
    rack->rtt_us = rtt_us; /* also if it was sent earlier: that one may be slower */
    if (!is_first && !is_sent_after(sent->sent_at_us, sent->end, rack->sent_at_us, rack->end_seq))
        return;
    rack->sent_at_us = sent->sent_at_us;
    rack->end_seq = sent->end;
}

void te_rack_adapt(struct te_rack *rack, const struct te_rack_round *round)
{
    rack->fack = rack->fack_now;
    rack->has_fack = rack->has_fack_now;
    if (rack->has_dsack_round && seq_geq(round->snd_una, rack->dsack_round))
        rack->has_dsack_round = false;
    if (round->has_dsack && !rack->has_dsack_round) {
        rack->has_dsack_round = true;
        rack->dsack_round = round->snd_nxt;
        if (rack->reo_wnd_mult < UINT8_MAX)
            rack->reo_wnd_mult++;
        rack->reo_wnd_persist = REO_WND_PERSIST_ROUNDS;
    } else if (round->leaves_recovery) {
        if (rack->reo_wnd_persist > 0)
            rack->reo_wnd_persist--;
        if (rack->reo_wnd_persist == 0)
            rack->reo_wnd_mult = 1;
    }
}

int64_t te_rack_window_us(const struct te_rack *rack, const struct te_sent_map *map,
                          const struct te_rack_context *context)
{
    if (!rack->reordering_seen &&
        (context->is_recovering || map->sacked_segments >= DUP_THRESH_SEGMENTS))
        return 0;
    int64_t window_us = (int64_t)rack->reo_wnd_mult * rack->min_rtt_us / 4;
    return window_us < context->srtt_us ? window_us : context->srtt_us;
}

uint32_t te_rack_detect(struct te_rack *rack, struct te_sent_map *map,
                        const struct te_rack_context *context, int64_t *ret_timeout_us)
{
    uint32_t lost_bytes = 0;
    *ret_timeout_us = 0;
    if (rack->rtt_us == 0)
        return 0;
    int64_t allowed_us = rack->rtt_us + te_rack_window_us(rack, map, context);
    struct te_sent *sent = te_sent_map_oldest(map);
    while (sent != NULL &&
           is_sent_after(rack->sent_at_us, rack->end_seq, sent->sent_at_us, sent->end)) {
        int64_t remaining_us = sent->sent_at_us + allowed_us - context->now_us;
        if (remaining_us > 0) {
            *ret_timeout_us = remaining_us;
            break;
        }
        struct te_sent *next = te_sent_map_younger(map, sent);
        lost_bytes += te_sent_len(sent);
        if (context->on_lost != NULL)
            context->on_lost(context->on_lost_ctx, sent, te_sent_len(sent));
        te_sent_map_mark_lost(map, sent);
        sent = next;
    }
    return lost_bytes;
}
