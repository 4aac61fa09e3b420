/* BBR version 3 (draft-ietf-ccwg-bbr-06, to which bare section numbers refer). Instead of filling
 * the bottleneck's buffer until it drops, BBR measures the path's bandwidth and round trip and
 * sends at that rate, with about their product in flight.
 *
 *     cc_bbr.c          the hooks, in the order of 5.2
 *     cc_bbr_model.c    what is known of the path: rounds, bandwidth, aggregation, loss (5.5)
 *     cc_bbr_startup.c  Startup and Drain: the search for the bandwidth (5.3.1, 5.3.2)
 *     cc_bbr_probe.c    ProbeBW: the cycle that keeps it up to date (5.3.3)
 *     cc_bbr_rtt.c      min_rtt and ProbeRTT (5.3.4)
 *     cc_bbr_control.c  the model turned into pacing rate and cwnd (5.6)
 *     cc_bbr_save.c     saving and restoring its state
 *
 * Only these files include this header. Rates are bytes per second, gains percent. */
#ifndef TCPENGINE_TCP_CC_CC_BBR_PARTS_H
#define TCPENGINE_TCP_CC_CC_BBR_PARTS_H

#include "tcp/cc/congestion.h"

/* An ACK as BBR sees it (RS of 2.3). */
struct te_bbr_ack {
    const struct te_ack_sample *ack;
    uint64_t delivery_rate; /* 0: the ACK has no rate sample */
    bool is_app_limited;
};

/* Model. */
/* The maximum delivery rate of this ProbeBW cycle and the one before. */
uint64_t te_bbr_max_bw(const struct te_cc_bbr_state *bbr);
/* max_bw, bounded by bw_shortterm. */
uint64_t te_bbr_bw(const struct te_cc_bbr_state *bbr);
struct te_bbr_ack te_bbr_ack_of(const struct te_cc_bbr_state *bbr,
                                const struct te_ack_sample *sample);
void te_bbr_start_round(struct te_cc_bbr_state *bbr, uint64_t delivered_total_bytes);
void te_bbr_update_delivery_signals(struct te_cc_bbr_state *bbr, const struct te_bbr_ack *rs);
void te_bbr_advance_delivery_signals(struct te_cc_bbr_state *bbr, const struct te_bbr_ack *rs);
void te_bbr_update_congestion_signals(struct te_congestion *cc, const struct te_bbr_ack *rs);
void te_bbr_reset_congestion_signals(struct te_cc_bbr_state *bbr);
void te_bbr_reset_shortterm_model(struct te_cc_bbr_state *bbr);
void te_bbr_update_aggregation(struct te_congestion *cc, const struct te_bbr_ack *rs);
/* Congestion in the current round, by loss or by mark. */
void te_bbr_note_loss(struct te_cc_bbr_state *bbr, uint64_t delivered_total_bytes);
/* IsInflightTooHigh (5.5.10.2): is more than LossThresh (2 %) of that volume lost? Without SACK any
 * loss is too much. */
bool te_bbr_is_loss_too_high(uint64_t lost_bytes, uint64_t tx_in_flight_bytes, bool has_sack);
/* The search for the bandwidth begins anew (5.3.1.2). */
void te_bbr_reset_full_bw(struct te_cc_bbr_state *bbr);
/* In any phase of ProbeBW. */
bool te_bbr_is_probe_bw(const struct te_cc_bbr_state *bbr);
/* In a phase that probes for more bandwidth than is known: Startup, REFILL or UP. */
bool te_bbr_is_probing_bw(const struct te_cc_bbr_state *bbr);

/* Startup and Drain. */
void te_bbr_enter_startup(struct te_cc_bbr_state *bbr);
void te_bbr_check_full_bw_reached(struct te_cc_bbr_state *bbr, const struct te_bbr_ack *rs);
void te_bbr_check_startup_done(struct te_cc_bbr_state *bbr, const struct te_bbr_ack *rs);
void te_bbr_check_drain_done(struct te_congestion *cc, const struct te_bbr_ack *rs);

/* ProbeBW. */
void te_bbr_start_probe_bw_down(struct te_cc_bbr_state *bbr, int64_t now_us,
                                uint64_t delivered_total_bytes);
void te_bbr_start_probe_bw_cruise(struct te_cc_bbr_state *bbr);
void te_bbr_start_probe_bw_refill(struct te_cc_bbr_state *bbr, uint64_t delivered_total_bytes);
void te_bbr_update_probe_bw(struct te_congestion *cc, const struct te_bbr_ack *rs);
/* A record was lost: notes when the volume in flight at its sending was too much (5.5.10.2). */
void te_bbr_judge_lost(struct te_cc_bbr_state *bbr, const struct te_loss_sample *loss);
/* The next ACK: responds to what te_bbr_judge_lost() noted. */
void te_bbr_answer_lost(struct te_congestion *cc, const struct te_bbr_ack *rs);
/* The volume tx_in_flight_bytes was too much: bounds inflight_longterm and ends a probe. */
void te_bbr_inflight_too_high(struct te_congestion *cc, uint32_t tx_in_flight_bytes,
                              const struct te_bbr_ack *rs);

/* ProbeRTT. */
void te_bbr_update_min_rtt(struct te_cc_bbr_state *bbr, const struct te_bbr_ack *rs);
void te_bbr_check_probe_rtt(struct te_congestion *cc, const struct te_bbr_ack *rs);
void te_bbr_check_probe_rtt_done(struct te_congestion *cc, int64_t now_us,
                                 uint64_t delivered_total_bytes);

/* Control. */
uint32_t te_bbr_pacing_gain_percent(const struct te_cc_bbr_state *bbr);
uint32_t te_bbr_cwnd_gain_percent(const struct te_cc_bbr_state *bbr);
/* BBRMinPipeCwnd: four segments. */
uint32_t te_bbr_min_pipe_cwnd(const struct te_cc_bbr_state *bbr);
/* gain_percent of bw * min_rtt; the initial window as long as no RTT is known. */
uint32_t te_bbr_bdp_multiple(const struct te_cc_bbr_state *bbr, uint64_t bw, uint32_t gain_percent);
/* The volume to have in flight for gain_percent of the path: bdp_multiple with room for offload. */
uint32_t te_bbr_inflight(const struct te_cc_bbr_state *bbr, uint64_t bw, uint32_t gain_percent);
/* inflight_longterm with 15 % left to other flows; TE_BBR_INFLIGHT_INFINITE while it is unbounded.
 */
uint32_t te_bbr_inflight_with_headroom(const struct te_cc_bbr_state *bbr);
uint32_t te_bbr_probe_rtt_cwnd(const struct te_cc_bbr_state *bbr);
void te_bbr_init_pacing_rate(struct te_cc_bbr_state *bbr, int64_t srtt_us);
void te_bbr_set_pacing_rate(struct te_cc_bbr_state *bbr, uint32_t gain_percent);
void te_bbr_set_cwnd(struct te_congestion *cc, const struct te_bbr_ack *rs);
void te_bbr_bound_cwnd(struct te_congestion *cc);
void te_bbr_save_cwnd(struct te_congestion *cc);
void te_bbr_restore_cwnd(struct te_congestion *cc);

static inline uint32_t te_bbr_min(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static inline uint32_t te_bbr_max(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* Saved state. */
void te_bbr_save(struct te_codec *codec, union te_cc_state *state);

#endif
