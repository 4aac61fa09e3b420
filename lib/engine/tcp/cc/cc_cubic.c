/* CUBIC (RFC 9438). After congestion the window climbs back along a cubic curve of time, whose
 * plateau W_max is the window that was too large: quickly toward it, slowly around it, and quickly
 * again beyond it. An estimate of what Reno would have (W_est) runs beside it; where that is more
 * (short or slow paths), it is the window: the Reno-friendly region.
 *
 * Everything is counted in acknowledged bytes, and the remainders of the divisions are kept, so
 * that delayed ACKs and small windows lose no growth. Time stands still while the application, not
 * cwnd, limits the sender (4.2, 5.8). */
#include "tcp/cc/congestion.h"
#include "tcp/cc/cubic_curve.h"
#include "util/codec.h"
#include "util/percent.h"

/* Beta (4.6): 0.7; for a mark 0.85 (RFC 8511 4.2). */
#define BETA_PERCENT 70u
#define BETA_ECN_PERCENT 85u
/* Alpha of the Reno-friendly region (4.3): 3 * (1 - 0.7) / (1 + 0.7). */
#define ALPHA_NUM 9u
#define ALPHA_DEN 17u

static void cubic_start(struct te_congestion *cc, const struct te_cc_start *start)
{
    bool is_first = cc->ssthresh_bytes == UINT32_MAX;
    cc->state->cubic = (struct te_cc_cubic_state){
        .mss_bytes = start->mss_bytes,
        .last_ack_at_us = start->now_us,
    };
    te_hystart_start(&cc->state->cubic.hystart, start, is_first);
}

/* A stage of congestion avoidance begins (4.2). Without a W_max above the window (the first stage
 * after slow start ended without loss: 4.10; after a timeout: 4.8), the plateau is here. */
static void begin_epoch(struct te_cc_cubic_state *cubic, const struct te_congestion *cc,
                        const struct te_ack_sample *sample)
{
    cubic->has_epoch = true;
    cubic->epoch_at_us = sample->now_us;
    cubic->mss_bytes = sample->mss_bytes;
    cubic->w_est_bytes = cc->cwnd_bytes;
    cubic->w_est_remainder = 0;
    cubic->growth_remainder = 0;
    if (cubic->cwnd_prior_bytes == 0)
        cubic->cwnd_prior_bytes = cc->cwnd_bytes;
    if (cubic->w_max_bytes < cc->cwnd_bytes)
        cubic->w_max_bytes = cc->cwnd_bytes;
    cubic->k_us = te_cubic_curve_k_us(cubic->w_max_bytes - cc->cwnd_bytes, cubic->mss_bytes);
}

/* W_cubic at a time; never negative, since the curve starts at a window. */
static int64_t w_cubic_bytes(const struct te_cc_cubic_state *cubic, int64_t at_us)
{
    int64_t from_plateau_us = at_us - cubic->epoch_at_us - cubic->k_us;
    return cubic->w_max_bytes + te_cubic_curve_bytes(from_plateau_us, cubic->mss_bytes);
}

/* Figure 4. Alpha is 1, as in Reno, once the window of the last congestion is reached again. */
static void advance_w_est(struct te_cc_cubic_state *cubic, uint32_t cwnd_bytes,
                          uint32_t acked_bytes, uint32_t mss_bytes)
{
    uint32_t alpha = cubic->w_est_bytes >= cubic->cwnd_prior_bytes ? ALPHA_DEN : ALPHA_NUM;
    uint64_t divisor = (uint64_t)cwnd_bytes * ALPHA_DEN;
    cubic->w_est_remainder += (uint64_t)acked_bytes * mss_bytes * alpha;
    uint64_t w_est = cubic->w_est_bytes + cubic->w_est_remainder / divisor;
    cubic->w_est_remainder %= divisor;
    cubic->w_est_bytes = w_est < TE_CWND_MAX_BYTES ? (uint32_t)w_est : TE_CWND_MAX_BYTES;
}

/* 4.4 and 4.5: toward where the curve will be in one RTT, by at most half of the window. */
static void follow_curve(struct te_congestion *cc, int64_t target_bytes, uint32_t acked_bytes)
{
    struct te_cc_cubic_state *cubic = &cc->state->cubic;
    int64_t ahead_bytes = target_bytes - cc->cwnd_bytes;
    if (ahead_bytes <= 0)
        return;
    if (ahead_bytes > cc->cwnd_bytes / 2)
        ahead_bytes = cc->cwnd_bytes / 2;
    cubic->growth_remainder += (uint64_t)ahead_bytes * acked_bytes;
    uint64_t growth = cubic->growth_remainder / cc->cwnd_bytes;
    cubic->growth_remainder %= cc->cwnd_bytes;
    te_cc_grow(cc, growth < TE_CWND_MAX_BYTES ? (uint32_t)growth : TE_CWND_MAX_BYTES);
}

