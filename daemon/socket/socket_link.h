/* One connection to the socket for requests, from its connection to its end. */
#ifndef TCPENGINED_SOCKET_LINK_H
#define TCPENGINED_SOCKET_LINK_H

#include "socket/socket_state.h"

/* Takes over a connected descriptor. NULL: refused or no memory; fd is closed. */
struct socket_link *socket_link_new(struct socket_server *server, int fd);
/* Ends it. What its last request began goes on. */
void socket_link_end(struct socket_link *link);

#endif
