#include "tcp/cc/cc_bbr_parts.h"

/* A probe for bandwidth comes every 2 to 3 s, every 63 rounds, or after as many rounds as Reno
 * would need to regain its window, whichever is soonest (5.3.3.8). */
#define PROBE_WAIT_US 2000000u
#define PROBE_WAIT_RANDOM_US 1000000u
#define RENO_ROUNDS_MAX 63u
#define BETA_PERCENT 70
#define LOSS_THRESH_PERCENT 2 /* LossThresh (2.8) */

/* Small and predictable is good enough: it only keeps flows from probing in step. */
static uint32_t next_random(struct te_cc_bbr_state *bbr)
{
    uint32_t x = bbr->random;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    bbr->random = x;
    return x;
}

void te_bbr_start_probe_bw_down(struct te_cc_bbr_state *bbr, int64_t now_us,
                                uint64_t delivered_total_bytes)
{
    te_bbr_reset_congestion_signals(bbr);
    bbr->probe_up_acked_per_inc_bytes = TE_BBR_INFLIGHT_INFINITE;
    bbr->rounds_since_probe_up = next_random(bbr) & 1;
    bbr->bw_probe_wait_us = PROBE_WAIT_US + next_random(bbr) % PROBE_WAIT_RANDOM_US;
    bbr->cycle_at_us = now_us;
    bbr->ack_phase = TE_BBR_ACKS_PROBE_STOPPING;
    te_bbr_start_round(bbr, delivered_total_bytes);
    bbr->state = TE_BBR_PROBE_BW_DOWN;
}

void te_bbr_start_probe_bw_cruise(struct te_cc_bbr_state *bbr)
{
    bbr->state = TE_BBR_PROBE_BW_CRUISE;
}

void te_bbr_start_probe_bw_refill(struct te_cc_bbr_state *bbr, uint64_t delivered_total_bytes)
{
    te_bbr_reset_shortterm_model(bbr);
    bbr->bw_probe_up_rounds = 0;
    bbr->bw_probe_up_acked_bytes = 0;
    bbr->prev_probe_precautionary = false;
    bbr->ack_phase = TE_BBR_ACKS_REFILLING;
    te_bbr_start_round(bbr, delivered_total_bytes);
    bbr->state = TE_BBR_PROBE_BW_REFILL;
}

/* inflight_longterm grows by 1, 2, 4 ... segments per round, spread over the round. */
static void raise_longterm_slope(struct te_congestion *cc)
{
    struct te_cc_bbr_state *bbr = &cc->state->bbr;
    uint32_t growth_this_round = UINT32_C(1) << bbr->bw_probe_up_rounds;
    if (bbr->bw_probe_up_rounds < TE_BBR_PROBE_UP_ROUNDS_MAX)
        bbr->bw_probe_up_rounds++;
    bbr->probe_up_acked_per_inc_bytes =
        te_bbr_max(cc->cwnd_bytes / growth_this_round, bbr->mss_bytes);
}

static void start_probe_bw_up(struct te_congestion *cc, const struct te_bbr_ack *rs)
{
    struct te_cc_bbr_state *bbr = &cc->state->bbr;
    bbr->is_bw_probe_sample = true;
    bbr->ack_phase = TE_BBR_ACKS_PROBE_STARTING;
    te_bbr_start_round(bbr, rs->ack->delivered_total_bytes);
    te_bbr_reset_full_bw(bbr);
    bbr->full_bw = rs->delivery_rate;
    bbr->state = TE_BBR_PROBE_BW_UP;
    raise_longterm_slope(cc);
}

/* BBRTargetInflight: the volume that the model aims at, within cwnd. */
static uint32_t target_inflight(const struct te_congestion *cc)
{
    const struct te_cc_bbr_state *bbr = &cc->state->bbr;
    return te_bbr_min(te_bbr_bdp_multiple(bbr, te_bbr_bw(bbr), 100), cc->cwnd_bytes);
}

static bool is_time_to_probe(const struct te_congestion *cc, const struct te_bbr_ack *rs)
{
    const struct te_cc_bbr_state *bbr = &cc->state->bbr;
    uint32_t reno_rounds = target_inflight(cc) / bbr->mss_bytes;
    return rs->ack->now_us > bbr->cycle_at_us + bbr->bw_probe_wait_us ||
           bbr->rounds_since_probe_up >= te_bbr_min(reno_rounds, RENO_ROUNDS_MAX);
}

