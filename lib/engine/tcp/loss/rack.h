/* RACK: a segment is lost when one that was sent sufficiently later has been delivered (RFC 8985
 * 6).
 *
 * "Sufficiently" is the reordering window: zero as long as no reordering was seen and enough has
 * been SACKed; otherwise a quarter of the minimum RTT, widened in each round trip whose D-SACKs
 * show a needless retransmission. Because every transmission has its own time, a lost
 * retransmission is found like any other loss.
 *
 * For each ACK: te_rack_on_delivered() for every record that it delivers, te_rack_adapt() once,
 * then te_rack_detect(); that alone again when the timeout it returned has passed. */
#ifndef TCPENGINE_TCP_LOSS_RACK_H
#define TCPENGINE_TCP_LOSS_RACK_H

#include "tcp/loss/sent_map.h"

struct te_rack {
    int64_t sent_at_us;  /* RACK.xmit_ts: of the latest sent among the delivered */
    uint32_t end_seq;    /* RACK.end_seq, breaks ties */
    uint32_t rtt_us;     /* RACK.rtt, of the last delivered; 0: nothing was delivered yet */
    uint32_t min_rtt_us; /* 0: none yet */
    int64_t min_rtt_at_us;
    uint32_t fack_now;    /* fack including the ACK that is being processed */
    uint32_t fack;        /* RACK.fack: highest number delivered */
    uint32_t dsack_round; /* RACK.dsack_round: end of the round of the last D-SACK */
    uint8_t reo_wnd_mult;
    uint8_t reo_wnd_persist;
    bool has_dsack_round : 1;
    bool has_fack : 1, has_fack_now : 1;
    bool reordering_seen : 1;
};

/* Nothing delivered yet. */
void te_rack_init(struct te_rack *rack);
struct te_rack_arrival {
    int64_t now_us;
    bool is_spurious; /* timestamps show that the ACK is for a transmission before the last */
    bool is_sack;     /* reported by a SACK block, not by the acknowledgment number */
};
/* RFC 8985 6.2 steps 1 to 3: a record was delivered. sent still describes its last transmission;
 * borrowed for the call. */
void te_rack_on_delivered(struct te_rack *rack, const struct te_sent *sent,
                          const struct te_rack_arrival *arrival);
struct te_rack_round {
    bool has_dsack;
    bool leaves_recovery;
    uint32_t snd_una, snd_nxt;
};
/* Step 4, once per ACK: the window widens by a D-SACK, at most once per round trip, and after 16
 * recoveries without one shrinks back. */
void te_rack_adapt(struct te_rack *rack, const struct te_rack_round *round);

struct te_rack_context {
    int64_t now_us;
    int64_t srtt_us;
    bool is_recovering;  /* in fast recovery or after a timeout */
    te_sent_fn *on_lost; /* called for each record just before it is marked; or NULL */
    void *on_lost_ctx;
};
/* RACK_update_reo_wnd(): the reordering window, at most SRTT. */
int64_t te_rack_window_us(const struct te_rack *rack, const struct te_sent_map *map,
                          const struct te_rack_context *context);
/* Step 5: marks what is lost and returns how many bytes that is. *ret_timeout_us is the time until
 * the next record counts as lost if nothing more arrives; 0: no record is waiting. Otherwise the
 * caller arms a timer and calls again when it expires (RFC 8985 6.3). Visits at most one record
 * more than it marks. */
uint32_t te_rack_detect(struct te_rack *rack, struct te_sent_map *map,
                        const struct te_rack_context *context, int64_t *ret_timeout_us);

#endif
