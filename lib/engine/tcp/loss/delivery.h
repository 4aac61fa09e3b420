/* How fast the network delivers: the estimation of draft-ietf-ccwg-bbr 4.1 (before:
 * draft-cheng-iccrg-delivery-rate-estimation), one sample an ACK.
 *
 * Each record of the sent map carries a mark of what had been delivered when it was sent. When it
 * is delivered, the rate over its flight is what was delivered since, divided by the longer of the
 * time that it took to send that much and the time that it took to acknowledge it. */
#ifndef TCPENGINE_TCP_LOSS_DELIVERY_H
#define TCPENGINE_TCP_LOSS_DELIVERY_H

#include "tcp/cc/congestion.h"
#include "tcp/loss/sent_map.h"

struct te_delivery {
    uint64_t delivered_bytes; /* acknowledged or SACKed, since the sender was made */
    uint64_t lost_bytes;
    int64_t delivered_at_us;
    int64_t first_sent_at_us; /* of the flight that is being measured */
    uint64_t
        app_limited_until_bytes; /* samples below this count were held back by the user; 0: none */
};

/* The sample under way while one ACK is processed. */
struct te_delivery_sample {
    bool is_valid;
    int64_t sent_at_us; /* of the record that it is about: the latest sent */
    struct te_sent_mark mark;
};

/* A frame leaves; in_flight_bytes: before it. */
void te_delivery_on_send(struct te_delivery *delivery, struct te_sent *sent,
                         uint32_t in_flight_bytes);
/* The user has nothing more to send, though cwnd has room; in_flight_bytes: now. */
void te_delivery_app_limited(struct te_delivery *delivery, uint32_t in_flight_bytes);
void te_delivery_on_delivered(struct te_delivery *delivery, struct te_delivery_sample *sample,
                              const struct te_sent *sent, uint32_t bytes);
/* min_rtt_us: a shorter interval proves nothing. */
void te_delivery_finish(struct te_delivery *delivery, const struct te_delivery_sample *sample,
                        int64_t now_us, int64_t min_rtt_us, struct te_rate_sample *ret_rate);

#endif
