/* Congestion control behind a constant table of hooks; no hook allocates, reads a clock, or knows a
 * connection. recovery.h detects loss, tells the algorithm what happened, and governs sending
 * within a recovery by itself (PRR), unless the algorithm owns cwnd (BBR).
 *
 * struct te_congestion (ops, cwnd, ssthresh) lives as long as the connection. The algorithm's own
 * variables (union te_cc_state) exist only while the connection sends: start() makes them, and they
 * may be discarded after a long idle period.
 *
 * Sizes are bytes, times microseconds. Structs passed to a hook are borrowed for the call. */
#ifndef TCPENGINE_TCP_CC_CONGESTION_H
#define TCPENGINE_TCP_CC_CONGESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tcpengine/conn.h>

#include "tcp/cc/cc_bbr_state.h"
#include "tcp/cc/hystart.h"

struct te_codec;
struct te_congestion;
union te_cc_state;

/* Delivery rate over the flight of the segment that an ACK delivers (draft-cheng-iccrg-delivery-
 * rate-estimation): delivered_bytes in interval_us. interval_us 0: no sample. */
struct te_rate_sample {
    uint64_t prior_delivered_bytes; /* the connection's delivered count when it was sent */
    uint64_t prior_lost_bytes;      /* and its lost count */
    uint32_t delivered_bytes;
    uint32_t lost_bytes;         /* marked lost since it was sent */
    uint32_t tx_in_flight_bytes; /* in flight just after it was sent, itself included */
    int64_t interval_us;
    bool is_app_limited;
};

/* One record that is about to be marked lost, with what was noted when it was sent. It shows how
 * much the path held when it dropped the record, which a rate sample cannot when the marking has
 * waited for reordering. */
struct te_loss_sample {
    uint64_t prior_delivered_bytes; /* the connection's delivered count when it was sent */
    uint64_t delivered_total_bytes; /* and now */
    uint32_t tx_in_flight_bytes;    /* in flight just after it was sent, itself included */
    uint32_t lost_bytes;            /* marked lost since it was sent, itself included */
    uint32_t length_bytes;
    bool is_app_limited;
    bool has_sack; /* more than one loss per round trip can be seen */
};

/* What an ACK said that delivered something (SND.UNA moved, or new SACK blocks). is_in_recovery is
 * also true for the ACK that begins a recovery and the one that ends it; is_in_loss for the one
 * that ends it. on_congestion and on_recovered come before the on_ack of the same ACK. */
struct te_ack_sample {
    int64_t now_us;
    int64_t rtt_us;  /* of the latest sent segment that it delivered; 0: none (Karn) */
    int64_t srtt_us; /* 0: none yet */
    uint64_t delivered_total_bytes; /* of the connection, this ACK included */
    uint64_t lost_total_bytes;
    uint32_t acked_bytes;        /* by which SND.UNA moved */
    uint32_t delivered_bytes;    /* newly acknowledged or SACKed */
    uint32_t lost_bytes;         /* newly marked lost on this ACK */
    uint32_t prior_flight_bytes; /* in flight (pipe) before this ACK */
    uint32_t flight_bytes;       /* and after it */
    uint32_t mss_bytes;
    uint32_t snd_una, snd_nxt; /* after this ACK: for counting rounds */
    bool is_cwnd_limited; /* the sender was held back by cwnd, not by the application or rwnd */
    bool is_in_recovery;  /* fast recovery or CWR: PRR owns cwnd, loss-based algorithms wait */
    bool is_in_loss;      /* after a timeout, until its flight is acknowledged: slow start */
    bool is_hystart_off;  /* switched off by the user */
    bool has_sack;        /* as in te_loss_sample */
    struct te_rate_sample rate;
};

enum te_congestion_signal {
    TE_SIGNAL_LOSS = 1, /* found by duplicates, SACK or RACK */
    TE_SIGNAL_ECN,      /* ECE (RFC 3168 6.1.2): a milder response is allowed (RFC 8511) */
    TE_SIGNAL_TIMEOUT   /* by the retransmission timer */
};

/* A congestion event: at most one per window of data (timeouts: see is_first). */
struct te_congestion_event {
    enum te_congestion_signal signal;
    int64_t now_us;
    uint32_t flight_bytes;    /* FlightSize at the event */
    uint32_t validated_bytes; /* RFC 7661: cwnd that was really used; cwnd_bytes when validated */
    uint32_t mss_bytes;
    uint64_t delivered_total_bytes;
    bool is_first; /* false: a timeout of data that a timeout has already sent again, or within a
                    * fast recovery or CWR: ssthresh stays (RFC 5681 3.1) */
};

struct te_cc_start {
    int64_t now_us;
    int64_t srtt_us; /* 0: none yet */
    uint64_t lost_total_bytes;
    uint32_t mss_bytes;
    uint32_t initial_cwnd_bytes;
    uint32_t snd_nxt;
    bool is_hystart; /* HyStart++ (RFC 9406) in the first slow start */
    bool is_paced;   /* frames leave paced: no burst limit in HyStart++ (RFC 9406 4.3, L) */
};

/* The largest window that window scaling can advertise (RFC 7323 2.3); a larger cwnd is pointless.
 */
#define TE_CWND_MAX_BYTES (1u << 30)

