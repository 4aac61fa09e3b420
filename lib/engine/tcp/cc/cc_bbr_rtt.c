#include "tcp/cc/cc_bbr_parts.h"

/* 2.16. */
#define MIN_RTT_FILTER_LEN_US 10000000
#define PROBE_RTT_INTERVAL_US 5000000
#define PROBE_RTT_DURATION_US 200000
#define RTT_MAX_US (1 << 25)

/* 5.3.4.3. */
void te_bbr_update_min_rtt(struct te_cc_bbr_state *bbr, const struct te_bbr_ack *rs)
{
    int64_t now_us = rs->ack->now_us;
    int64_t rtt_us = rs->ack->rtt_us < RTT_MAX_US ? rs->ack->rtt_us : RTT_MAX_US;
    bbr->probe_rtt_expired = now_us > bbr->probe_rtt_min_at_us + PROBE_RTT_INTERVAL_US;
    if (rtt_us > 0 && (rtt_us < bbr->probe_rtt_min_delay_us || bbr->probe_rtt_expired)) {
        bbr->probe_rtt_min_delay_us = (uint32_t)rtt_us;
        bbr->probe_rtt_min_at_us = now_us;
    }
    bool min_rtt_expired = now_us > bbr->min_rtt_at_us + MIN_RTT_FILTER_LEN_US;
    if (bbr->probe_rtt_min_delay_us < bbr->min_rtt_us || min_rtt_expired) {
        bbr->min_rtt_us = bbr->probe_rtt_min_delay_us;
        bbr->min_rtt_at_us = bbr->probe_rtt_min_at_us;
    }
}

/* 5.3.4.4: the queue is empty, so DOWN is over at once. */
static void exit_probe_rtt(struct te_cc_bbr_state *bbr, int64_t now_us,
                           uint64_t delivered_total_bytes)
{
    te_bbr_reset_shortterm_model(bbr);
    if (!bbr->full_bw_reached) {
        te_bbr_enter_startup(bbr);
        return;
    }
    te_bbr_start_probe_bw_down(bbr, now_us, delivered_total_bytes);
    te_bbr_start_probe_bw_cruise(bbr);
}

void te_bbr_check_probe_rtt_done(struct te_congestion *cc, int64_t now_us,
                                 uint64_t delivered_total_bytes)
{
    struct te_cc_bbr_state *bbr = &cc->state->bbr;
    if (bbr->probe_rtt_done_at_us == 0 || now_us <= bbr->probe_rtt_done_at_us)
        return;
    bbr->probe_rtt_min_at_us = now_us;
    te_bbr_restore_cwnd(cc);
    exit_probe_rtt(bbr, now_us, delivered_total_bytes);
}

static void enter_probe_rtt(struct te_congestion *cc, const struct te_bbr_ack *rs)
{
    struct te_cc_bbr_state *bbr = &cc->state->bbr;
    te_bbr_save_cwnd(cc);
    bbr->state = TE_BBR_PROBE_RTT;
    bbr->probe_rtt_done_at_us = 0;
    bbr->ack_phase = TE_BBR_ACKS_PROBE_STOPPING;
    te_bbr_start_round(bbr, rs->ack->delivered_total_bytes);
}

/* What is measured meanwhile says nothing about the path. */
static void mark_app_limited(struct te_cc_bbr_state *bbr, const struct te_bbr_ack *rs)
{
    bbr->app_limited_until_bytes = rs->ack->delivered_total_bytes + rs->ack->flight_bytes;
}

static void handle_probe_rtt(struct te_congestion *cc, const struct te_bbr_ack *rs)
{
    struct te_cc_bbr_state *bbr = &cc->state->bbr;
    mark_app_limited(bbr, rs);
    if (bbr->probe_rtt_done_at_us == 0) {
        if (rs->ack->flight_bytes > te_bbr_probe_rtt_cwnd(bbr))
            return;
        bbr->probe_rtt_done_at_us = rs->ack->now_us + PROBE_RTT_DURATION_US;
        bbr->probe_rtt_round_done = false;
        te_bbr_start_round(bbr, rs->ack->delivered_total_bytes);
        return;
    }
    if (bbr->is_round_start)
        bbr->probe_rtt_round_done = true;
    if (bbr->probe_rtt_round_done)
        te_bbr_check_probe_rtt_done(cc, rs->ack->now_us, rs->ack->delivered_total_bytes);
}

void te_bbr_check_probe_rtt(struct te_congestion *cc, const struct te_bbr_ack *rs)
{
    struct te_cc_bbr_state *bbr = &cc->state->bbr;
    if (bbr->state != TE_BBR_PROBE_RTT && bbr->probe_rtt_expired && !bbr->idle_restart)
        enter_probe_rtt(cc, rs);
    if (bbr->state == TE_BBR_PROBE_RTT)
        handle_probe_rtt(cc, rs);
    if (rs->ack->delivered_bytes > 0)
        bbr->idle_restart = false;
}
