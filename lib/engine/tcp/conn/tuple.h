/* A 4-tuple as the key of a hash. */
#ifndef TCPENGINE_TCP_CONN_TUPLE_H
#define TCPENGINE_TCP_CONN_TUPLE_H

#include <tcpengine/types.h>

struct te_stack;

/* SipHash of the 4-tuple under the stack's secret, unpredictable from outside. domain is a number
 * of the caller's own: with another one the same 4-tuple hashes to something unrelated, so that
 * what one use shows on the wire (ISN, timestamps, ports) tells nothing about the others. Local and
 * remote are not interchangeable. */
uint64_t te_tuple_hash(const struct te_stack *stack, uint32_t domain,
                       const struct te_endpoint *local, const struct te_endpoint *remote);

#endif
