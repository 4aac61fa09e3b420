/* Reno: slow start, then one segment per window (RFC 5681 3.1), counting bytes, so that splitting
 * an ACK gains nothing and delaying it loses nothing (RFC 3465). A lost segment halves the window,
 * a mark takes a fifth of it (RFC 8511). */
#include "tcp/cc/congestion.h"
#include "util/codec.h"

static void reno_start(struct te_congestion *cc, const struct te_cc_start *start)
{
    bool is_first = cc->ssthresh_bytes == UINT32_MAX;
    cc->state->reno.acked_bytes = 0;
    te_hystart_start(&cc->state->reno.hystart, start, is_first);
}

static void reno_on_ack(struct te_congestion *cc, const struct te_ack_sample *sample)
{
    struct te_cc_reno_state *reno = &cc->state->reno;
    if (sample->is_in_recovery)
        return;
    reno->acked_bytes += te_hystart_grow(&reno->hystart, cc, sample);
    if (reno->acked_bytes >= cc->cwnd_bytes) {
        reno->acked_bytes -= cc->cwnd_bytes;
        te_cc_grow(cc, sample->mss_bytes);
    }
}

/* FlightSize, at most cwnd: RFC 5681 (4) warns against using cwnd itself. In the non-validated
 * phase it may be pipeACK (RFC 7661 4.4.1). */
static uint32_t used_bytes(const struct te_congestion *cc, const struct te_congestion_event *event)
{
    if (event->validated_bytes < cc->cwnd_bytes)
        return te_cc_used_window(cc, event);
    return event->flight_bytes < cc->cwnd_bytes ? event->flight_bytes : cc->cwnd_bytes;
}

/* RFC 5681 (4), RFC 8511 3. */
static uint32_t ssthresh_after(const struct te_congestion *cc,
                               const struct te_congestion_event *event)
{
    uint32_t used = used_bytes(cc, event);
    uint32_t ssthresh = event->signal == TE_SIGNAL_ECN ? used / 5 * 4 : used / 2;
    return ssthresh > 2 * event->mss_bytes ? ssthresh : 2 * event->mss_bytes;
}

static void reno_on_congestion(struct te_congestion *cc, const struct te_congestion_event *event)
{
    if (event->signal != TE_SIGNAL_TIMEOUT || event->is_first)
        cc->ssthresh_bytes = ssthresh_after(cc, event);
    if (event->signal == TE_SIGNAL_TIMEOUT)
        cc->cwnd_bytes = event->mss_bytes;
    cc->state->reno.acked_bytes = 0;
    te_hystart_stop(&cc->state->reno.hystart);
}

static void reno_on_recovered(struct te_congestion *cc, int64_t now_us)
{
    (void)now_us;
    cc->state->reno.acked_bytes = 0;
}

static void reno_on_undo(struct te_congestion *cc, const struct te_congestion *before,
                         const union te_cc_state *state_before, int64_t now_us)
{
    (void)now_us;
    if (cc->cwnd_bytes < before->cwnd_bytes)
        cc->cwnd_bytes = before->cwnd_bytes;
    if (cc->ssthresh_bytes < before->ssthresh_bytes)
        cc->ssthresh_bytes = before->ssthresh_bytes;
    cc->state->reno = state_before->reno;
}

static void reno_on_restart(struct te_congestion *cc, int64_t idle_us, int64_t now_us,
                            bool is_app_limited)
{
    (void)idle_us;
    (void)now_us;
    (void)is_app_limited;
    cc->state->reno.acked_bytes = 0;
}

static uint64_t reno_pacing_rate(const struct te_congestion *cc)
{
    (void)cc;
    return 0;
}

static unsigned reno_describe(const struct te_congestion *cc, struct te_cc_variable *ret_variables)
{
    if (cc->state == NULL)
        return 0;
    const struct te_cc_reno_state *reno = &cc->state->reno;
    ret_variables[0] = (struct te_cc_variable){
        .name = "hystart",
        .text = te_hystart_phase_name(&reno->hystart),
    };
    ret_variables[1] = (struct te_cc_variable){
        .name = "acked_bytes",
        .value = reno->acked_bytes,
    };
    return 2;
}

static void reno_save(struct te_codec *codec, union te_cc_state *state)
{
    struct te_cc_reno_state *reno = &state->reno;
    te_hystart_save(codec, &reno->hystart);
    te_codec_u32(codec, &reno->acked_bytes);
}

const struct te_cc_ops te_cc_reno = {
    .name = "reno",
    .start = reno_start,
    .on_ack = reno_on_ack,
    .on_congestion = reno_on_congestion,
    .on_recovered = reno_on_recovered,
    .on_undo = reno_on_undo,
    .on_restart = reno_on_restart,
    .pacing_rate = reno_pacing_rate,
    .describe = reno_describe,
    .save = reno_save,
};
