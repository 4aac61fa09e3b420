/* BIND: the addresses that sockets have, before anything listens or connects there. */
#ifndef TCPENGINED_SOCKET_PORT_H
#define TCPENGINED_SOCKET_PORT_H

#include "socket/socket_state.h"

/* The socket has that address from now on; errno values. Port 0: one is chosen. */
int socket_port_bind(struct socket *socket, const struct te_endpoint *local);
/* It has none any more. Harmless if it had none. */
void socket_port_leave(struct socket *socket);
/* What a listener on the socket's address takes. */
enum te_listen_family socket_port_family(const struct socket *socket);

#endif
