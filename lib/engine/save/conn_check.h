/* Whether a connection that was read from bytes is one that the engine could have made: what the
 * invariants take for granted, and what every later step relies on without asking again. */
#ifndef TCPENGINE_SAVE_CONN_CHECK_H
#define TCPENGINE_SAVE_CONN_CHECK_H

#include "tcp/conn/conn.h"

/* conn stands in no table yet. */
bool te_conn_check_restored(struct te_stack *stack, const struct te_conn *conn);

/* The link's MTU may have become smaller than the paths were. */
void te_conns_fit_mtu(struct te_stack *stack);

#endif
