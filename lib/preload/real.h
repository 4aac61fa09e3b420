/* The C library's own functions behind those that we replace. They, not the system calls, are where
 * a thread can be cancelled. They are looked up once, when the library is initialised; whoever
 * calls earlier (another library's constructor, an allocator) gets the bare system call. */
#ifndef TCPENGINE_PRELOAD_REAL_H
#define TCPENGINE_PRELOAD_REAL_H

#include <spawn.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

#define REAL_LIST(X)                                                                               \
    X(read, ssize_t, (int, void *, size_t))                                                        \
    X(readv, ssize_t, (int, const struct iovec *, int))                                            \
    X(recvfrom, ssize_t, (int, void *, size_t, int, struct sockaddr *, socklen_t *))               \
    X(recvmsg, ssize_t, (int, struct msghdr *, int))                                               \
    X(sendto, ssize_t, (int, const void *, size_t, int, const struct sockaddr *, socklen_t))       \
    X(sendmsg, ssize_t, (int, const struct msghdr *, int))                                         \
    X(write, ssize_t, (int, const void *, size_t))                                                 \
    X(writev, ssize_t, (int, const struct iovec *, int))                                           \
    X(sendfile, ssize_t, (int, int, off_t *, size_t))                                              \
    X(sendmmsg, int, (int, struct mmsghdr *, unsigned, int))                                       \
    X(recvmmsg, int, (int, struct mmsghdr *, unsigned, int, struct timespec *))                    \
    X(execvpe, int, (const char *, char *const *, char *const *))                                  \
    X(posix_spawn, int,                                                                            \
      (pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,       \
       char *const *, char *const *))                                                              \
    X(posix_spawnp, int,                                                                           \
      (pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,       \
       char *const *, char *const *))

struct real {
#define X(name, result, arguments) result(*name) arguments;
    REAL_LIST(X)
#undef X
};

/* NULL members: not looked up yet. */
extern struct real real;

ssize_t real_read(int fd, void *bytes, size_t count);
ssize_t real_readv(int fd, const struct iovec *pieces, int count);
ssize_t real_recvfrom(int fd, void *bytes, size_t count, int flags, struct sockaddr *address,
                      socklen_t *length);
ssize_t real_recvmsg(int fd, struct msghdr *message, int flags);
ssize_t real_sendto(int fd, const void *bytes, size_t count, int flags,
                    const struct sockaddr *address, socklen_t length);
ssize_t real_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t real_write(int fd, const void *bytes, size_t count);
ssize_t real_writev(int fd, const struct iovec *pieces, int count);
ssize_t real_sendfile(int fd, int file, off_t *offset, size_t count);
int real_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);
int real_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
                  struct timespec *limit);
int real_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);
int real_connect(int fd, const struct sockaddr *address, socklen_t length);

/* Sets errno and gives -1 for a kernel's negative answer. */
ssize_t real_result(long answer);

#endif
