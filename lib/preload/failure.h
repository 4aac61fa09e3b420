/* The error of a connection, where the kernel's own error of the descriptor does not say it. */
#ifndef TCPENGINE_PRELOAD_FAILURE_H
#define TCPENGINE_PRELOAD_FAILURE_H

#include <sys/types.h>

/* SO_ERROR of an engine socket: 0 or an errno, which is then taken. */
int failure_take(int fd);
/* The end of file that read(2) reported on any descriptor: 0, or -1 with errno when it was no FIN.
 */
ssize_t failure_at_end(int fd);
/* After a write to any descriptor that has failed with errno: EPIPE becomes what has ended the
 * connection, once. Returns errno. */
int failure_at_write(int fd);
/* After a read that has failed with ECONNRESET: errno becomes what has ended the connection. */
void failure_at_reset(int fd);

#endif
