#include "beside.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "error.h"

#define LINK_PREFIX "ipc://"

bool tcpci_beside_address(const char *url, const char *suffix, struct sockaddr_un *ret_address)
{
    size_t prefix = strlen(LINK_PREFIX), room = sizeof(ret_address->sun_path);
    *ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strncmp(url, LINK_PREFIX, prefix) != 0)
        return false;
    int len = snprintf(ret_address->sun_path, room, "%s%s", url + prefix, suffix);
    return len > 0 && (size_t)len < room;
}

int tcpci_beside_connect(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
        return fd;
    int number = errno;
    close(fd);
    errno = number;
    return -1;
}

ssize_t tcpci_beside_receive(int fd, int flags, void *data, size_t len, int *ret_fds, size_t count)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * BESIDE_FDS_MAX)];
    } control;
    struct iovec iov = {data, len};
    struct msghdr message = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = CMSG_SPACE(sizeof(int) * count)};
    for (size_t i = 0; i < count; i++)
        ret_fds[i] = -1;
    ssize_t got = recvmsg(fd, &message, flags | MSG_CMSG_CLOEXEC);
    const struct cmsghdr *header = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (header != NULL && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len == CMSG_LEN(sizeof(int) * count))
        memcpy(ret_fds, CMSG_DATA(header), sizeof(int) * count);
    return got;
}

enum tcpc_code tcpci_beside_fail(const char *url, struct tcpc_error *ret_error)
{
    int number = errno;
    enum tcpc_code code = number == EACCES || number == EPERM ? TCPC_PERMISSION : TCPC_UNREACHABLE;
    tcpci_error_set_code(ret_error, code, url);
    tcpci_error_set_errno(ret_error, number);
    return code;
}
