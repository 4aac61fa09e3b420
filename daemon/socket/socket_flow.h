/* Bytes of a connected socket, in both directions, and the ends of either. */
#ifndef TCPENGINED_SOCKET_FLOW_H
#define TCPENGINED_SOCKET_FLOW_H

#include "socket/socket_state.h"

/* The socket has the connection with that id, which is open; what the engine has released already
 * was somebody else's. */
void socket_flow_begin(struct socket *socket, uint64_t id);
/* Moves what can be moved, for a slice of time. True: there is more to do. The socket may be gone
 * afterwards: then it is false. */
bool socket_flow_run(struct socket *socket);
/* The connection has failed: the program's end says so. */
void socket_flow_fail(struct socket *socket, int error);
/* No program has the socket any more, or it is to be reset: gives the connection up, and forgets
 * the socket. */
void socket_flow_close(struct socket *socket);
void socket_flow_abort(struct socket *socket);

#endif
