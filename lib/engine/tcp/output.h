/* Which segment of a connection is next. First comes a plan, which changes nothing; then the frame
 * is built (segment_out.h); and only what really leaves changes the connection. */
#ifndef TCPENGINE_TCP_OUTPUT_H
#define TCPENGINE_TCP_OUTPUT_H

#include "tcp/segment_out.h"

/* What the connection would send now. False: nothing, *ret_plan untouched. Data needs a spare
 * record (te_sender_prepare); without one it is not planned. */
bool te_segment_plan(const struct te_stack *stack, const struct te_conn *conn,
                     struct te_plan *ret_plan);

/* What keeps its next byte back, after te_segment_plan has found nothing to send. */
enum te_hold te_segment_hold(const struct te_stack *stack, const struct te_conn *conn);

/* Sends the connection's next segment into *ret_output, with its headers in header
 * (TE_OUTPUT_HEADER_MAX bytes) and its payload borrowed from the send ring, as te_stack_poll_output
 * promises. The connection, which the caller has taken from the output queue, queues itself again.
 *
 * False: there is nothing to send now, or the connection waits for its neighbour (in both cases
 * it is queued again when that changes), or a segment was lost because the neighbour did
 * not answer; an opening in SYN_SENT dies of that, and conn is freed or its remains are left. */
bool te_segment_next(struct te_stack *stack, struct te_conn *conn, uint8_t *header,
                     struct te_output *ret_output);

#endif
