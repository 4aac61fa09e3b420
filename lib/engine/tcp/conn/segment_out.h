/* Builds the frame of a planned segment: headers into the caller's buffer, payload as pieces of the
 * send ring. Nothing is copied. */
#ifndef TCPENGINE_TCP_CONN_SEGMENT_OUT_H
#define TCPENGINE_TCP_CONN_SEGMENT_OUT_H

#include "tcp/output.h"

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
