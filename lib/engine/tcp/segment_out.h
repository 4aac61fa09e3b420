/* Builds the frame of a planned segment: headers into the caller's buffer, payload as pieces of the
 * send ring, not copied. */
#ifndef TCPENGINE_TCP_SEGMENT_OUT_H
#define TCPENGINE_TCP_SEGMENT_OUT_H

#include <tcpengine/frame.h>

#include "tcp/conn/conn.h"

enum te_plan_kind {
    TE_PLAN_NONE = 0,
    TE_PLAN_SYN,        /* SYN or SYN,ACK, first or again */
    TE_PLAN_DATA,       /* from SND.NXT on */
    TE_PLAN_RETRANSMIT, /* NextSeg (1) or (3) of RFC 6675, or a loss probe */
    TE_PLAN_PROBE,      /* one byte, or the FIN, into a closed window (RFC 9293 3.8.6.1) */
    TE_PLAN_KEEPALIVE,  /* no byte, at a number that was acknowledged (RFC 9293 3.8.4) */
    TE_PLAN_ACK
};

struct te_plan {
    enum te_plan_kind kind;
    uint32_t seq;
    uint8_t flags;
    uint64_t offset;   /* stream offset of the first byte */
    uint32_t len;      /* bytes of payload; more than one MSS: split by GSO */
    bool is_mtu_probe; /* one packet in spite of len > mss (mtu_probe.h) */
};

struct te_segment_room {
    uint8_t *header; /* TE_OUTPUT_HEADER_MAX bytes */
    struct te_output *output;
};

/* Builds it from the plan, for the neighbour's mac. Chooses window, options and ECN bits, and
 * remembers what they promise: the right edge in rcv_adv, CWR as sent, the packet's size. Counts
 * and sequence numbers are the caller's. room.output borrows room.header and the send ring until
 * the next call that changes the stack. */
void te_segment_build(struct te_stack *stack, struct te_conn *conn, const struct te_plan *plan,
                      const uint8_t mac[6], struct te_segment_room room);
/* The header of a pure ACK as it would leave now, for a connection that is about to be freed; it
 * counts as sent. */
void te_segment_ack_header(struct te_stack *stack, struct te_conn *conn,
                           struct te_tcp_header *ret_header);

#endif
