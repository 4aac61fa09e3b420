#include "sys.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>

#if defined(__x86_64__)
long sys_call(long number, const long a[6])
{
    long result;
    register long r10 __asm__("r10") = a[3];
    register long r8 __asm__("r8") = a[4];
    register long r9 __asm__("r9") = a[5];
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
#elif defined(__aarch64__)
long sys_call(long number, const long a[6])
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a[0];
    register long x1 __asm__("x1") = a[1];
    register long x2 __asm__("x2") = a[2];
    register long x3 __asm__("x3") = a[3];
    register long x4 __asm__("x4") = a[4];
    register long x5 __asm__("x5") = a[5];
    __asm__ volatile("svc #0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
}
#else
#error "the system call of this processor is missing here"
#endif

#define CALL(number, ...) sys_call(number, (const long[6]){__VA_ARGS__})

#define MARKED_CALL(number, a, b, c, d, e) CALL(number, a, b, c, d, e, SYS_MARK)

int sys_socket(int family, int type, int protocol)
{
    return (int)CALL(SYS_socket, family, type, protocol);
}

int sys_bind(int fd, const void *address, socklen_t length)
{
    return (int)MARKED_CALL(SYS_bind, fd, (long)address, (long)length, 0, 0);
}

int sys_listen(int fd, int backlog)
{
    return (int)MARKED_CALL(SYS_listen, fd, backlog, 0, 0, 0);
}

int sys_connect(int fd, const void *address, socklen_t length)
{
    return (int)MARKED_CALL(SYS_connect, fd, (long)address, (long)length, 0, 0);
}

int sys_accept(int fd, void *address, socklen_t *length, int flags)
{
    return (int)MARKED_CALL(SYS_accept4, fd, (long)address, (long)length, flags, 0);
}

int sys_getsockname(int fd, void *address, socklen_t *length)
{
    return (int)MARKED_CALL(SYS_getsockname, fd, (long)address, (long)length, 0, 0);
}

int sys_getpeername(int fd, void *address, socklen_t *length)
{
    return (int)MARKED_CALL(SYS_getpeername, fd, (long)address, (long)length, 0, 0);
}

int sys_getsockopt(int fd, int level, int name, void *value, socklen_t *length)
{
    return (int)MARKED_CALL(SYS_getsockopt, fd, level, name, (long)value, (long)length);
}

int sys_setsockopt(int fd, int level, int name, const void *value, socklen_t length)
{
    return (int)MARKED_CALL(SYS_setsockopt, fd, level, name, (long)value, (long)length);
}

int sys_shutdown(int fd, int how)
{
    return (int)CALL(SYS_shutdown, fd, how);
}

long sys_read(int fd, void *bytes, size_t count)
{
    return CALL(SYS_read, fd, (long)bytes, (long)count);
}

long sys_write(int fd, const void *bytes, size_t count)
{
    return CALL(SYS_write, fd, (long)bytes, (long)count);
}

long sys_sendmsg(int fd, const struct msghdr *message, int flags)
{
    return CALL(SYS_sendmsg, fd, (long)message, flags);
}

long sys_recvmsg(int fd, struct msghdr *message, int flags)
{
    return CALL(SYS_recvmsg, fd, (long)message, flags);
}

int sys_open(const char *path)
{
    return (int)CALL(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC);
}

int sys_close(int fd)
{
    return (int)CALL(SYS_close, fd);
}

int sys_dup3(int from, int to, int flags)
{
    return (int)CALL(SYS_dup3, from, to, flags);
}

int sys_fcntl(int fd, int command, long argument)
{
    return (int)CALL(SYS_fcntl, fd, command, argument);
}

int sys_fstat(int fd, struct stat *result)
{
    return (int)CALL(SYS_newfstatat, fd, (long)"", (long)result, AT_EMPTY_PATH);
}

int sys_epoll_ctl(int epoll_fd, int operation, int fd, struct epoll_event *event)
{
    return (int)CALL(SYS_epoll_ctl, epoll_fd, operation, fd, (long)event);
}

int sys_poll_one(int fd, short events, int timeout_ms)
{
    struct pollfd one = {.fd = fd, .events = events};
    struct timespec limit = {.tv_sec = timeout_ms / 1000,
                             .tv_nsec = (long)(timeout_ms % 1000) * 1000000};
    long result = CALL(SYS_ppoll, (long)&one, 1, timeout_ms < 0 ? 0 : (long)&limit, 0, 8);
    return result < 0 ? (int)result : one.revents;
}

bool sys_hangs_up(int fd)
{
    int events = sys_poll_one(fd, POLLIN | POLLOUT, 0);
    return events > 0 && (events & (POLLHUP | POLLERR)) != 0;
}

uint64_t sys_cookie(int fd)
{
    uint64_t cookie = 0;
    socklen_t length = sizeof(cookie);
    return sys_getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &length) < 0 ? 0 : cookie;
}
