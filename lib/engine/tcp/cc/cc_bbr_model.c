#include <tcpengine/units.h>

#include "tcp/cc/cc_bbr_parts.h"

/* LossThresh: 2 %; Beta: 0.7 (2.8). */
#define LOSS_THRESH_DIVISOR 50
#define BETA_PERCENT 70
/* Half of ExtraAckedFilterLen, 10 rounds: there are two slots. In Startup, 1 (2.12). */
#define EXTRA_ACKED_SLOT_ROUNDS 5
#define EXTRA_ACKED_SLOT_ROUNDS_STARTUP 1
/* More than any path has (275 GB/s, 33 s); keeps their product within 64 bits. */
#define BW_MAX (UINT64_C(1) << 38)

static uint64_t max_rate(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

uint64_t te_bbr_max_bw(const struct te_cc_bbr_state *bbr)
{
    return max_rate(bbr->max_bw_filter[0], bbr->max_bw_filter[1]);
}

uint64_t te_bbr_bw(const struct te_cc_bbr_state *bbr)
{
    uint64_t max_bw = te_bbr_max_bw(bbr);
    return max_bw < bbr->bw_shortterm ? max_bw : bbr->bw_shortterm;
}

/* A flight that took less than the path's round trip is a wrong sample: the data was sent again,
 * and the original arrived (4.1.3.5). */
struct te_bbr_ack te_bbr_ack_of(const struct te_cc_bbr_state *bbr,
                                const struct te_ack_sample *sample)
{
    const struct te_rate_sample *rate = &sample->rate;
    struct te_bbr_ack rs = {
        .ack = sample,
        .is_app_limited =
            rate->is_app_limited || rate->prior_delivered_bytes < bbr->app_limited_until_bytes,
    };
    bool is_plausible = bbr->min_rtt_us == TE_BBR_RTT_INFINITE ||
                        rate->interval_us >= bbr->min_rtt_us ||
                        (sample->rtt_us > 0 && rate->interval_us >= sample->rtt_us);
    if (rate->interval_us > 0 && is_plausible)
        rs.delivery_rate =
            (uint64_t)rate->delivered_bytes * TE_SECOND / (uint64_t)rate->interval_us;
    if (rs.delivery_rate > BW_MAX)
        rs.delivery_rate = BW_MAX;
    return rs;
}

void te_bbr_start_round(struct te_cc_bbr_state *bbr, uint64_t delivered_total_bytes)
{
    bbr->next_round_delivered_bytes = delivered_total_bytes;
}

void te_bbr_update_delivery_signals(struct te_cc_bbr_state *bbr, const struct te_bbr_ack *rs)
{
    bbr->is_loss_round_start = false;
    if (rs->delivery_rate == 0)
        return;
    bbr->bw_latest = max_rate(bbr->bw_latest, rs->delivery_rate);
    bbr->inflight_latest_bytes =
        te_bbr_max(bbr->inflight_latest_bytes, rs->ack->rate.delivered_bytes);
    if (rs->ack->rate.prior_delivered_bytes >= bbr->loss_round_delivered_bytes) {
        bbr->loss_round_delivered_bytes = rs->ack->delivered_total_bytes;
        bbr->is_loss_round_start = true;
    }
}

void te_bbr_advance_delivery_signals(struct te_cc_bbr_state *bbr, const struct te_bbr_ack *rs)
{
    if (!bbr->is_loss_round_start)
        return;
    bbr->bw_latest = rs->delivery_rate;
    bbr->inflight_latest_bytes = rs->ack->rate.delivered_bytes;
    bbr->loss_events_in_round = 0;
}

void te_bbr_reset_congestion_signals(struct te_cc_bbr_state *bbr)
{
    bbr->is_loss_in_round = false;
    bbr->bw_latest = 0;
    bbr->inflight_latest_bytes = 0;
}

void te_bbr_reset_shortterm_model(struct te_cc_bbr_state *bbr)
{
    bbr->bw_shortterm = TE_BBR_BW_INFINITE;
    bbr->inflight_shortterm_bytes = TE_BBR_INFLIGHT_INFINITE;
}

/* 5.5.1, and whether cwnd was used up in this round or the one before (2.2). */
static void update_round(struct te_cc_bbr_state *bbr, const struct te_bbr_ack *rs)
{
    bbr->is_round_start = rs->delivery_rate > 0 &&
                          rs->ack->rate.prior_delivered_bytes >= bbr->next_round_delivered_bytes;
    if (bbr->is_round_start) {
        te_bbr_start_round(bbr, rs->ack->delivered_total_bytes);
        bbr->round_count++;
        bbr->rounds_since_probe_up++;
        bbr->was_cwnd_limited_in_round = bbr->is_cwnd_limited_in_round;
        bbr->is_cwnd_limited_in_round = false;
    }
    if (rs->ack->is_cwnd_limited)
        bbr->is_cwnd_limited_in_round = true;
}

/* 5.5.5: application-limited samples count only if they show more. */
static void update_max_bw(struct te_cc_bbr_state *bbr, const struct te_bbr_ack *rs)
{
    if (rs->is_app_limited && rs->delivery_rate < te_bbr_max_bw(bbr))
        return;
    bbr->max_bw_filter[0] = max_rate(bbr->max_bw_filter[0], rs->delivery_rate);
}

/* Once per round with loss, unless probing for bandwidth: comes down to what the path delivered
 * (5.5.10.3). */
static void adapt_lower_bounds(struct te_congestion *cc)
{
    struct te_cc_bbr_state *bbr = &cc->state->bbr;
    if (te_bbr_is_probing_bw(bbr) || !bbr->is_loss_in_round)
        return;
    if (bbr->bw_shortterm == TE_BBR_BW_INFINITE)
        bbr->bw_shortterm = te_bbr_max_bw(bbr);
    if (bbr->inflight_shortterm_bytes == TE_BBR_INFLIGHT_INFINITE)
        bbr->inflight_shortterm_bytes = cc->cwnd_bytes;
    uint64_t beta_inflight = (uint64_t)bbr->inflight_shortterm_bytes * BETA_PERCENT / 100;
    bbr->bw_shortterm = max_rate(bbr->bw_latest, bbr->bw_shortterm * BETA_PERCENT / 100);
    bbr->inflight_shortterm_bytes = te_bbr_max(bbr->inflight_latest_bytes, (uint32_t)beta_inflight);
}

void te_bbr_update_congestion_signals(struct te_congestion *cc, const struct te_bbr_ack *rs)
{
    struct te_cc_bbr_state *bbr = &cc->state->bbr;
    update_round(bbr, rs);
    update_max_bw(bbr, rs);
    if (!bbr->is_loss_round_start)
        return;
    adapt_lower_bounds(cc);
    bbr->is_loss_in_round = false;
}

/* Rotates the slots of the filter. */
static void advance_extra_acked(struct te_cc_bbr_state *bbr)
{
    unsigned slot_rounds =
        bbr->full_bw_reached ? EXTRA_ACKED_SLOT_ROUNDS : EXTRA_ACKED_SLOT_ROUNDS_STARTUP;
    if (!bbr->is_round_start || ++bbr->extra_acked_rounds < slot_rounds)
        return;
    bbr->extra_acked_rounds = 0;
    bbr->extra_acked_bytes[1] = bbr->extra_acked_bytes[0];
    bbr->extra_acked_bytes[0] = 0;
}

static uint64_t expected_bytes(uint64_t bw, int64_t interval_us)
{
    uint64_t limit_us = UINT64_C(1) << 25;
    uint64_t us = interval_us > 0 ? (uint64_t)interval_us : 0;
    return bw * (us < limit_us ? us : limit_us) / TE_SECOND;
}

/* 5.5.9: how much more than bw allows the latest ACKs acknowledged at once. */
void te_bbr_update_aggregation(struct te_congestion *cc, const struct te_bbr_ack *rs)
{
    struct te_cc_bbr_state *bbr = &cc->state->bbr;
    int64_t now_us = rs->ack->now_us;
    uint64_t expected = expected_bytes(te_bbr_bw(bbr), now_us - bbr->extra_acked_interval_at_us);
    advance_extra_acked(bbr);
    if (bbr->extra_acked_delivered_bytes <= expected) {
        bbr->extra_acked_delivered_bytes = 0;
        bbr->extra_acked_interval_at_us = now_us;
        expected = 0;
    }
    uint64_t delivered = (uint64_t)bbr->extra_acked_delivered_bytes + rs->ack->delivered_bytes;
    bbr->extra_acked_delivered_bytes =
        delivered < TE_CWND_MAX_BYTES ? (uint32_t)delivered : TE_CWND_MAX_BYTES;
    uint64_t extra = delivered > expected ? delivered - expected : 0;
    if (extra > cc->cwnd_bytes)
        extra = cc->cwnd_bytes;
    bbr->extra_acked_bytes[0] = te_bbr_max(bbr->extra_acked_bytes[0], (uint32_t)extra);
}

/* The first loss of a round begins the round that is judged. */
void te_bbr_note_loss(struct te_cc_bbr_state *bbr, uint64_t delivered_total_bytes)
{
    if (!bbr->is_loss_in_round)
        bbr->loss_round_delivered_bytes = delivered_total_bytes;
    bbr->is_loss_in_round = true;
}

/* Without SACK one loss per round trip is all that can be seen. */
bool te_bbr_is_loss_too_high(uint64_t lost_bytes, uint64_t tx_in_flight_bytes, bool has_sack)
{
    return lost_bytes * LOSS_THRESH_DIVISOR > tx_in_flight_bytes || (lost_bytes > 0 && !has_sack);
}

void te_bbr_reset_full_bw(struct te_cc_bbr_state *bbr)
{
    bbr->full_bw = 0;
    bbr->full_bw_count = 0;
    bbr->full_bw_now = false;
}

bool te_bbr_is_probe_bw(const struct te_cc_bbr_state *bbr)
{
    return bbr->state >= TE_BBR_PROBE_BW_DOWN && bbr->state <= TE_BBR_PROBE_BW_UP;
}

bool te_bbr_is_probing_bw(const struct te_cc_bbr_state *bbr)
{
    return bbr->state == TE_BBR_STARTUP || bbr->state == TE_BBR_PROBE_BW_REFILL ||
           bbr->state == TE_BBR_PROBE_BW_UP;
}
