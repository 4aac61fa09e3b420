#include <tcpengine/units.h>

#include "tcp/cc/cc_bbr_parts.h"

/* 2.5: paced a little slower than the estimated bandwidth. */
#define PACING_MARGIN_PERCENT 99
#define MIN_PIPE_SEGMENTS 4
/* Headroom for others in inflight_longterm: 0.15 (2.8). */
#define HEADROOM_PERCENT 15
/* Send quantum: 5.6.3; TCP's offload budget is three of them: 5.5.8.1. */
#define QUANTA_PER_S 1000
#define QUANTUM_MAX_BYTES 65536
#define QUANTUM_MIN_SEGMENTS 2
#define OFFLOAD_QUANTA 3
#define RTT_UNKNOWN_US 1000

/* 5.6.1. */
uint32_t te_bbr_pacing_gain_percent(const struct te_cc_bbr_state *bbr)
{
    static const uint16_t gains_percent[TE_BBR_STATES] = {
        [TE_BBR_STARTUP] = 277,         [TE_BBR_DRAIN] = 50,
        [TE_BBR_PROBE_BW_DOWN] = 90,    [TE_BBR_PROBE_BW_CRUISE] = 100,
        [TE_BBR_PROBE_BW_REFILL] = 100, [TE_BBR_PROBE_BW_UP] = 125,
        [TE_BBR_PROBE_RTT] = 100,
    };
    return gains_percent[bbr->state];
}

uint32_t te_bbr_cwnd_gain_percent(const struct te_cc_bbr_state *bbr)
{
    if (bbr->state == TE_BBR_PROBE_RTT)
        return 50;
    return bbr->state == TE_BBR_PROBE_BW_UP ? 225 : 200;
}

uint32_t te_bbr_min_pipe_cwnd(const struct te_cc_bbr_state *bbr)
{
    return MIN_PIPE_SEGMENTS * bbr->mss_bytes;
}

static uint32_t bounded(uint64_t bytes)
{
    return bytes < TE_CWND_MAX_BYTES ? (uint32_t)bytes : TE_CWND_MAX_BYTES;
}

uint32_t te_bbr_bdp_multiple(const struct te_cc_bbr_state *bbr, uint64_t bw, uint32_t gain_percent)
{
    if (bbr->min_rtt_us == TE_BBR_RTT_INFINITE)
        return bbr->initial_cwnd_bytes;
    return bounded(bw * bbr->min_rtt_us / TE_SECOND * gain_percent / 100);
}

static uint32_t offload_budget(const struct te_cc_bbr_state *bbr)
{
    uint64_t quantum = bbr->pacing_rate / QUANTA_PER_S;
    if (quantum > QUANTUM_MAX_BYTES)
        quantum = QUANTUM_MAX_BYTES;
    if (quantum < QUANTUM_MIN_SEGMENTS * bbr->mss_bytes)
        quantum = QUANTUM_MIN_SEGMENTS * bbr->mss_bytes;
    return OFFLOAD_QUANTA * (uint32_t)quantum;
}

/* QuantizationBudget. */
static uint32_t with_budget(const struct te_cc_bbr_state *bbr, uint32_t inflight)
{
    inflight = te_bbr_max(inflight, offload_budget(bbr));
    inflight = te_bbr_max(inflight, te_bbr_min_pipe_cwnd(bbr));
    return bbr->state == TE_BBR_PROBE_BW_UP ? inflight + 2 * bbr->mss_bytes : inflight;
}

uint32_t te_bbr_inflight(const struct te_cc_bbr_state *bbr, uint64_t bw, uint32_t gain_percent)
{
    return with_budget(bbr, te_bbr_bdp_multiple(bbr, bw, gain_percent));
}

uint32_t te_bbr_inflight_with_headroom(const struct te_cc_bbr_state *bbr)
{
    uint32_t longterm = bbr->inflight_longterm_bytes;
    if (longterm == TE_BBR_INFLIGHT_INFINITE)
        return longterm;
    uint32_t headroom = (uint32_t)((uint64_t)longterm * HEADROOM_PERCENT / 100);
    headroom = te_bbr_max(headroom, bbr->mss_bytes);
    uint32_t rest = longterm > headroom ? longterm - headroom : 0;
    return te_bbr_max(rest, te_bbr_min_pipe_cwnd(bbr));
}

