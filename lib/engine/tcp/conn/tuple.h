/* A 4-tuple as a key. */
#ifndef TCPENGINE_TCP_CONN_TUPLE_H
#define TCPENGINE_TCP_CONN_TUPLE_H

#include <tcpengine/types.h>

struct te_stack;

/* The hash of a 4-tuple under the stack's secret; domain keeps uses apart (ISN, ports, tables). */
uint64_t te_tuple_hash(const struct te_stack *stack, uint32_t domain,
                       const struct te_endpoint *local, const struct te_endpoint *remote);

#endif
