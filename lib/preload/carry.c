#include "carry.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "sys.h"

bool carry_send(int channel, int fd, int value)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec bytes = {&value, sizeof(value)};
    struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};
    if (fd >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof(control);
        control.header = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
        memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
    }
    /* The library, should it be here, would ask what the channel is, and nobody answers yet. */
    return sys_sendmsg(channel, &message, MSG_NOSIGNAL) == (long)sizeof(value);
}

int carry_receive(int channel)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    int value = 0, fd;
    struct iovec bytes = {&value, sizeof(value)};
    struct msghdr message = {.msg_iov = &bytes,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    if (recvmsg(channel, &message, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof(value))
        return -ESRCH;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header == NULL)
        return value;
    memcpy(&fd, CMSG_DATA(header), sizeof(fd));
    return fd;
}
