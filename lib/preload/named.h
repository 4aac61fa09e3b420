/* The addresses of accepted connections, which came along with them and never change: getsockname()
 * and getpeername() need no request for them. */
#ifndef TCPENGINE_PRELOAD_NAMED_H
#define TCPENGINE_PRELOAD_NAMED_H

#include <stdbool.h>

#include "socket.h"

struct named {
    struct socket_address local, remote;
};

void named_keep(int fd, const struct named *named);
/* False: not known here (any more), or fd hangs up, so that it may have no peer. */
bool named_look(int fd, struct named *ret_named);

#endif
