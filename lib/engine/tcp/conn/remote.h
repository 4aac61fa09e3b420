/* A remote as limits per remote see it: an IPv4 address, or the /64 that an IPv6 host can choose
 * its addresses from. */
#ifndef TCPENGINE_TCP_CONN_REMOTE_H
#define TCPENGINE_TCP_CONN_REMOTE_H

#include <tcpengine/types.h>

struct te_stack;

/* SipHash of the remote under the stack's secret, unpredictable from outside. domain is a number of
 * the caller's own: with another one the same remote hashes to something unrelated. */
uint64_t te_remote_hash(const struct te_stack *stack, uint8_t domain, const struct te_addr *remote);

#endif
