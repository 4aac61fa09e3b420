/* The face of tcp/ toward the stack. */
#ifndef TCPENGINE_TCP_TCP_H
#define TCPENGINE_TCP_TCP_H

#include <tcpengine/stack.h>

struct te_wheel_node;

enum te_err te_tcp_init(struct te_stack *stack);
void te_tcp_done(struct te_stack *stack);
/* The next segment of any connection; false when there is none. */
bool te_tcp_poll_output(struct te_stack *stack, uint8_t *header, struct te_output *ret_output);
/* A wheel node of tcp/ is due. */
void te_tcp_handle_timer(struct te_stack *stack, struct te_wheel_node *node);

#endif
