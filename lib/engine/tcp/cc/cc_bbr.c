#include "tcp/cc/cc_bbr_parts.h"

#define LOSS_EVENTS_MAX UINT8_MAX

static void bbr_start(struct te_congestion *cc, const struct te_cc_start *start)
{
    struct te_cc_bbr_state *bbr = &cc->state->bbr;
    *bbr = (struct te_cc_bbr_state){
        .inflight_longterm_bytes = TE_BBR_INFLIGHT_INFINITE,
        .extra_acked_interval_at_us = start->now_us,
        .min_rtt_at_us = start->now_us,
        .probe_rtt_min_at_us = start->now_us,
        .min_rtt_us = start->srtt_us > 0 ? (uint32_t)start->srtt_us : TE_BBR_RTT_INFINITE,
        .probe_rtt_min_delay_us = TE_BBR_RTT_INFINITE,
        .probe_up_acked_per_inc_bytes = TE_BBR_INFLIGHT_INFINITE,
        .lost_total_bytes = start->lost_total_bytes,
        .initial_cwnd_bytes = start->initial_cwnd_bytes,
        .mss_bytes = start->mss_bytes,
        .random = start->snd_nxt | 1,
        .undo_state = TE_BBR_STATES,
    };
    te_bbr_reset_shortterm_model(bbr);
    te_bbr_enter_startup(bbr);
    te_bbr_init_pacing_rate(bbr, start->srtt_us);
}

/* The end of a recovery shows on the first ACK after it. */
static void watch_recovery(struct te_congestion *cc, const struct te_ack_sample *sample)
{
    struct te_cc_bbr_state *bbr = &cc->state->bbr;
    bool is_recovering = sample->is_in_recovery || sample->is_in_loss;
    if (!is_recovering && bbr->has_seen_recovery && bbr->is_recovering) {
        bbr->is_recovering = false;
        te_bbr_restore_cwnd(cc);
    }
    bbr->has_seen_recovery = is_recovering;
}

/* 5.2.3. */
static void update_model(struct te_congestion *cc, const struct te_bbr_ack *rs)
{
    struct te_cc_bbr_state *bbr = &cc->state->bbr;
    te_bbr_update_delivery_signals(bbr, rs);
    te_bbr_update_congestion_signals(cc, rs);
    te_bbr_update_aggregation(cc, rs);
    te_bbr_check_full_bw_reached(bbr, rs);
    te_bbr_check_startup_done(bbr, rs);
    te_bbr_check_drain_done(cc, rs);
    te_bbr_update_probe_bw(cc, rs);
    te_bbr_update_min_rtt(bbr, rs);
    te_bbr_check_probe_rtt(cc, rs);
    te_bbr_advance_delivery_signals(bbr, rs);
}

/* 5.2.4. */
static void bbr_on_lost(struct te_congestion *cc, const struct te_loss_sample *loss)
{
    te_bbr_note_loss(&cc->state->bbr, loss->delivered_total_bytes);
    te_bbr_judge_lost(&cc->state->bbr, loss);
}

/* Includes what timers found lost since the last ACK. */
static void count_loss_event(struct te_cc_bbr_state *bbr, const struct te_ack_sample *sample)
{
    if (sample->lost_total_bytes > bbr->lost_total_bytes &&
        bbr->loss_events_in_round < LOSS_EVENTS_MAX)
        bbr->loss_events_in_round++;
    bbr->lost_total_bytes = sample->lost_total_bytes;
}

static void bbr_on_ack(struct te_congestion *cc, const struct te_ack_sample *sample)
{
    struct te_cc_bbr_state *bbr = &cc->state->bbr;
    struct te_bbr_ack rs = te_bbr_ack_of(bbr, sample);
    bbr->mss_bytes = sample->mss_bytes;
    if (!bbr->has_seen_rtt && sample->srtt_us > 0)
        te_bbr_init_pacing_rate(bbr, sample->srtt_us);
    count_loss_event(bbr, sample);
    te_bbr_answer_lost(cc, &rs);
    watch_recovery(cc, sample);
    update_model(cc, &rs);
    te_bbr_set_pacing_rate(bbr, te_bbr_pacing_gain_percent(bbr));
    te_bbr_set_cwnd(cc, &rs);
}

