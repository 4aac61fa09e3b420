#include "descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

void descriptors_fill(void)
{
    static const int modes[] = {O_RDONLY, O_RDONLY, O_RDWR};
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        /* open() takes the lowest number that is free, which is this one. */
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", modes[fd]) < 0)
            _exit(1);
    }
}

/* After a failed call: whether to repeat it. Waits until fd is ready if that was the reason. */
static bool is_worth_repeating(int fd, short events)
{
    struct pollfd ready = {.fd = fd, .events = events};
    if (errno == EINTR)
        return true;
    if (errno != EAGAIN)
        return false;
    return poll(&ready, 1, -1) >= 0 || errno == EINTR;
}

ssize_t descriptor_read(int fd, void *buffer, size_t size)
{
    ssize_t got;
    do {
        got = read(fd, buffer, size);
    } while (got < 0 && is_worth_repeating(fd, POLLIN));
    return got;
}

bool descriptor_write(int fd, const void *data, size_t len)
{
    const char *from = data;
    while (len) {
        ssize_t put = write(fd, from, len);
        if (put < 0 && !is_worth_repeating(fd, POLLOUT))
            return false;
        if (put > 0) {
            from += put;
            len -= (size_t)put;
        }
    }
    return true;
}
