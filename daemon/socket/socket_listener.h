/* Listeners of the engine, and how accepted connections reach the program. */
#ifndef TCPENGINED_SOCKET_LISTENER_H
#define TCPENGINED_SOCKET_LISTENER_H

#include "socket/socket_state.h"

/* LISTEN; errno values. */
int socket_listener_open(struct socket *socket, const struct socket_request *request,
                         int program_fd);
/* Its program's end can take records again, or has been closed. */
void socket_listener_look(struct socket *socket);
/* No program has the listening socket any more, or it is to go: forgets it. The last one of a
 * listener ends that. */
void socket_listener_close(struct socket *socket);
/* NULL: no listener has that id. */
struct socket_listener *socket_listener_find(const struct socket_server *server, uint64_t id);
/* Somebody has connected, or there is room again. */
void socket_listener_queue(struct socket_listener *listener);
/* The engine no longer has it: its sockets end. */
void socket_listener_end(struct socket_listener *listener);

#endif
