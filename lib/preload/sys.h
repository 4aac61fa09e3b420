/* System calls without the C library: they work before it is ready, in a signal's handler, between
 * vfork() and exec(), and whoever else interposes the wrappers. The answer is the kernel's, that
 * is, -errno for an error; errno itself stays as it is. */
#ifndef TCPENGINE_PRELOAD_SYS_H
#define TCPENGINE_PRELOAD_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>

struct epoll_event;

/* In the sixth argument of a call that has fewer: it is the library's own, which knows what it
 * does; and it asks whether there is a filter that looks for the mark (filter.h). */
#define SYS_MARK 0x7465706d
#define SYS_PROBE 0x74657070

long sys_call(long number, const long arguments[6]);

int sys_socket(int family, int type, int protocol);
int sys_bind(int fd, const void *address, socklen_t length);
int sys_listen(int fd, int backlog);
int sys_connect(int fd, const void *address, socklen_t length);
int sys_accept(int fd, void *address, socklen_t *length, int flags);
int sys_getsockname(int fd, void *address, socklen_t *length);
int sys_getpeername(int fd, void *address, socklen_t *length);
int sys_getsockopt(int fd, int level, int name, void *value, socklen_t *length);
int sys_setsockopt(int fd, int level, int name, const void *value, socklen_t length);
int sys_shutdown(int fd, int how);
long sys_read(int fd, void *bytes, size_t count);
long sys_write(int fd, const void *bytes, size_t count);
long sys_sendmsg(int fd, const struct msghdr *message, int flags);
long sys_recvmsg(int fd, struct msghdr *message, int flags);
/* For reading; close-on-exec. */
int sys_open(const char *path);
int sys_close(int fd);
int sys_dup3(int from, int to, int flags);
int sys_fcntl(int fd, int command, long argument);
int sys_fstat(int fd, struct stat *result);
int sys_epoll_ctl(int epoll_fd, int operation, int fd, struct epoll_event *event);
/* What can be had from fd now, or at the latest after timeout_ms (-1: whenever): poll()'s revents.
 */
int sys_poll_one(int fd, short events, int timeout_ms);
bool sys_hangs_up(int fd);
/* Of a socket, never to come again (SO_COOKIE); 0: it is none. */
uint64_t sys_cookie(int fd);

#endif