static void avoid_congestion(struct te_congestion *cc, const struct te_ack_sample *sample,
                             uint32_t acked_bytes)
{
    struct te_cc_cubic_state *cubic = &cc->state->cubic;
    if (!cubic->has_epoch)
        begin_epoch(cubic, cc, sample);
    advance_w_est(cubic, cc->cwnd_bytes, acked_bytes, sample->mss_bytes);
    follow_curve(cc, w_cubic_bytes(cubic, sample->now_us + sample->srtt_us), acked_bytes);
    if (w_cubic_bytes(cubic, sample->now_us) < cubic->w_est_bytes &&
        cc->cwnd_bytes < cubic->w_est_bytes)
        cc->cwnd_bytes = cubic->w_est_bytes;
}

static void cubic_on_ack(struct te_congestion *cc, const struct te_ack_sample *sample)
{
    struct te_cc_cubic_state *cubic = &cc->state->cubic;
    int64_t since_us = sample->now_us - cubic->last_ack_at_us;
    cubic->last_ack_at_us = sample->now_us;
    if (sample->is_in_recovery)
        return;
    if (!sample->is_cwnd_limited)
        cubic->epoch_at_us += since_us;
    if (cc->cwnd_bytes < cc->ssthresh_bytes)
        cubic->has_epoch = false;
    uint32_t acked_bytes = te_hystart_grow(&cubic->hystart, cc, sample);
    if (acked_bytes > 0)
        avoid_congestion(cc, sample, acked_bytes);
}

/* Fast convergence (4.7): a window that did not get as far as the last one makes room for others.
 */
static void remember_w_max(struct te_cc_cubic_state *cubic, uint32_t used_bytes,
                           uint32_t beta_percent)
{
    if (used_bytes < cubic->w_max_bytes)
        cubic->w_max_bytes = (uint32_t)te_percent_of(used_bytes, 100 + beta_percent) / 2;
    else
        cubic->w_max_bytes = used_bytes;
}

/* 4.6. A mark may take the window below the two segments that ssthresh keeps: in on_recovered. */
static void reduce(struct te_congestion *cc, const struct te_congestion_event *event,
                   uint32_t used_bytes, uint32_t beta_percent)
{
    struct te_cc_cubic_state *cubic = &cc->state->cubic;
    uint32_t mss = event->mss_bytes;
    uint32_t reduced = (uint32_t)te_percent_of(used_bytes, beta_percent);
    cubic->cwnd_prior_bytes = used_bytes;
    cubic->ecn_cwnd_bytes = 0;
    cc->ssthresh_bytes = reduced;
    if (reduced < 2 * mss) {
        cc->ssthresh_bytes = 2 * mss;
        if (event->signal == TE_SIGNAL_ECN)
            cubic->ecn_cwnd_bytes = reduced > mss ? reduced : mss;
    }
}

/* 4.8: the next epoch knows no W_max. */
static void cubic_on_timeout(struct te_congestion *cc, const struct te_congestion_event *event)
{
    if (event->is_first)
        reduce(cc, event, te_cc_used_window(cc, event), BETA_PERCENT);
    cc->state->cubic.w_max_bytes = 0;
    cc->cwnd_bytes = event->mss_bytes;
}

static void cubic_on_congestion(struct te_congestion *cc, const struct te_congestion_event *event)
{
    struct te_cc_cubic_state *cubic = &cc->state->cubic;
    te_hystart_stop(&cubic->hystart);
    cubic->has_epoch = false;
    if (event->signal == TE_SIGNAL_TIMEOUT) {
        cubic_on_timeout(cc, event);
        return;
    }
    uint32_t used = te_cc_used_window(cc, event);
    uint32_t beta = event->signal == TE_SIGNAL_ECN ? BETA_ECN_PERCENT : BETA_PERCENT;
    cubic->is_reducing = true;
    remember_w_max(cubic, used, beta);
    reduce(cc, event, used, beta);
}

/* Congestion avoidance begins anew with what the recovery left. */
static void cubic_on_recovered(struct te_congestion *cc, int64_t now_us)
{
    struct te_cc_cubic_state *cubic = &cc->state->cubic;
    (void)now_us;
    if (cubic->ecn_cwnd_bytes > 0 && cubic->ecn_cwnd_bytes < cc->cwnd_bytes)
        cc->cwnd_bytes = cubic->ecn_cwnd_bytes;
    cubic->ecn_cwnd_bytes = 0;
    if (cubic->is_reducing)
        cubic->has_epoch = false;
    cubic->is_reducing = false;
}

