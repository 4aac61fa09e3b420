/* A path in virtual time for tests of congestion control: one bottleneck with a rate, a round trip
 * and a queue that drops its tail, random loss, a receiver that acknowledges every so many
 * segments, and around the algorithm a sender that does what recovery.c does: samples, one
 * congestion event a window, PRR's outcome, timeouts. Data is numbered by sending, never sent
 * again: a loss is what was overtaken. */
#ifndef TEST_SUPPORT_CC_PATH_H
#define TEST_SUPPORT_CC_PATH_H

#include "tcp/cc/congestion.h"
#include "tcp/cc/pacer.h"

#define CC_PATH_PACKETS (1u << 15)

struct cc_packet {
    int64_t sent_at_us, arrives_at_us; /* of its ACK; INT64_MAX: dropped */
    int64_t first_sent_at_us, delivered_at_us;
    uint64_t delivered_bytes, lost_bytes;
    uint32_t tx_in_flight_bytes;
    bool is_app_limited;
};

struct cc_path {
    /* To be set by the test. */
    uint64_t rate_bytes_per_s;
    int64_t rtt_us;
    uint32_t queue_bytes;
    uint32_t loss_per_million;
    uint32_t ack_every;            /* segments */
    uint64_t app_rate_bytes_per_s; /* 0: more than the path can carry */
    uint32_t mss_bytes;
    bool is_paced;        /* even if the algorithm has no opinion */
    bool is_without_sack; /* as the algorithm is told; what is found lost is the same */
    /* The sender. */
    struct te_congestion cc;
    union te_cc_state state;
    struct te_pacer pacer;
    int64_t now_us, srtt_us;
    struct cc_packet packets[CC_PATH_PACKETS];
    uint64_t sent, acked; /* packets; between them, in flight */
    uint64_t recover;     /* packets sent when the recovery began */
    bool is_in_recovery, is_in_loss;
    uint64_t app_limited_until_bytes;
    uint32_t flight_bytes, loss_seed;
    uint64_t delivered_bytes, lost_bytes;
    int64_t delivered_at_us, first_sent_at_us, last_ack_at_us, link_free_at_us;
    uint64_t app_sent_bytes;
    int64_t app_from_us;
    /* What the test may look at. */
    unsigned congestion_events, timeouts;
    int64_t queue_max_us;
};

/* With the initial window of ten segments. Set the path's fields before the first run. */
void cc_path_init(struct cc_path *path, const struct te_cc_ops *ops, bool is_hystart);
/* Runs for so long. */
void cc_path_run(struct cc_path *path, int64_t duration_us);
/* Nothing is sent or acknowledged for so long: the application has nothing to say. */
void cc_path_idle(struct cc_path *path, int64_t duration_us);
/* A variable of describe() by name; fails the test if there is none. */
int64_t cc_path_value(const struct cc_path *path, const char *name);
const char *cc_path_text(const struct cc_path *path, const char *name);

#endif