static bool is_time_to_cruise(const struct te_cc_bbr_state *bbr, const struct te_bbr_ack *rs)
{
    uint32_t flight = rs->ack->flight_bytes;
    return flight <= te_bbr_inflight_with_headroom(bbr) &&
           flight <= te_bbr_inflight(bbr, te_bbr_max_bw(bbr), 100);
}

static bool is_cwnd_limited(const struct te_cc_bbr_state *bbr)
{
    return bbr->is_cwnd_limited_in_round || bbr->was_cwnd_limited_in_round;
}

/* 5.3.3.7: the bandwidth is found, unless inflight_longterm is what limits it; or this probe only
 * tested the volume at which the last one lost too much. */
static bool is_time_to_go_down(struct te_congestion *cc, const struct te_bbr_ack *rs)
{
    struct te_cc_bbr_state *bbr = &cc->state->bbr;
    if (bbr->prev_probe_too_high && rs->ack->flight_bytes >= bbr->inflight_longterm_bytes) {
        bbr->prev_probe_precautionary = true;
        return true;
    }
    if (is_cwnd_limited(bbr) && cc->cwnd_bytes >= bbr->inflight_longterm_bytes) {
        te_bbr_reset_full_bw(bbr);
        bbr->full_bw = rs->delivery_rate;
        return false;
    }
    return bbr->full_bw_now;
}

static void raise_longterm(struct te_congestion *cc, const struct te_bbr_ack *rs)
{
    struct te_cc_bbr_state *bbr = &cc->state->bbr;
    if (!is_cwnd_limited(bbr) || cc->cwnd_bytes < bbr->inflight_longterm_bytes)
        return;
    bbr->bw_probe_up_acked_bytes += rs->ack->delivered_bytes;
    uint32_t steps = bbr->bw_probe_up_acked_bytes / bbr->probe_up_acked_per_inc_bytes;
    bbr->bw_probe_up_acked_bytes %= bbr->probe_up_acked_per_inc_bytes;
    uint64_t raised = bbr->inflight_longterm_bytes + (uint64_t)steps * bbr->mss_bytes;
    bbr->inflight_longterm_bytes =
        raised < TE_CWND_MAX_BYTES ? (uint32_t)raised : TE_CWND_MAX_BYTES;
    if (bbr->is_round_start)
        raise_longterm_slope(cc);
}

/* All samples of a probe are in: the bandwidth of the previous cycle is forgotten. Returns whether
 * the next probe begins at once, since the precautionary one did no harm (5.3.3.6). */
static bool end_probe_feedback(struct te_cc_bbr_state *bbr, const struct te_bbr_ack *rs)
{
    bbr->is_bw_probe_sample = false;
    bbr->ack_phase = TE_BBR_ACKS_INIT;
    if (!te_bbr_is_probe_bw(bbr))
        return false;
    if (!rs->is_app_limited) {
        bbr->max_bw_filter[1] = bbr->max_bw_filter[0];
        bbr->max_bw_filter[0] = 0;
    }
    if (!bbr->prev_probe_precautionary || bbr->prev_probe_too_high)
        return false;
    te_bbr_start_probe_bw_refill(bbr, rs->ack->delivered_total_bytes);
    return true;
}

/* Returns whether it changed the state. */
static bool adapt_longterm_model(struct te_congestion *cc, const struct te_bbr_ack *rs)
{
    struct te_cc_bbr_state *bbr = &cc->state->bbr;
    const struct te_rate_sample *rate = &rs->ack->rate;
    if (bbr->ack_phase == TE_BBR_ACKS_PROBE_STARTING && bbr->is_round_start)
        bbr->ack_phase = TE_BBR_ACKS_PROBE_FEEDBACK;
    if (bbr->ack_phase == TE_BBR_ACKS_PROBE_STOPPING && bbr->is_round_start &&
        end_probe_feedback(bbr, rs))
        return true;
    if (rs->delivery_rate == 0 || bbr->inflight_longterm_bytes == TE_BBR_INFLIGHT_INFINITE ||
        te_bbr_is_loss_too_high(rate->lost_bytes, rate->tx_in_flight_bytes, rs->ack->has_sack))
        return false;
    if (rate->tx_in_flight_bytes > bbr->inflight_longterm_bytes)
        bbr->inflight_longterm_bytes = rate->tx_in_flight_bytes;
    if (bbr->state == TE_BBR_PROBE_BW_UP)
        raise_longterm(cc, rs);
    return false;
}

