/* bind, listen, connect and accept as the engine does them: for the functions that replace the C
 * library's, and for the supervisor of programs that have none. */
#ifndef TCPENGINE_PRELOAD_OPEN_H
#define TCPENGINE_PRELOAD_OPEN_H

#include <stdbool.h>
#include <sys/socket.h>

enum open_by {
    OPEN_BY_KERNEL, /* nothing is done: the kernel's call is the right one */
    OPEN_BY_ENGINE, /* *ret_result is 0 or -errno */
};

enum open_by open_bind(int fd, const struct sockaddr *address, socklen_t length, int *ret_result);
enum open_by open_listen(int fd, int backlog, int *ret_result);
/* is_nowait: does not block, whatever fd's flags say. */
enum open_by open_connect(int fd, const struct sockaddr *address, socklen_t length, bool is_nowait,
                          int *ret_result);
/* fd is an engine socket. receive_flags: MSG_DONTWAIT, or 0. Gives the descriptor, or -1 with
 * errno. */
int open_accept(int fd, struct sockaddr *address, socklen_t *length, int flags, int receive_flags);

#endif
