#include "real.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>

#include "settings.h"
#include "sys.h"

struct real real;

static void find(const char *name, void *slot)
{
    /* ISO C has no cast from an object's pointer to a function's; POSIX says that they are alike.
     */
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(slot, &found, sizeof(found));
}

__attribute__((constructor)) static void real_find_all(void)
{
    settings_get();
#define X(name, result, arguments) find(#name, &real.name);
    REAL_LIST(X)
#undef X
}

ssize_t real_result(long answer)
{
    if (answer >= 0)
        return answer;
    errno = (int)-answer;
    return -1;
}

ssize_t real_read(int fd, void *bytes, size_t count)
{
    return real.read != NULL ? real.read(fd, bytes, count)
                             : real_result(sys_read(fd, bytes, count));
}

ssize_t real_readv(int fd, const struct iovec *pieces, int count)
{
    if (real.readv != NULL)
        return real.readv(fd, pieces, count);
    return real_result(sys_call(SYS_readv, (const long[6]){fd, (long)pieces, count}));
}

ssize_t real_recvfrom(int fd, void *bytes, size_t count, int flags, struct sockaddr *address,
                      socklen_t *length)
{
    if (real.recvfrom != NULL)
        return real.recvfrom(fd, bytes, count, flags, address, length);
    const long arguments[6] = {fd, (long)bytes, (long)count, flags, (long)address, (long)length};
    return real_result(sys_call(SYS_recvfrom, arguments));
}

ssize_t real_recvmsg(int fd, struct msghdr *message, int flags)
{
    return real.recvmsg != NULL ? real.recvmsg(fd, message, flags)
                                : real_result(sys_recvmsg(fd, message, flags));
}

ssize_t real_sendto(int fd, const void *bytes, size_t count, int flags,
                    const struct sockaddr *address, socklen_t length)
{
    if (real.sendto != NULL)
        return real.sendto(fd, bytes, count, flags, address, length);
    const long arguments[6] = {fd, (long)bytes, (long)count, flags, (long)address, (long)length};
    return real_result(sys_call(SYS_sendto, arguments));
}

ssize_t real_sendmsg(int fd, const struct msghdr *message, int flags)
{
    return real.sendmsg != NULL ? real.sendmsg(fd, message, flags)
                                : real_result(sys_sendmsg(fd, message, flags));
}

ssize_t real_write(int fd, const void *bytes, size_t count)
{
    if (real.write != NULL)
        return real.write(fd, bytes, count);
    return real_result(sys_call(SYS_write, (const long[6]){fd, (long)bytes, (long)count}));
}

ssize_t real_writev(int fd, const struct iovec *pieces, int count)
{
    if (real.writev != NULL)
        return real.writev(fd, pieces, count);
    return real_result(sys_call(SYS_writev, (const long[6]){fd, (long)pieces, count}));
}

ssize_t real_sendfile(int fd, int file, off_t *offset, size_t count)
{
    if (real.sendfile != NULL)
        return real.sendfile(fd, file, offset, count);
    const long arguments[6] = {fd, file, (long)offset, (long)count};
    return real_result(sys_call(SYS_sendfile, arguments));
}

int real_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    if (real.sendmmsg != NULL)
        return real.sendmmsg(fd, messages, count, flags);
    const long arguments[6] = {fd, (long)messages, count, flags};
    return (int)real_result(sys_call(SYS_sendmmsg, arguments));
}

int real_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
                  struct timespec *limit)
{
    if (real.recvmmsg != NULL)
        return real.recvmmsg(fd, messages, count, flags, limit);
    const long arguments[6] = {fd, (long)messages, count, flags, (long)limit};
    return (int)real_result(sys_call(SYS_recvmmsg, arguments));
}

/* A thread can be cancelled in them, as in the C library's own, whose calls would bear no mark. */
int real_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
    int type;
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &type);
    int result = sys_accept(fd, address, length, flags);
    pthread_setcanceltype(type, &type);
    return (int)real_result(result);
}

int real_connect(int fd, const struct sockaddr *address, socklen_t length)
{
    int type;
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &type);
    int result = sys_connect(fd, address, length);
    pthread_setcanceltype(type, &type);
    return (int)real_result(result);
}
