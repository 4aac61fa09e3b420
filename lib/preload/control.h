/* Requests to the daemon, over a connection of their own that is closed at once: nothing of it is
 * left for a fork, an exec, or a program that closes all descriptors. All functions give 0 or
 * -errno. */
#ifndef TCPENGINE_PRELOAD_CONTROL_H
#define TCPENGINE_PRELOAD_CONTROL_H

#include <stdbool.h>

#include "socket.h"

struct control {
    int fd;
};

/* ENETDOWN when there is no daemon. */
int control_open(struct control *control);
void control_close(struct control *control);

void control_request_init(struct socket_request *request, enum socket_op op);
/* One request and its answer. socket_fd: -1, or what the request is about. Gives the answer's
 * error, negative. A signal interrupts it only if interruptible: then it gives -EINTR, and the
 * connection is of no more use. */
int control_ask(struct control *control, int socket_fd, const struct socket_request *request,
                struct socket_answer *ret_answer, bool interruptible);
/* The same over a fresh connection. */
int control_ask_once(int socket_fd, const struct socket_request *request,
                     struct socket_answer *ret_answer);
/* A new engine socket; the descriptor (>= 0) is close-on-exec. */
int control_socket_new(struct control *control, int family);

#endif
