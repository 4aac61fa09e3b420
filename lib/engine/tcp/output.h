/* Which segment next? The plan is decided first, without changing anything; then it is built
 * (segment_out.h), and only what really leaves changes the connection. */
#ifndef TCPENGINE_TCP_OUTPUT_H
#define TCPENGINE_TCP_OUTPUT_H

#include "tcp/segment_out.h"

/* What the connection would send now; false for nothing. */
bool te_output_plan(const struct te_stack *stack, const struct te_conn *conn,
                    struct te_plan *ret_plan);

/* Sends the next segment of the connection into *ret_output, headers in header. False when it has
 * nothing to send, waits for its neighbour, or has died because that does not answer. When it has
 * more it stands in the output queue again. */
bool te_output_next(struct te_stack *stack, struct te_conn *conn, uint8_t *header,
                    struct te_output *ret_output);

#endif
