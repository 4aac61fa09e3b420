/* Proportional rate reduction: how much may be sent on each ACK of a recovery (RFC 6937; the bound
 * is chosen between SSRB and CRB by whether the ACK is a sign of progress, as its successor does).
 * Over the recovery, cwnd comes down to ssthresh evenly instead of by a pause of half a round trip.
 * Pure arithmetic in bytes. */
#ifndef TCPENGINE_TCP_LOSS_PRR_H
#define TCPENGINE_TCP_LOSS_PRR_H

#include <stdbool.h>
#include <stdint.h>

struct te_prr {
    uint64_t delivered_bytes;  /* prr_delivered */
    uint64_t out_bytes;        /* prr_out */
    uint32_t recover_fs_bytes; /* RecoverFS */
};

struct te_prr_ack {
    uint32_t delivered_bytes;
    uint32_t flight_bytes; /* pipe after this ACK */
    uint32_t ssthresh_bytes;
    uint32_t mss_bytes;
    bool is_safe; /* SND.UNA moved, and nothing more was found lost */
};

/* A recovery begins; flight_bytes: in flight before it. */
void te_prr_start(struct te_prr *prr, uint32_t flight_bytes);
void te_prr_on_send(struct te_prr *prr, uint32_t bytes);
/* The cwnd that this ACK allows: pipe + sndcnt. */
uint32_t te_prr_on_ack(struct te_prr *prr, const struct te_prr_ack *ack);

#endif