/* 4.9: restores everything, unless the window has grown beyond it meanwhile; the curve's time has
 * passed. */
static void cubic_on_undo(struct te_congestion *cc, const struct te_congestion *before,
                          const union te_cc_state *state_before, int64_t now_us)
{
    if (cc->cwnd_bytes >= before->cwnd_bytes)
        return;
    cc->cwnd_bytes = before->cwnd_bytes;
    cc->ssthresh_bytes = before->ssthresh_bytes;
    cc->state->cubic = state_before->cubic;
    cc->state->cubic.last_ack_at_us = now_us;
}

static void cubic_on_restart(struct te_congestion *cc, int64_t idle_us, int64_t now_us,
                             bool is_app_limited)
{
    struct te_cc_cubic_state *cubic = &cc->state->cubic;
    (void)is_app_limited;
    (void)idle_us; /* counts from the last transmission; on_ack dealt with what precedes the ACK */
    cubic->epoch_at_us += now_us - cubic->last_ack_at_us;
    cubic->last_ack_at_us = now_us;
}

static uint64_t cubic_pacing_rate(const struct te_congestion *cc)
{
    (void)cc;
    return 0;
}

static const char *region_name(const struct te_congestion *cc)
{
    const struct te_cc_cubic_state *cubic = &cc->state->cubic;
    if (!cubic->has_epoch)
        return cc->cwnd_bytes < cc->ssthresh_bytes ? "slow-start" : "none";
    if (w_cubic_bytes(cubic, cubic->last_ack_at_us) < cubic->w_est_bytes)
        return "reno-friendly";
    return cc->cwnd_bytes < cubic->w_max_bytes ? "concave" : "convex";
}

/* epoch_age_ms is as of the last ACK. */
static unsigned cubic_describe(const struct te_congestion *cc, struct te_cc_variable *ret_variables)
{
    if (cc->state == NULL)
        return 0;
    const struct te_cc_cubic_state *cubic = &cc->state->cubic;
    int64_t age_us = cubic->has_epoch ? cubic->last_ack_at_us - cubic->epoch_at_us : 0;
    const struct te_cc_variable variables[] = {
        {"region", 0, region_name(cc)},
        {"hystart", 0, te_hystart_phase_name(&cubic->hystart)},
        {"w_max_bytes", cubic->w_max_bytes, NULL},
        {"cwnd_prior_bytes", cubic->cwnd_prior_bytes, NULL},
        {"w_est_bytes", cubic->w_est_bytes, NULL},
        {"k_ms", cubic->k_us / 1000, NULL},
        {"epoch_age_ms", age_us / 1000, NULL},
    };
    unsigned count = sizeof(variables) / sizeof(variables[0]);
    for (unsigned i = 0; i < count; i++)
        ret_variables[i] = variables[i];
    return count;
}

static void cubic_save(struct te_codec *codec, union te_cc_state *state)
{
    struct te_cc_cubic_state *cubic = &state->cubic;
    te_hystart_save(codec, &cubic->hystart);
    te_codec_u32_to(codec, &cubic->w_max_bytes, TE_CWND_MAX_BYTES);
    te_codec_u32(codec, &cubic->cwnd_prior_bytes);
    te_codec_u32_to(codec, &cubic->w_est_bytes, TE_CWND_MAX_BYTES);
    te_codec_u32(codec, &cubic->ecn_cwnd_bytes);
    te_codec_time(codec, &cubic->epoch_at_us);
    te_codec_time(codec, &cubic->last_ack_at_us);
    te_codec_u64(codec, &cubic->w_est_remainder);
    te_codec_u64(codec, &cubic->growth_remainder);
    te_codec_u32(codec, &cubic->k_us);
    te_codec_u32_to(codec, &cubic->mss_bytes, UINT16_MAX);
    te_codec_bool(codec, &cubic->has_epoch);
    te_codec_bool(codec, &cubic->is_reducing);
}

const struct te_cc_ops te_cc_cubic = {
    .name = "cubic",
    .start = cubic_start,
    .on_ack = cubic_on_ack,
    .on_congestion = cubic_on_congestion,
    .on_recovered = cubic_on_recovered,
    .on_undo = cubic_on_undo,
    .on_restart = cubic_on_restart,
    .pacing_rate = cubic_pacing_rate,
    .describe = cubic_describe,
    .save = cubic_save,
};
