/* RACK: a segment is lost when one that was sent reasonably later has been delivered (RFC 8985 6).
 *
 * "Reasonably" is the reordering window: nothing as long as no reordering was seen and enough has
 * been SACKed, else a quarter of the least RTT, widened for each round trip whose D-SACKs say that
 * something was sent again for nothing. Because every transmission has its own time, a lost
 * retransmission is found like any other loss. */
#ifndef TCPENGINE_TCP_LOSS_RACK_H
#define TCPENGINE_TCP_LOSS_RACK_H

#include "tcp/loss/sent_map.h"

struct te_rack {
    int64_t sent_at_us;  /* RACK.xmit_ts: of the latest sent among the delivered */
    uint32_t end_seq;    /* RACK.end_seq, breaks ties */
    uint32_t rtt_us;     /* RACK.rtt, of the last delivered; 0: nothing was delivered yet */
    uint32_t min_rtt_us; /* 0: none yet */
    int64_t min_rtt_at_us;
    uint32_t fack_now;    /* fack with the ACK that is being looked at */
    uint32_t fack;        /* RACK.fack: highest number delivered */
    uint32_t dsack_round; /* RACK.dsack_round: where the round of the last D-SACK ends */
    uint8_t reo_wnd_mult;
    uint8_t reo_wnd_persist;
    bool has_dsack_round : 1;
    bool has_fack : 1, has_fack_now : 1;
    bool reordering_seen : 1;
};

void te_rack_init(struct te_rack *rack);
/* RFC 8985 6.2 steps 1 to 3: a record was delivered. */
struct te_rack_arrival {
    int64_t now_us;
    bool is_spurious; /* timestamps say that the ACK is for an earlier transmission than the last */
    bool is_sack;     /* a block says so, not the acknowledgment number */
};
void te_rack_on_delivered(struct te_rack *rack, const struct te_sent *sent,
                          const struct te_rack_arrival *arrival);
/* Step 4, per ACK: D-SACKs and ends of recoveries adapt the window. */
struct te_rack_round {
    bool has_dsack;
    bool leaves_recovery;
    uint32_t snd_una, snd_nxt;
};
void te_rack_adapt(struct te_rack *rack, const struct te_rack_round *round);

struct te_rack_context {
    int64_t now_us;
    int64_t srtt_us;
    bool is_recovering;  /* in fast recovery or after a timeout */
    te_sent_fn *on_lost; /* is told of each record before it is marked; or NULL */
    void *on_lost_ctx;
};
/* RACK_update_reo_wnd(). */
int64_t te_rack_window_us(const struct te_rack *rack, const struct te_sent_map *map,
                          const struct te_rack_context *context);
/* Step 5: marks what is lost and returns how many bytes that are. *ret_timeout_us: how long until
 * the next record would be lost if nothing else came; 0: none waits. Looks at no more records than
 * it marks, and one. */
uint32_t te_rack_detect(struct te_rack *rack, struct te_sent_map *map,
                        const struct te_rack_context *context, int64_t *ret_timeout_us);

#endif
