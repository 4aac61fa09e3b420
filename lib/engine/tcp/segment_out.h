/* Builds the frame of a planned segment: headers into the caller's buffer, payload as pieces of the
 * send ring. Nothing is copied. */
#ifndef TCPENGINE_TCP_SEGMENT_OUT_H
#define TCPENGINE_TCP_SEGMENT_OUT_H

#include <tcpengine/frame.h>

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

struct te_segment_room {
    uint8_t *header; /* TE_OUTPUT_HEADER_MAX bytes */
    struct te_output *output;
};

/* Chooses window and options as it goes: the offered right edge is remembered. */
void te_segment_build(struct te_stack *stack, struct te_conn *conn, const struct te_plan *plan,
                      const uint8_t mac[6], struct te_segment_room room);
/* The header of a pure ACK as it would leave now, for a connection that is about to go. */
void te_segment_ack_header(struct te_stack *stack, struct te_conn *conn,
                           struct te_tcp_header *ret_header);

#endif
