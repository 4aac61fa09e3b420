/* Addresses of sockets, as a program sees them and as the kernel has them. */
#ifndef TCPENGINE_PRELOAD_ADDRESS_H
#define TCPENGINE_PRELOAD_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "socket.h"

/* As getpeername(2) and accept(2) hand one over: cut off at *length, which becomes its true length.
 * Nothing if address is NULL. */
void address_show(const struct socket_address *shown, struct sockaddr *address, socklen_t *length);
void address_copy(const void *from, socklen_t from_length, struct sockaddr *address,
                  socklen_t *length);

/* Whether a TCP socket of the kernel's has a local address: it was bound to what is the kernel's,
 * or is connected. */
bool address_is_kernel_bound(int fd);
bool address_has_peer(int fd);
/* Whether these bytes, as recvfrom(2) left them, begin the name of the daemon's end; the boot id
 * comes behind ADDRESS_DAEMONS_BYTES of them. */
#define ADDRESS_DAEMONS_BYTES (offsetof(struct sockaddr_un, sun_path) + sizeof(SOCKET_NAME_PREFIX))
bool address_is_daemons(const void *address, socklen_t length);

#endif
