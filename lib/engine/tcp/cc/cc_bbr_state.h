/* What BBR remembers (draft-ietf-ccwg-bbr 2, with the names used there). Rates are bytes per
 * second.
 */
#ifndef TCPENGINE_TCP_CC_CC_BBR_STATE_H
#define TCPENGINE_TCP_CC_CC_BBR_STATE_H

#include <stdbool.h>
#include <stdint.h>

enum te_bbr_state {
    TE_BBR_STARTUP,
    TE_BBR_DRAIN,
    TE_BBR_PROBE_BW_DOWN,
    TE_BBR_PROBE_BW_CRUISE,
    TE_BBR_PROBE_BW_REFILL,
    TE_BBR_PROBE_BW_UP,
    TE_BBR_PROBE_RTT,
    TE_BBR_STATES
};

/* What arriving ACKs reveal about the probe for bandwidth (2.14). */
enum te_bbr_ack_phase {
    TE_BBR_ACKS_INIT,
    TE_BBR_ACKS_REFILLING,
    TE_BBR_ACKS_PROBE_STARTING,
    TE_BBR_ACKS_PROBE_FEEDBACK,
    TE_BBR_ACKS_PROBE_STOPPING
};

#define TE_BBR_BW_INFINITE UINT64_MAX
#define TE_BBR_INFLIGHT_INFINITE UINT32_MAX
#define TE_BBR_RTT_INFINITE UINT32_MAX
#define TE_BBR_PROBE_UP_ROUNDS_MAX 30

struct te_cc_bbr_state {
    /* The model: rates. */
    uint64_t max_bw_filter[2]; /* of this ProbeBW cycle, and of the one before */
    uint64_t bw_shortterm;
    uint64_t bw_latest; /* most in the latest round */
    uint64_t full_bw;   /* baseline in the search for a plateau */
    uint64_t pacing_rate;
    /* The model: volumes. */
    uint32_t inflight_longterm_bytes;
    uint32_t inflight_shortterm_bytes;
    uint32_t inflight_latest_bytes;
    uint32_t extra_acked_bytes[2]; /* largest of the last five rounds, and of the five before */
    uint32_t extra_acked_delivered_bytes;
    int64_t extra_acked_interval_at_us;
    /* The model: round trip times. */
    int64_t min_rtt_at_us;
    int64_t probe_rtt_min_at_us;
    int64_t probe_rtt_done_at_us; /* 0: not yet low enough to start the clock */
    uint32_t min_rtt_us;
    uint32_t probe_rtt_min_delay_us;
    /* Rounds: delivered counts that end them. */
    uint64_t next_round_delivered_bytes;
    uint64_t loss_round_delivered_bytes;
    uint64_t lost_total_bytes;        /* as of the last ACK */
    uint64_t app_limited_until_bytes; /* samples from before this were limited by ProbeRTT */
    uint32_t round_count;
    uint32_t drain_start_round;
    uint32_t rounds_since_probe_up;
    /* The cycle of ProbeBW. */
    int64_t cycle_at_us;
    uint32_t bw_probe_wait_us;
    uint32_t bw_probe_up_acked_bytes;
    uint32_t probe_up_acked_per_inc_bytes;
    /* The connection's. */
    uint32_t prior_cwnd_bytes;
    uint32_t initial_cwnd_bytes;
    uint32_t startup_delivered_bytes; /* counted up to initial_cwnd_bytes */
    uint32_t mss_bytes;
    uint32_t too_high_bytes; /* in flight when a probe lost too much, for the next ACK; 0 */
    uint32_t random;
    uint8_t state;      /* te_bbr_state */
    uint8_t undo_state; /* left because of a loss that may prove spurious; TE_BBR_STATES: none */
    uint8_t ack_phase;  /* te_bbr_ack_phase */
    uint8_t full_bw_count;
    uint8_t bw_probe_up_rounds;
    uint8_t extra_acked_rounds;
    uint8_t loss_events_in_round;
    bool has_seen_rtt : 1;
    bool is_round_start : 1;
    bool is_loss_round_start : 1;
    bool is_loss_in_round : 1;
    bool is_cwnd_limited_in_round : 1;
    bool was_cwnd_limited_in_round : 1; /* the round before */
    bool is_recovering : 1;
    bool has_seen_recovery : 1;
    bool is_bw_probe_sample : 1;
    bool is_too_high_app_limited : 1;
    bool prev_probe_too_high : 1;
    bool prev_probe_precautionary : 1;
    bool full_bw_reached : 1;
    bool full_bw_now : 1;
    bool probe_rtt_expired : 1;
    bool probe_rtt_round_done : 1;
    bool idle_restart : 1;
};

#endif
