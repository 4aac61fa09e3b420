/* Messages over Unix sockets, with descriptors (SCM_RIGHTS). Nothing here waits. */
#ifndef TCPENGINED_MESSAGE_H
#define TCPENGINED_MESSAGE_H

#include <stdbool.h>
#include <sys/types.h>

#define MESSAGE_FDS_MAX 8

/* Sends a message with count descriptors, at most MESSAGE_FDS_MAX, which stay the caller's. False:
 * errno says why not. */
bool message_send(int fd, const void *data, size_t len, const int *fds, size_t count);
/* Receives a message of at most len bytes, and the descriptor in it: *ret_fd is MESSAGE_NO_FD if
 * there was none, MESSAGE_MANY_FDS if there were several, which are closed. Returns what recvmsg(2)
 * did, with MSG_TRUNC. */
#define MESSAGE_NO_FD (-1)
#define MESSAGE_MANY_FDS (-2)
ssize_t message_receive(int fd, void *data, size_t len, int *ret_fd);

#endif
