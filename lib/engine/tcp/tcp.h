/* What the stack calls in tcp/. Segments come in through te_transport (ip/transport.h), which
 * te_tcp_init installs. */
#ifndef TCPENGINE_TCP_TCP_H
#define TCPENGINE_TCP_TCP_H

#include <tcpengine/stack.h>

struct te_wheel_node;

/* Empty tables, in a stack whose config is set. TE_ERR_NOMEM: te_tcp_done frees what there is. */
enum te_err te_tcp_init(struct te_stack *stack);
/* Frees all connections and listeners silently, and the tables. */
void te_tcp_done(struct te_stack *stack);
/* The next segment of any connection, first come first served, but large frames of one connection
 * in turns of several; header has TE_OUTPUT_HEADER_MAX bytes. False when there is none. */
bool te_tcp_poll_output(struct te_stack *stack, uint8_t *header, struct te_output *ret_output);
/* A wheel node of a connection or of the TIME_WAIT table is due. */
void te_tcp_handle_timer(struct te_stack *stack, struct te_wheel_node *node);

#endif
