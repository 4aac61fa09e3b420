/* Which segment next? The plan is decided first, without changing anything; then it is built
 * (segment_out.h), and only what really leaves changes the connection. */
#ifndef TCPENGINE_TCP_OUTPUT_H
#define TCPENGINE_TCP_OUTPUT_H

#include "tcp/conn/conn.h"

enum te_plan_kind {
    TE_PLAN_NONE = 0,
    TE_PLAN_SYN,        /* SYN or SYN,ACK, first or again */
    TE_PLAN_DATA,       /* from SND.NXT on */
    TE_PLAN_RETRANSMIT, /* the first that is lost (RFC 6675 NextSeg (1)), or a loss probe */
    TE_PLAN_PROBE,      /* one byte, or the FIN, into a closed window (RFC 9293 3.8.6.1) */
    TE_PLAN_KEEPALIVE,  /* no byte, a sequence number that was acknowledged (RFC 9293 3.8.4) */
    TE_PLAN_ACK
};

struct te_plan {
    enum te_plan_kind kind;
    uint32_t seq;
    uint8_t flags;
    uint64_t offset;   /* stream offset of the first byte */
    uint32_t len;      /* payload */
    bool is_mtu_probe; /* one packet, though it is larger than the MSS (mtu_probe.h) */
};

/* What the connection would send now; false for nothing. */
bool te_output_plan(const struct te_stack *stack, const struct te_conn *conn,
                    struct te_plan *ret_plan);

/* Sends the next segment of the connection into *ret_output, headers in header. False when it has
 * nothing to send, waits for its neighbour, or has died because that does not answer. When it has
 * more it stands in the output queue again. */
bool te_output_next(struct te_stack *stack, struct te_conn *conn, uint8_t *header,
                    struct te_output *ret_output);

/* Bytes and flags in flight: SND.NXT - SND.UNA. */
uint32_t te_output_flight(const struct te_conn *conn);

#endif