/* The draft specifies no response to ECN, only that a sender that sets ECT must treat marks as
 * congestion (3.7; RFC 3168 6.1.2). So the first mark of a window counts like losses beyond
 * LossThresh: it ends Startup or a probe, at what was in flight then, and bounds rate and volume
 * while no probe is under way. It does not say how many bytes were too many, and a mark is never
 * spurious: nothing is saved to undo it. */
static void on_mark(struct te_congestion *cc, const struct te_congestion_event *event)
{
    struct te_cc_bbr_state *bbr = &cc->state->bbr;
    struct te_ack_sample ack = {
        .now_us = event->now_us,
        .delivered_total_bytes = event->delivered_total_bytes,
    };
    struct te_bbr_ack rs = {.ack = &ack};
    te_bbr_note_loss(bbr, event->delivered_total_bytes);
    if (bbr->state == TE_BBR_STARTUP) {
        bbr->full_bw_reached = true;
        bbr->inflight_longterm_bytes = event->flight_bytes;
    } else if (bbr->is_bw_probe_sample) {
        te_bbr_inflight_too_high(cc, event->flight_bytes, &rs);
    }
}

static void bbr_on_congestion(struct te_congestion *cc, const struct te_congestion_event *event)
{
    struct te_cc_bbr_state *bbr = &cc->state->bbr;
    if (event->signal == TE_SIGNAL_ECN) {
        on_mark(cc, event);
        return;
    }
    te_bbr_save_cwnd(cc);
    bbr->is_recovering = true;
    bbr->undo_state = TE_BBR_STATES;
    if (event->signal == TE_SIGNAL_TIMEOUT)
        cc->cwnd_bytes = event->mss_bytes;
}

static void bbr_on_recovered(struct te_congestion *cc, int64_t now_us)
{
    (void)now_us;
    if (!cc->state->bbr.is_recovering)
        return;
    cc->state->bbr.is_recovering = false;
    te_bbr_restore_cwnd(cc);
    te_bbr_bound_cwnd(cc);
}

/* Back to the search that the loss had ended. */
static void resume_probe(struct te_cc_bbr_state *bbr)
{
    if (bbr->undo_state == TE_BBR_STARTUP && bbr->state != TE_BBR_STARTUP) {
        bbr->full_bw_reached = false;
        if (bbr->state != TE_BBR_PROBE_RTT)
            te_bbr_enter_startup(bbr);
    } else if (bbr->undo_state == TE_BBR_PROBE_BW_UP && te_bbr_is_probe_bw(bbr) &&
               bbr->state != TE_BBR_PROBE_BW_UP) {
        te_bbr_start_probe_bw_refill(bbr, bbr->next_round_delivered_bytes);
    }
    bbr->undo_state = TE_BBR_STATES;
}

/* 5.5.11.2. */
static void bbr_on_undo(struct te_congestion *cc, const struct te_congestion *before,
                        const union te_cc_state *state_before, int64_t now_us)
{
    struct te_cc_bbr_state *bbr = &cc->state->bbr;
    const struct te_cc_bbr_state *saved = &state_before->bbr;
    (void)now_us;
    cc->cwnd_bytes = te_bbr_max(cc->cwnd_bytes, before->cwnd_bytes);
    bbr->is_recovering = false;
    bbr->is_loss_in_round = false;
    bbr->too_high_bytes = 0;
    te_bbr_reset_full_bw(bbr);
    if (bbr->bw_shortterm < saved->bw_shortterm)
        bbr->bw_shortterm = saved->bw_shortterm;
    bbr->inflight_shortterm_bytes =
        te_bbr_max(bbr->inflight_shortterm_bytes, saved->inflight_shortterm_bytes);
    bbr->inflight_longterm_bytes =
        te_bbr_max(bbr->inflight_longterm_bytes, saved->inflight_longterm_bytes);
    resume_probe(bbr);
    te_bbr_bound_cwnd(cc);
}

