/* Which connections with a closed window are aborted when memory is short.
 *
 * A sender probes a closed window for as long as its peer answers (RFC 9293 3.8.6.1, MUST-37), and
 * keeps its queue all that time: a peer that opens many connections and reads nothing (sockstress)
 * could hold all memory for ever. RFC 9293 leaves this to the implementation's resource management
 * and refers to RFC 6429, which allows such connections to be aborted. Ours is aborted when its
 * probes are as far apart as they get, which takes minutes without progress, and the host has no
 * memory for a new connection and its first buffers. The host is asked at that moment, for each
 * connection anew, so that the aborts stop as soon as there is memory again. */
#ifndef TCPENGINE_TCP_CONN_PERSIST_H
#define TCPENGINE_TCP_CONN_PERSIST_H

#include <stdbool.h>

struct te_stack;
struct te_conn;

/* The persist timer has expired: whether the connection is to be reset and freed instead of probing
 * again. Its window is 0, the backed-off timeout has reached config.rto_max_us, and the allocator
 * refuses a trial allocation, which is freed at once. */
bool te_persist_should_yield(const struct te_stack *stack, const struct te_conn *conn);

#endif
