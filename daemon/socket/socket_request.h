/* One request: checks, and who carries it out. */
#ifndef TCPENGINED_SOCKET_REQUEST_H
#define TCPENGINED_SOCKET_REQUEST_H

#include "socket/socket_state.h"

/* Carries out what link has sent: a message of len bytes, and the descriptor in it, of which it
 * takes care (socket_pair.h). False: the link is to end. */
bool socket_request_handle(struct socket_link *link, const struct socket_request *request,
                           ssize_t len, int passed_fd);

#endif
