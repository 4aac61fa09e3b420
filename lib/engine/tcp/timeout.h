/* What happens when a deadline of a connection (conn/timers.h) expires: RFC 9293 3.10.8 and 3.8,
 * RFC 6298 5. */
#ifndef TCPENGINE_TCP_TIMEOUT_H
#define TCPENGINE_TCP_TIMEOUT_H

#include <stdbool.h>
#include <tcpengine/conn.h>

struct te_conn;
struct te_stack;

/* Whether a connection may have this timer. TIME_WAIT's belongs to the TIME_WAIT table. */
bool te_timer_is_of_conn(enum te_timer timer);

/* How often in a row the connection, in its present state, may send the same again: R2 of RFC 9293
 * 3.8.3, or the limit of its handshake. */
uint8_t te_timeout_retries_max(const struct te_stack *stack, const struct te_conn *conn);

/* Runs the deadlines that are due at stack->now_us, in the order of enum te_timer, until one of
 * them ends the protocol; then the connection may have been freed. Else it is armed for the next.
 */
void te_timeout(struct te_stack *stack, struct te_conn *conn);

#endif
