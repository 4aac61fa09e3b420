/* SEGMENT ARRIVES (RFC 9293 3.10.7). One file a state that is not synchronized, one for TIME_WAIT,
 * and input.c for "other states", whose steps carry the numbers of 3.10.7.4. */
#ifndef TCPENGINE_TCP_INPUT_H
#define TCPENGINE_TCP_INPUT_H

#include "tcp/conn/conn.h"
#include "tcp/conn/receive_buffer.h"
#include "tcp/conn/segment_in.h"
#include "tcp/time_wait/time_wait.h"

/* 3.10.7.4: SYN_RCVD to LAST_ACK. */
void te_input_conn(struct te_stack *stack, struct te_conn *conn, struct te_segment *segment);
/* The sixth to eighth step alone, for what came with a SYN,ACK. */
void te_input_text_and_fin(struct te_stack *stack, struct te_conn *conn,
                           struct te_segment *segment);
/* 3.10.7.3. */
void te_input_syn_sent(struct te_stack *stack, struct te_conn *conn, struct te_segment *segment);
/* 3.10.7.2. old: NULL, or the TIME_WAIT entry of an old incarnation, which ends when the new one
 * exists (RFC 6191); the new ISN is beyond its last number. */
void te_input_listen(struct te_stack *stack, struct te_listener *listener,
                     struct te_segment *segment, const struct te_time_wait_view *old);
/* TIME_WAIT. */
void te_input_time_wait(struct te_stack *stack, uint32_t handle, struct te_segment *segment);

/* The fifth step (input_ack.c). False: the segment is done with, or the connection is gone. */
bool te_input_step_ack(struct te_stack *stack, struct te_conn *conn, struct te_segment *segment);
/* The segment acknowledges our SYN, and perhaps more of what was sent. */
void te_input_ack_syn(struct te_stack *stack, struct te_conn *conn,
                      const struct te_segment *segment);
/* RTT of a handshake, IW, readiness: the opening is over. */
void te_input_established(struct te_stack *stack, struct te_conn *conn);
/* What the receive buffer said about the segment's text: what it took nothing of is dropped. */
void te_input_drop_text(struct te_stack *stack, struct te_conn *conn,
                        const struct te_segment *segment, enum te_receive_result result);

#endif