struct te_cc_ops {
    const char *name;  /* unique, lower case, under TE_CC_NAME_MAX */
    bool owns_cwnd;    /* also within a recovery: no PRR (BBR) */
    bool wants_pacing; /* always; other algorithms pace when the connection asks for it */
    /* Initialises the algorithm's state; cwnd_bytes and ssthresh_bytes are kept. */
    void (*start)(struct te_congestion *cc, const struct te_cc_start *start);
    /* Called for every record just before it is marked lost, in that order; before any
     * on_congestion and on_ack that follows from it, so it must not change what on_undo restores.
     * NULL: not wanted. Not called for a lost MTU probe (RFC 4821 7.6.2). */
    void (*on_lost)(struct te_congestion *cc, const struct te_loss_sample *loss);
    /* Every ACK that delivered something, in and out of recovery. */
    void (*on_ack)(struct te_congestion *cc, const struct te_ack_sample *sample);
    /* LOSS and ECN: sets ssthresh_bytes (recovery.c brings cwnd down to it by PRR, and sets it at
     * the end of the recovery). TIMEOUT: sets ssthresh_bytes (if is_first) and cwnd_bytes = 1 MSS.
     */
    void (*on_congestion)(struct te_congestion *cc, const struct te_congestion_event *event);
    /* Recovery or CWR is over; recovery.c has set cwnd unless the algorithm owns it. */
    void (*on_recovered)(struct te_congestion *cc, int64_t now_us);
    /* The last congestion event was spurious: restores the state from before it (RFC 4015 3.2; RFC
     * 9438 4.9), which undo.h saved. */
    void (*on_undo)(struct te_congestion *cc, const struct te_congestion *before,
                    const union te_cc_state *state_before, int64_t now_us);
    /* New data comes after nothing was in flight and nothing was sent for idle_us: for more than
     * RTO, or for any time if the algorithm owns cwnd. If it does not, recovery.c has applied RFC
     * 5681 4.1 to cwnd. */
    void (*on_restart)(struct te_congestion *cc, int64_t idle_us, int64_t now_us,
                       bool is_app_limited);
    /* Bytes per second that pacing should allow. 0: no opinion; the caller derives a rate from cwnd
     * and SRTT (te_pacer_window_rate). */
    uint64_t (*pacing_rate)(const struct te_congestion *cc);
    /* Writes at most TE_CC_VARIABLES_MAX variables and returns how many; 0 without state. Names and
     * texts are static. */
    unsigned (*describe)(const struct te_congestion *cc, struct te_cc_variable *ret_variables);
    /* Writes the algorithm's state, or reads it back (util/codec.h). Must reject any state that
     * would make another hook misbehave (divide by zero, overflow). */
    void (*save)(struct te_codec *codec, union te_cc_state *state);
};

struct te_cc_reno_state {
    struct te_hystart hystart;
    uint32_t acked_bytes; /* toward the next segment of congestion avoidance */
};

/* See cc_cubic.c; windows in bytes. */
struct te_cc_cubic_state {
    struct te_hystart hystart;
    uint32_t w_max_bytes;      /* 0: none yet, or forgotten by a timeout */
    uint32_t cwnd_prior_bytes; /* 0: none yet */
    uint32_t w_est_bytes;
    uint32_t ecn_cwnd_bytes; /* cwnd at the end of a CWR, if below what ssthresh may be; else 0 */
    int64_t epoch_at_us;     /* moved forward by the time the sender was application-limited */
    int64_t last_ack_at_us;
    uint64_t w_est_remainder;
    uint64_t growth_remainder;
    uint32_t k_us;
    uint32_t mss_bytes;
    bool has_epoch;
    bool is_reducing; /* from a loss or a mark until the end of its recovery */
};

union te_cc_state {
    struct te_cc_reno_state reno;
    struct te_cc_cubic_state cubic;
    struct te_cc_bbr_state bbr;
};

struct te_congestion {
    const struct te_cc_ops *ops;
    uint32_t cwnd_bytes;
    uint32_t ssthresh_bytes; /* UINT32_MAX: arbitrarily high (RFC 5681 3.1) */
    /* The sender's; NULL while there is none. Valid in every hook but describe and pacing_rate,
     * where it may be NULL. */
    union te_cc_state *state;
};

#define TE_CC_OPS(name) extern const struct te_cc_ops te_cc_##name;
TE_CC_LIST(TE_CC_OPS)
#undef TE_CC_OPS
/* The algorithm of that name, exactly as written; NULL: there is none. */
const struct te_cc_ops *te_cc_find(const char *name);

/* Writes or reads which algorithm it is, with its window; its state goes through ops->save. */
void te_cc_save(struct te_codec *codec, struct te_congestion *cc);

/* IW: min(10 * MSS, max(2 * MSS, 14600)) of RFC 6928 2, with 10 replaced by segments and 14600 by
 * segments * 1460. */
uint32_t te_cc_initial_window(uint32_t mss_bytes, uint8_t segments);
/* Adds to cwnd, up to TE_CWND_MAX_BYTES. */
void te_cc_grow(struct te_congestion *cc, uint32_t bytes);
/* The window from which a response to congestion starts: the larger of what was in flight and what
 * was validated, at most cwnd (RFC 5681 (4) and RFC 9438 4.6 without what limited transmit added;
 * RFC 7661 4.4.1). */
uint32_t te_cc_used_window(const struct te_congestion *cc, const struct te_congestion_event *event);

#endif
