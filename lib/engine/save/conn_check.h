/* Whether a connection that was read from bytes is one that the engine could have made.
 *
 * It checks what te_stack_check_invariants() takes for granted and what every later step relies on
 * without asking again: ids and addresses, flags that fit the state (RFC 9293 3.3.2), sequence
 * numbers that fit the stream offsets, windows and scales in their bounds (RFC 7323 2.3), and sizes
 * that cannot overflow. No value that passes may lead into an assert later. */
#ifndef TCPENGINE_SAVE_CONN_CHECK_H
#define TCPENGINE_SAVE_CONN_CHECK_H

#include "tcp/conn/conn.h"

/* Whether conn, which is in no table yet, may enter the stack. False: refuse the state with
 * TE_ERR_INVALID. */
bool te_conn_check_restored(struct te_stack *stack, const struct te_conn *conn);

/* After all connections were restored: cuts path MTUs and searches to the link's MTU, which may be
 * smaller than before. */
void te_conns_fit_mtu(struct te_stack *stack);

#endif
