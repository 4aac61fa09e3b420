/* Segments that belong to no connection or outlive theirs: RSTs and the ACKs of TIME_WAIT. Each is
 * a small, complete packet on the control queue (ip/control_queue.h), which may drop it when full.
 * The RSTs of connections have a share of their own there, in which there is room for all that
 * exist.
 *
 * RSTs in answer to a segment are limited to config.rst_per_second, and to half of the control
 * queue; beyond that nothing is sent, and resets_limited counts. Segment and header are borrowed
 * until return. */
#ifndef TCPENGINE_TCP_CONN_RESET_H
#define TCPENGINE_TCP_CONN_RESET_H

#include "tcp/conn/segment_in.h"

struct te_conn;

/* The RST for a segment that has no connection (RFC 9293 3.10.7.1): <SEQ=SEG.ACK> if it has an ACK,
 * else <SEQ=0><ACK=SEG.SEQ+SEG.LEN>. Never in answer to a RST. */
void te_reset_answer(struct te_stack *stack, const struct te_segment *segment);
/* <SEQ=SEG.ACK><CTL=RST>, for an unacceptable ACK (3.10.7.2, 3.10.7.3, and the fifth check of
 * SYN_RCVD). Never in answer to a RST. */
void te_reset_answer_ack(struct te_stack *stack, const struct te_segment *segment);
/* The same for text that came after CLOSE (3.6.1), whose connection the caller ends. SND.NXT may
 * lie beyond the peer's RCV.NXT, and would only be challenged (RFC 5961 3.2). Not limited: there is
 * one per connection. */
void te_reset_refuse(struct te_stack *stack, const struct te_segment *segment);
/* The RST of an ABORT (3.10.5), for a connection in SYN_RCVD or in a synchronized state whose peer
 * waits for more than an ACK; otherwise nothing. Not limited: there is one per connection, whose
 * state the caller changes. */
void te_reset_conn(struct te_stack *stack, const struct te_conn *conn);
/* Sends a segment without text: header, with ports and checksum filled in. */
void te_reset_send_header(struct te_stack *stack, const struct te_endpoint *local,
                          const struct te_endpoint *remote, const struct te_tcp_header *header);

#endif
