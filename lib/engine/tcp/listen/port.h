/* Ephemeral ports by RFC 6056 3.3.3 (simple hash-based selection): a keyed offset for each peer, so
 * that ports to one peer rise while nobody else can predict them. */
#ifndef TCPENGINE_TCP_LISTEN_PORT_H
#define TCPENGINE_TCP_LISTEN_PORT_H

#include <tcpengine/types.h>

struct te_stack;

/* A port with which local (its port is ignored) has no connection to remote, no TIME_WAIT entry and
 * no listener; 0 when all are taken. */
uint16_t te_port_choose(struct te_stack *stack, const struct te_endpoint *local,
                        const struct te_endpoint *remote);
/* Whether the 4-tuple is in use, TIME_WAIT included. */
bool te_port_is_taken(const struct te_stack *stack, const struct te_endpoint *local,
                      const struct te_endpoint *remote);

#endif
