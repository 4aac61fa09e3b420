/* Which connections before a window of 0 go when memory is short.
 *
 * A sender probes for as long as its peer answers (RFC 9293 3.8.6.1, MUST-37), and holds its queue
 * all that time: who opens many connections and takes nothing (sockstress) could hold all memory
 * for ever. RFC 9293 leaves that to the implementation's resource management, and names RFC 6429,
 * which allows to abort such connections. Here one goes when its probes are as far apart as they
 * get, which takes minutes without any progress, and the host has no memory for a new connection
 * and its first buffers. It is asked at that moment, connection by connection, so that nobody goes
 * once there is enough again. */
#ifndef TCPENGINE_TCP_CONN_PERSIST_H
#define TCPENGINE_TCP_CONN_PERSIST_H

#include <stdbool.h>

struct te_stack;
struct te_conn;

/* The persist timer has expired: whether the connection has to go. */
bool te_persist_should_yield(const struct te_stack *stack, const struct te_conn *conn);

#endif
