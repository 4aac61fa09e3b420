/* SEGMENT ARRIVES (RFC 9293 3.10.7). LISTEN, SYN_SENT and TIME_WAIT have a file each; input.c and
 * input_ack.c are "other states", with the steps of 3.10.7.4 under their numbers.
 *
 * The segment is the caller's; the steps trim it (segment_in.h). Any of these functions may end the
 * protocol of the connection, which may then have been freed (life.h). */
#ifndef TCPENGINE_TCP_INPUT_H
#define TCPENGINE_TCP_INPUT_H

#include "tcp/conn/conn.h"
#include "tcp/conn/receive_buffer.h"
#include "tcp/conn/segment_in.h"
#include "tcp/time_wait/time_wait.h"

/* 3.10.7.4: SYN_RCVD to LAST_ACK. */
void te_input_conn(struct te_stack *stack, struct te_conn *conn, struct te_segment *segment);
/* The sixth to eighth step alone, for what came with a SYN,ACK. Trims what repeats old text. */
void te_input_text_and_fin(struct te_stack *stack, struct te_conn *conn,
                           struct te_segment *segment);
/* 3.10.7.3: conn is in SYN_SENT. */
void te_input_syn_sent(struct te_stack *stack, struct te_conn *conn, struct te_segment *segment);
/* 3.10.7.2. old: NULL, or the TIME_WAIT entry of an old incarnation, which ends once the new one
 * exists (RFC 6191); the new ISN lies beyond its last number. */
void te_input_listen(struct te_stack *stack, struct te_listener *listener,
                     struct te_segment *segment, const struct te_time_wait_view *old);
/* 3.10.7.4 for an entry of the TIME_WAIT table (RFC 1337, RFC 6191). */
void te_input_time_wait(struct te_stack *stack, uint32_t handle, struct te_segment *segment);

/* The fifth step (input_ack.c). False: the segment ends here, or the connection has. */
bool te_input_step_ack(struct te_stack *stack, struct te_conn *conn, struct te_segment *segment);
/* The fifth step for a segment in a synchronized state that the first has rejected and answered:
 * takes its ACK and its window, if the ACK is good; of its timestamp only the echo counts (RFC 7323
 * 5.3 R2). May end the protocol of the connection. */
void te_input_take_old_ack(struct te_stack *stack, struct te_conn *conn,
                           const struct te_segment *segment);
/* The segment acknowledges our SYN, and perhaps more of what was sent: SEG.ACK is in (SND.UNA,
 * SND.MAX]. */
void te_input_ack_syn(struct te_stack *stack, struct te_conn *conn,
                      const struct te_segment *segment);
/* The opening is over: recovery starts clean, cwnd and RTO after a lost SYN are cut, the user is
 * told, timers start. */
void te_input_established(struct te_stack *stack, struct te_conn *conn);
/* Counts the drop, when the receive buffer took nothing of the segment's text. */
void te_input_drop_text(struct te_stack *stack, struct te_conn *conn,
                        const struct te_segment *segment, enum te_receive_result result);

#endif
