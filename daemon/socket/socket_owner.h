/* Who has sockets: counts, and the turns in which work for them is done. */
#ifndef TCPENGINED_SOCKET_OWNER_H
#define TCPENGINED_SOCKET_OWNER_H

#include "socket/socket_state.h"

/* Takes a reference to the owner that peer is. NULL: no memory. */
struct socket_owner *socket_owner_get(struct socket_server *server, const struct sp_peer *peer);
struct socket_owner *socket_owner_ref(struct socket_owner *owner);
void socket_owner_unref(struct socket_owner *owner);
/* Sockets of the uid, as admin or not. */
unsigned socket_owner_count(const struct socket_server *server, uint32_t uid);

#endif