uint32_t te_bbr_probe_rtt_cwnd(const struct te_cc_bbr_state *bbr)
{
    uint32_t half = te_bbr_bdp_multiple(bbr, te_bbr_bw(bbr), 50);
    return te_bbr_max(half, te_bbr_min_pipe_cwnd(bbr));
}

/* 5.6.2: until there is a bandwidth, one initial window per RTT. */
void te_bbr_init_pacing_rate(struct te_cc_bbr_state *bbr, int64_t srtt_us)
{
    uint64_t rtt_us = srtt_us > 0 ? (uint64_t)srtt_us : RTT_UNKNOWN_US;
    uint64_t nominal = (uint64_t)bbr->initial_cwnd_bytes * TE_SECOND / rtt_us;
    bbr->has_seen_rtt = srtt_us > 0;
    bbr->pacing_rate = nominal * te_bbr_pacing_gain_percent(bbr) / 100;
}

void te_bbr_set_pacing_rate(struct te_cc_bbr_state *bbr, uint32_t gain_percent)
{
    uint64_t rate = te_bbr_bw(bbr) * gain_percent / 100 * PACING_MARGIN_PERCENT / 100;
    if (rate > 0 && (bbr->full_bw_reached || rate > bbr->pacing_rate))
        bbr->pacing_rate = rate;
}

/* 5.6.4.4: the last cwnd that neither a recovery nor ProbeRTT had cut. */
void te_bbr_save_cwnd(struct te_congestion *cc)
{
    struct te_cc_bbr_state *bbr = &cc->state->bbr;
    if (bbr->is_recovering || bbr->state == TE_BBR_PROBE_RTT)
        bbr->prior_cwnd_bytes = te_bbr_max(bbr->prior_cwnd_bytes, cc->cwnd_bytes);
    else
        bbr->prior_cwnd_bytes = cc->cwnd_bytes;
}

void te_bbr_restore_cwnd(struct te_congestion *cc)
{
    cc->cwnd_bytes = te_bbr_max(cc->cwnd_bytes, cc->state->bbr.prior_cwnd_bytes);
}

/* 5.6.4.7. */
void te_bbr_bound_cwnd(struct te_congestion *cc)
{
    const struct te_cc_bbr_state *bbr = &cc->state->bbr;
    uint32_t cap = TE_CWND_MAX_BYTES;
    if (bbr->state == TE_BBR_PROBE_RTT || bbr->state == TE_BBR_PROBE_BW_CRUISE)
        cap = te_bbr_inflight_with_headroom(bbr);
    else if (te_bbr_is_probe_bw(bbr))
        cap = bbr->inflight_longterm_bytes;
    cap = te_bbr_min(cap, bbr->inflight_shortterm_bytes);
    if (bbr->state == TE_BBR_PROBE_RTT)
        cap = te_bbr_min(cap, te_bbr_probe_rtt_cwnd(bbr));
    cap = te_bbr_max(cap, te_bbr_min_pipe_cwnd(bbr));
    cc->cwnd_bytes = te_bbr_min(cc->cwnd_bytes, cap);
}

static uint32_t max_inflight(const struct te_cc_bbr_state *bbr)
{
    uint32_t inflight = te_bbr_bdp_multiple(bbr, te_bbr_bw(bbr), te_bbr_cwnd_gain_percent(bbr));
    inflight += te_bbr_max(bbr->extra_acked_bytes[0], bbr->extra_acked_bytes[1]);
    return bounded(with_budget(bbr, inflight));
}

/* 5.6.4.6: down at once, up by what arrived. */
void te_bbr_set_cwnd(struct te_congestion *cc, const struct te_bbr_ack *rs)
{
    struct te_cc_bbr_state *bbr = &cc->state->bbr;
    uint32_t limit = max_inflight(bbr);
    uint32_t delivered = rs->ack->delivered_bytes;
    bool is_young = bbr->startup_delivered_bytes < bbr->initial_cwnd_bytes;
    if (is_young)
        bbr->startup_delivered_bytes += te_bbr_min(delivered, bbr->initial_cwnd_bytes);
    if (bbr->full_bw_reached) {
        te_cc_grow(cc, delivered);
        cc->cwnd_bytes = te_bbr_min(cc->cwnd_bytes, limit);
    } else if (cc->cwnd_bytes < limit || is_young) {
        te_cc_grow(cc, delivered);
    }
    cc->cwnd_bytes = te_bbr_max(cc->cwnd_bytes, te_bbr_min_pipe_cwnd(bbr));
    te_bbr_bound_cwnd(cc);
}
