#include "util/message.h"

#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(MESSAGE_FDS_MAX * sizeof(int))];
};

bool message_send(int fd, const void *data, size_t len, const int *fds, size_t count)
{
    union control control = {0};
    struct iovec iov = {(void *)(uintptr_t)data, len};
    struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
    if (count > 0) {
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        *header = (struct cmsghdr){.cmsg_len = CMSG_LEN(count * sizeof(int)),
                                   .cmsg_level = SOL_SOCKET,
                                   .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(header), fds, count * sizeof(int));
    }
    return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len;
}

/* Collects the descriptors of one message; all but the first are closed. */
static void take_fds(const struct cmsghdr *header, int *ret_fd)
{
    int fds[MESSAGE_FDS_MAX];
    size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(fds, CMSG_DATA(header), count * sizeof(int));
    for (size_t i = 0; i < count; i++) {
        if (*ret_fd == MESSAGE_NO_FD) {
            *ret_fd = fds[i];
            continue;
        }
        if (*ret_fd >= 0)
            close(*ret_fd);
        close(fds[i]);
        *ret_fd = MESSAGE_MANY_FDS;
    }
}

ssize_t message_receive(int fd, void *data, size_t len, int *ret_fd)
{
    union control control;
    struct iovec iov = {data, len};
    struct msghdr message = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    *ret_fd = MESSAGE_NO_FD;
    ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC | MSG_TRUNC);
    if (got < 0)
        return got;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL;
         header = CMSG_NXTHDR(&message, header))
        if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
            take_fds(header, ret_fd);
    if ((message.msg_flags & MSG_CTRUNC) != 0 && *ret_fd >= 0) {
        close(*ret_fd);
        *ret_fd = MESSAGE_MANY_FDS;
    }
    return got;
}