/* 5.4.1. */
static void bbr_on_restart(struct te_congestion *cc, int64_t idle_us, int64_t now_us,
                           bool is_app_limited)
{
    struct te_cc_bbr_state *bbr = &cc->state->bbr;
    (void)idle_us;
    if (!is_app_limited)
        return;
    bbr->idle_restart = true;
    bbr->extra_acked_interval_at_us = now_us;
    if (te_bbr_is_probe_bw(bbr))
        te_bbr_set_pacing_rate(bbr, 100);
    else if (bbr->state == TE_BBR_PROBE_RTT)
        te_bbr_check_probe_rtt_done(cc, now_us, bbr->app_limited_until_bytes);
}

static uint64_t bbr_pacing_rate(const struct te_congestion *cc)
{
    return cc->state != NULL ? cc->state->bbr.pacing_rate : 0;
}

static const char *state_name(const struct te_cc_bbr_state *bbr)
{
    static const char *const names[TE_BBR_STATES] = {
        [TE_BBR_STARTUP] = "startup",
        [TE_BBR_DRAIN] = "drain",
        [TE_BBR_PROBE_BW_DOWN] = "probe-bw-down",
        [TE_BBR_PROBE_BW_CRUISE] = "probe-bw-cruise",
        [TE_BBR_PROBE_BW_REFILL] = "probe-bw-refill",
        [TE_BBR_PROBE_BW_UP] = "probe-bw-up",
        [TE_BBR_PROBE_RTT] = "probe-rtt",
    };
    return names[bbr->state];
}

/* A bound that is not set is shown as -1. */
static int64_t bound_value(uint32_t bytes)
{
    return bytes == UINT32_MAX ? -1 : (int64_t)bytes;
}

static unsigned bbr_describe(const struct te_congestion *cc, struct te_cc_variable *ret_variables)
{
    if (cc->state == NULL)
        return 0;
    const struct te_cc_bbr_state *bbr = &cc->state->bbr;
    bool has_bw_shortterm = bbr->bw_shortterm != TE_BBR_BW_INFINITE;
    uint32_t extra_acked = te_bbr_max(bbr->extra_acked_bytes[0], bbr->extra_acked_bytes[1]);
    const struct te_cc_variable variables[] = {
        {"state", 0, state_name(bbr)},
        {"bw_bytes_per_s", (int64_t)te_bbr_bw(bbr), NULL},
        {"max_bw_bytes_per_s", (int64_t)te_bbr_max_bw(bbr), NULL},
        {"bw_shortterm_bytes_per_s", has_bw_shortterm ? (int64_t)bbr->bw_shortterm : -1, NULL},
        {"min_rtt_us", bound_value(bbr->min_rtt_us), NULL},
        {"pacing_rate_bytes_per_s", (int64_t)bbr->pacing_rate, NULL},
        {"pacing_gain_permille", te_bbr_pacing_gain_percent(bbr) * 10, NULL},
        {"cwnd_gain_permille", te_bbr_cwnd_gain_percent(bbr) * 10, NULL},
        {"inflight_longterm_bytes", bound_value(bbr->inflight_longterm_bytes), NULL},
        {"inflight_shortterm_bytes", bound_value(bbr->inflight_shortterm_bytes), NULL},
        {"extra_acked_bytes", extra_acked, NULL},
        {"round_count", bbr->round_count, NULL},
        {"full_bw_reached", 0, bbr->full_bw_reached ? "yes" : "no"},
        {"full_bw_count", bbr->full_bw_count, NULL},
        {"prior_cwnd_bytes", bbr->prior_cwnd_bytes, NULL},
    };
    unsigned count = sizeof(variables) / sizeof(variables[0]);
    for (unsigned i = 0; i < count; i++)
        ret_variables[i] = variables[i];
    return count;
}

const struct te_cc_ops te_cc_bbr = {
    .name = "bbr",
    .owns_cwnd = true,
    .wants_pacing = true,
    .start = bbr_start,
    .on_lost = bbr_on_lost,
    .on_ack = bbr_on_ack,
    .on_congestion = bbr_on_congestion,
    .on_recovered = bbr_on_recovered,
    .on_undo = bbr_on_undo,
    .on_restart = bbr_on_restart,
    .pacing_rate = bbr_pacing_rate,
    .describe = bbr_describe,
    .save = te_bbr_save,
};
