#include "tcp/cc/cc_bbr_parts.h"

/* BBRStartupFullLossCnt (5.3.1.3). */
#define FULL_LOSS_EVENTS 6
/* Rounds without 25 % more bandwidth (5.3.1.2). */
#define FULL_BW_ROUNDS 3
/* Drain ends after this many rounds, even if a queue seems to remain (5.3.2). */
#define DRAIN_ROUNDS_MAX 3

void te_bbr_enter_startup(struct te_cc_bbr_state *bbr)
{
    bbr->state = TE_BBR_STARTUP;
}

void te_bbr_check_full_bw_reached(struct te_cc_bbr_state *bbr, const struct te_bbr_ack *rs)
{
    if (bbr->full_bw_now || !bbr->is_round_start || rs->is_app_limited)
        return;
    if (rs->delivery_rate >= bbr->full_bw + bbr->full_bw / 4) {
        te_bbr_reset_full_bw(bbr);
        bbr->full_bw = rs->delivery_rate;
        return;
    }
    if (++bbr->full_bw_count < FULL_BW_ROUNDS)
        return;
    bbr->full_bw_now = true;
    bbr->full_bw_reached = true;
}

/* Discontiguous losses are told apart by the ACKs that revealed them. Without SACK there is at most
 * one per round, and one is enough. */
static bool is_loss_high(const struct te_cc_bbr_state *bbr, const struct te_bbr_ack *rs)
{
    const struct te_rate_sample *rate = &rs->ack->rate;
    if (!rs->ack->is_in_recovery)
        return false;
    if (!rs->ack->has_sack)
        return bbr->loss_events_in_round > 0;
    return bbr->is_loss_round_start && bbr->loss_events_in_round >= FULL_LOSS_EVENTS &&
           te_bbr_is_loss_too_high(rate->lost_bytes, rate->tx_in_flight_bytes, true);
}

/* 5.3.1.3. */
static void check_startup_high_loss(struct te_cc_bbr_state *bbr, const struct te_bbr_ack *rs)
{
    if (!is_loss_high(bbr, rs))
        return;
    bbr->undo_state = TE_BBR_STARTUP;
    bbr->full_bw_reached = true;
    bbr->full_bw_now = true;
    bbr->inflight_longterm_bytes =
        te_bbr_max(te_bbr_bdp_multiple(bbr, te_bbr_max_bw(bbr), 100), bbr->inflight_latest_bytes);
}

void te_bbr_check_startup_done(struct te_cc_bbr_state *bbr, const struct te_bbr_ack *rs)
{
    if (bbr->state != TE_BBR_STARTUP)
        return;
    if (!bbr->full_bw_reached)
        check_startup_high_loss(bbr, rs);
    if (!bbr->full_bw_reached)
        return;
    bbr->state = TE_BBR_DRAIN;
    bbr->drain_start_round = bbr->round_count;
}

void te_bbr_check_drain_done(struct te_congestion *cc, const struct te_bbr_ack *rs)
{
    struct te_cc_bbr_state *bbr = &cc->state->bbr;
    if (bbr->state != TE_BBR_DRAIN)
        return;
    if (rs->ack->flight_bytes <= te_bbr_inflight(bbr, te_bbr_bw(bbr), 100) ||
        bbr->round_count - bbr->drain_start_round > DRAIN_ROUNDS_MAX)
        te_bbr_start_probe_bw_down(bbr, rs->ack->now_us, rs->ack->delivered_total_bytes);
}
