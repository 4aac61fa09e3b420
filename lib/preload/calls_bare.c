/* syscall(): the same calls by their numbers. */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "calls.h"
#include "real.h"
#include "ring.h"
#include "sys.h"

#define INT(at) ((int)a[at])
#define SIZE(at) ((size_t)a[at])
#define POINTER(at) ((void *)(uintptr_t)a[at])

static long open_call(long number, const long a[6])
{
    switch (number) {
    case SYS_socket:
        return socket(INT(0), INT(1), INT(2));
    case SYS_bind:
        return bind(INT(0), POINTER(1), (socklen_t)a[2]);
    case SYS_listen:
        return listen(INT(0), INT(1));
    case SYS_connect:
        return connect(INT(0), POINTER(1), (socklen_t)a[2]);
#ifdef SYS_accept
    case SYS_accept:
        return accept(INT(0), POINTER(1), POINTER(2));
#endif
    case SYS_accept4:
        return accept4(INT(0), POINTER(1), POINTER(2), INT(3));
    default:
        return real_result(-ENOSYS);
    }
}

static long data_call(long number, const long a[6])
{
    switch (number) {
    case SYS_read:
        return read(INT(0), POINTER(1), SIZE(2));
    case SYS_readv:
        return readv(INT(0), POINTER(1), INT(2));
    case SYS_recvfrom:
        return recvfrom(INT(0), POINTER(1), SIZE(2), INT(3), POINTER(4), POINTER(5));
    case SYS_recvmsg:
        return recvmsg(INT(0), POINTER(1), INT(2));
    case SYS_sendto:
        return sendto(INT(0), POINTER(1), SIZE(2), INT(3), POINTER(4), (socklen_t)a[5]);
    case SYS_sendmsg:
        return sendmsg(INT(0), POINTER(1), INT(2));
    case SYS_recvmmsg:
        return recvmmsg(INT(0), POINTER(1), (unsigned)a[2], INT(3), POINTER(4));
    case SYS_sendmmsg:
        return sendmmsg(INT(0), POINTER(1), (unsigned)a[2], INT(3));
    case SYS_write:
        return write(INT(0), POINTER(1), SIZE(2));
    case SYS_writev:
        return writev(INT(0), POINTER(1), INT(2));
    case SYS_sendfile:
        return sendfile(INT(0), INT(1), POINTER(2), SIZE(3));
    default:
        return real_result(-ENOSYS);
    }
}

static long call(long number, const long a[6])
{
    switch (number) {
    case SYS_getsockname:
        return getsockname(INT(0), POINTER(1), POINTER(2));
    case SYS_getpeername:
        return getpeername(INT(0), POINTER(1), POINTER(2));
    case SYS_getsockopt:
        return getsockopt(INT(0), INT(1), INT(2), POINTER(3), POINTER(4));
    case SYS_setsockopt:
        return setsockopt(INT(0), INT(1), INT(2), POINTER(3), (socklen_t)a[4]);
    case SYS_shutdown:
        return shutdown(INT(0), INT(1));
    case SYS_ioctl:
        return ioctl(INT(0), (unsigned long)a[1], POINTER(2));
    case SYS_epoll_ctl:
        return epoll_ctl(INT(0), INT(1), INT(2), POINTER(3));
    case SYS_execve:
        return execve(POINTER(0), POINTER(1), POINTER(2));
    case SYS_io_uring_setup:
        return real_result(ring_setup((unsigned)a[0], POINTER(1)));
    default:
        return real_result(sys_call(number, a));
    }
}

/* Six registers go to the kernel, however many of them the caller means. */
REPLACES long syscall(long number, ...)
{
    long a[6];
    va_list list;
    va_start(list, number);
    for (unsigned i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    switch (number) {
    case SYS_socket:
    case SYS_bind:
    case SYS_listen:
    case SYS_connect:
#ifdef SYS_accept
    case SYS_accept:
#endif
    case SYS_accept4:
        return open_call(number, a);
    case SYS_read:
    case SYS_readv:
    case SYS_recvfrom:
    case SYS_recvmsg:
    case SYS_sendto:
    case SYS_sendmsg:
    case SYS_recvmmsg:
    case SYS_sendmmsg:
    case SYS_write:
    case SYS_writev:
    case SYS_sendfile:
        return data_call(number, a);
    default:
        return call(number, a);
    }
}
