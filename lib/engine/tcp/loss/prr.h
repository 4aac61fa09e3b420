/* Proportional rate reduction: how much may be sent on each ACK of a recovery (RFC 6937). The bound
 * is SSRB when the ACK shows progress and CRB otherwise, as in its successor. Over the recovery,
 * cwnd comes down to ssthresh evenly instead of by a pause of half a round trip. Pure arithmetic,
 * all in bytes. */
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
    uint32_t delivered_bytes; /* DeliveredData: newly acknowledged or SACKed */
    uint32_t flight_bytes;    /* pipe after this ACK */
    uint32_t ssthresh_bytes;
    uint32_t mss_bytes;
    bool is_safe; /* SND.UNA moved, and nothing more was found lost */
};

/* A recovery begins. flight_bytes is what was in flight before it; 0 counts as 1. */
void te_prr_start(struct te_prr *prr, uint32_t flight_bytes);
/* bytes were sent during the recovery, new or again. */
void te_prr_on_send(struct te_prr *prr, uint32_t bytes);
/* Returns the cwnd that this ACK allows: pipe + sndcnt, within 1 MSS and TE_CWND_MAX_BYTES. Until
 * something was sent, sndcnt is at least one segment, for the fast retransmit itself. */
uint32_t te_prr_on_ack(struct te_prr *prr, const struct te_prr_ack *ack);

#endif
