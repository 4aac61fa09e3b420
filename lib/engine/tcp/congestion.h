/* Congestion control behind a constant table of hooks; no hook allocates, reads a clock, or knows a
 * connection. Loss detection is recovery.h's: it tells the algorithm what happened. */
#ifndef TCPENGINE_TCP_CONGESTION_H
#define TCPENGINE_TCP_CONGESTION_H

#include <stdbool.h>
#include <stdint.h>

struct te_congestion;

/* What one ACK of new data said. */
struct te_ack_sample {
    int64_t now_us;
    int64_t rtt_us; /* of this ACK; 0: none */
    uint32_t acked_bytes;
    uint32_t flight_bytes; /* before this ACK */
    uint32_t mss_bytes;
    bool is_cwnd_limited; /* the sender was held back by cwnd, not by the application or rwnd */
};

struct te_cc_ops {
    const char *name;
    void (*init)(struct te_congestion *cc, uint32_t mss_bytes);
    /* New data acknowledged outside of recovery. */
    void (*on_ack)(struct te_congestion *cc, const struct te_ack_sample *sample);
    /* A loss event found by duplicates: sets ssthresh and the cwnd to leave recovery with. Called
     * once a window of data. */
    void (*on_loss)(struct te_congestion *cc, uint32_t flight_bytes, uint32_t mss_bytes);
    /* The retransmission timer found it: cwnd becomes one segment. is_first: not a timeout of a
     * segment that was already sent again by timeout (RFC 5681 3.1). */
    void (*on_timeout)(struct te_congestion *cc, uint32_t flight_bytes, uint32_t mss_bytes,
                       bool is_first);
};

struct te_congestion {
    const struct te_cc_ops *ops;
    uint32_t cwnd_bytes;
    uint32_t ssthresh_bytes; /* UINT32_MAX: arbitrarily high (RFC 5681 3.1) */
    union {
        struct {
            uint32_t acked_bytes; /* toward the next segment of congestion avoidance */
        } reno;
    } state;
};

extern const struct te_cc_ops te_cc_reno;

/* IW: min(segments * MSS, max(2 * MSS, 14600)) of RFC 6928 2, scaled with the number of segments.
 */
uint32_t te_cc_initial_window(uint32_t mss_bytes, uint8_t segments);

#endif
