/* What happens when a connection's deadline is reached (RFC 9293 3.10.8, RFC 6298 5, RFC 9293
 * 3.8). */
#ifndef TCPENGINE_TCP_TIMEOUT_H
#define TCPENGINE_TCP_TIMEOUT_H

#include <stdbool.h>
#include <tcpengine/conn.h>

struct te_conn;
struct te_stack;

/* Whether a connection may have that timer: TIME_WAIT's is the table's. */
bool te_timer_is_of_conn(enum te_timer timer);

/* Runs every deadline that is due; the connection may be gone afterwards. */
void te_timeout(struct te_stack *stack, struct te_conn *conn);

#endif
