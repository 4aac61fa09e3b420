/* Which of TE_SITUATION_LIST a connection or listener is in. Changes nothing. */
#ifndef TCPENGINE_TCP_EXPLAIN_SITUATION_H
#define TCPENGINE_TCP_EXPLAIN_SITUATION_H

#include <tcpengine/explain.h>

struct te_conn;
struct te_listener;
struct te_stack;

/* Of the situations that are true of it, the first in the order of the table there: what has gone
 * wrong comes before what waits, and what waits before what is well. */
enum te_situation te_situation_of_conn(const struct te_stack *stack, const struct te_conn *conn);
/* What our program has not read leaves no room for a segment of the peer. */
bool te_situation_is_window_shut(const struct te_conn *conn);
enum te_situation te_situation_of_listener(const struct te_stack *stack,
                                           const struct te_listener *listener);

#endif
