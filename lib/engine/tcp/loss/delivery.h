/* How fast the network delivers: one rate sample per ACK (draft-ietf-ccwg-bbr 4.1, formerly
 * draft-cheng-iccrg-delivery-rate-estimation).
 *
 * Each record of the sent map is marked with the delivered count at the moment it was sent. Once
 * it is delivered, the rate over its flight is what was delivered since then, divided by the longer
 * of two times: the one it took to send that much, and the one it took to acknowledge it.
 *
 * For each ACK: te_delivery_on_delivered() for every record that it delivers, in any order, then
 * te_delivery_finish() once. The struct starts zeroed. */
#ifndef TCPENGINE_TCP_LOSS_DELIVERY_H
#define TCPENGINE_TCP_LOSS_DELIVERY_H

#include "tcp/cc/congestion.h"
#include "tcp/loss/sent_map.h"

struct te_delivery {
    uint64_t delivered_bytes; /* acknowledged or SACKed, since the sender was made */
    uint64_t lost_bytes;      /* marked lost; the caller adds to it */
    int64_t delivered_at_us;
    int64_t first_sent_at_us; /* of the flight that is being measured */
    /* Samples sent before this count was delivered were limited by the user; 0: none. */
    uint64_t app_limited_until_bytes;
};

/* Collected while one ACK is processed; starts zeroed. */
struct te_delivery_sample {
    bool is_valid;
    int64_t sent_at_us; /* of the record that it is about: the latest sent */
    struct te_sent_mark mark;
};

/* A record was sent or sent again: writes its mark. sent->sent_at_us is already set;
 * in_flight_bytes does not include it. */
void te_delivery_on_send(struct te_delivery *delivery, struct te_sent *sent,
                         uint32_t in_flight_bytes);
/* The user has nothing more to send, though cwnd has room. in_flight_bytes is as of now: until that
 * much more has been delivered, records are marked application-limited. */
void te_delivery_app_limited(struct te_delivery *delivery, uint32_t in_flight_bytes);
/* bytes of a record were acknowledged or SACKed for the first time. */
void te_delivery_on_delivered(struct te_delivery *delivery, struct te_delivery_sample *sample,
                              const struct te_sent *sent, uint32_t bytes);
/* The ACK is complete: writes *ret_rate in any case. Its interval_us is 0, meaning no sample, when
 * the ACK delivered nothing or the interval is shorter than min_rtt_us, which proves nothing. */
void te_delivery_finish(struct te_delivery *delivery, const struct te_delivery_sample *sample,
                        int64_t now_us, int64_t min_rtt_us, struct te_rate_sample *ret_rate);

#endif
