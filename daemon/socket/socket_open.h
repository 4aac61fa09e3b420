/* BIND and CONNECT, and the outcome. */
#ifndef TCPENGINED_SOCKET_OPEN_H
#define TCPENGINED_SOCKET_OPEN_H

#include "socket/socket_state.h"

/* Carry the requests out; errno values. */
int socket_open_bind(struct socket *socket, const struct socket_request *request);
/* program_fd is borrowed. EINPROGRESS: the outcome comes later. */
int socket_open_connect(struct socket *socket, const struct socket_request *request,
                        int program_fd);
/* WRAP: the connection that it names is the socket's. */
int socket_open_wrap(struct socket *socket, const struct socket_request *request);
/* The engine has something to say about the opening. */
void socket_open_look(struct socket *socket);
/* Nobody waits for the outcome any more, but the opening goes on. */
void socket_open_detach(struct socket *socket, int program_fd);
/* The address as the engine has it. False: it is not of the socket's family. */
bool socket_open_endpoint(const struct socket *socket, const struct socket_address *address,
                          struct te_endpoint *ret_endpoint);

#endif