static void step_probe_bw(struct te_congestion *cc, const struct te_bbr_ack *rs)
{
    struct te_cc_bbr_state *bbr = &cc->state->bbr;
    switch (bbr->state) {
    case TE_BBR_PROBE_BW_DOWN:
    case TE_BBR_PROBE_BW_CRUISE:
        if (is_time_to_probe(cc, rs))
            te_bbr_start_probe_bw_refill(bbr, rs->ack->delivered_total_bytes);
        else if (bbr->state == TE_BBR_PROBE_BW_DOWN && is_time_to_cruise(bbr, rs))
            te_bbr_start_probe_bw_cruise(bbr);
        break;
    case TE_BBR_PROBE_BW_REFILL:
        if (bbr->is_round_start)
            start_probe_bw_up(cc, rs);
        break;
    case TE_BBR_PROBE_BW_UP:
        if (is_time_to_go_down(cc, rs)) {
            bbr->prev_probe_too_high = false;
            te_bbr_start_probe_bw_down(bbr, rs->ack->now_us, rs->ack->delivered_total_bytes);
        }
        break;
    default:
        break;
    }
}

void te_bbr_update_probe_bw(struct te_congestion *cc, const struct te_bbr_ack *rs)
{
    if (!cc->state->bbr.full_bw_reached || adapt_longterm_model(cc, rs))
        return;
    step_probe_bw(cc, rs);
}

void te_bbr_inflight_too_high(struct te_congestion *cc, uint32_t tx_in_flight_bytes,
                              const struct te_bbr_ack *rs)
{
    struct te_cc_bbr_state *bbr = &cc->state->bbr;
    bbr->prev_probe_too_high = true;
    bbr->is_bw_probe_sample = false;
    if (!rs->is_app_limited) {
        uint32_t floor = (uint32_t)((uint64_t)target_inflight(cc) * BETA_PERCENT / 100);
        bbr->inflight_longterm_bytes = te_bbr_max(tx_in_flight_bytes, floor);
    }
    if (bbr->state == TE_BBR_PROBE_BW_UP) {
        bbr->undo_state = TE_BBR_PROBE_BW_UP;
        te_bbr_start_probe_bw_down(bbr, rs->ack->now_us, rs->ack->delivered_total_bytes);
    }
}

/* How much was in flight when losses crossed LossThresh: somewhere within the lost frame, which may
 * have had many segments. */
static uint32_t inflight_at_loss(const struct te_loss_sample *loss)
{
    uint32_t before =
        loss->tx_in_flight_bytes - te_bbr_min(loss->length_bytes, loss->tx_in_flight_bytes);
    uint32_t lost_before = loss->lost_bytes - te_bbr_min(loss->length_bytes, loss->lost_bytes);
    uint64_t allowed = (uint64_t)before * LOSS_THRESH_PERCENT;
    uint64_t lost = (uint64_t)lost_before * 100;
    if (lost >= allowed)
        return before;
    uint64_t crossing = before + (allowed - lost) / (100 - LOSS_THRESH_PERCENT);
    return crossing < loss->tx_in_flight_bytes ? (uint32_t)crossing : loss->tx_in_flight_bytes;
}

/* DEVIATION: 5.5.10.2 responds at once. Here records are marked before a recovery begins, and what
 * an undo restores is saved only when it begins. */
void te_bbr_judge_lost(struct te_cc_bbr_state *bbr, const struct te_loss_sample *loss)
{
    if (!bbr->is_bw_probe_sample || bbr->too_high_bytes != 0 ||
        !te_bbr_is_loss_too_high(loss->lost_bytes, loss->tx_in_flight_bytes, loss->has_sack))
        return;
    bbr->too_high_bytes = te_bbr_max(inflight_at_loss(loss), 1);
    bbr->is_too_high_app_limited =
        loss->is_app_limited || loss->prior_delivered_bytes < bbr->app_limited_until_bytes;
}

void te_bbr_answer_lost(struct te_congestion *cc, const struct te_bbr_ack *rs)
{
    struct te_cc_bbr_state *bbr = &cc->state->bbr;
    uint32_t inflight = bbr->too_high_bytes;
    struct te_bbr_ack lost = *rs;
    lost.is_app_limited = bbr->is_too_high_app_limited;
    bbr->too_high_bytes = 0;
    if (inflight != 0 && bbr->is_bw_probe_sample)
        te_bbr_inflight_too_high(cc, inflight, &lost);
}
