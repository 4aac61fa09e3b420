/* Segments that no connection owns, or that outlive theirs: RSTs and TIME_WAIT's ACKs. They are
 * small, complete packets on the control queue. */
#ifndef TCPENGINE_TCP_CONN_RESET_H
#define TCPENGINE_TCP_CONN_RESET_H

#include "tcp/conn/segment_in.h"

struct te_conn;

/* The RST of RFC 9293 3.10.7.1 for a segment without a connection; nothing for a RST. */
void te_reset_answer(struct te_stack *stack, const struct te_segment *segment);
/* <SEQ=SEG.ACK><CTL=RST> (3.10.7.2, 3.10.7.3, and the fifth check of SYN_RCVD). */
void te_reset_answer_ack(struct te_stack *stack, const struct te_segment *segment);
/* The RST of an ABORT, for a connection in SYN_RCVD or a synchronized state whose peer waits for
 * more than an ACK; otherwise nothing (3.10.5). The connection's state is not changed. */
void te_reset_conn(struct te_stack *stack, const struct te_conn *conn);
/* Any header as a packet of its own. */
void te_reset_send_header(struct te_stack *stack, const struct te_endpoint *local,
                          const struct te_endpoint *remote, const struct te_tcp_header *header);

#endif
