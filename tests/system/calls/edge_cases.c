/* What programs seldom do. */
#include <poll.h>

#include "calls.h"

static void names_into_nothing(void)
{
    struct sockaddr_storage name;
    int fd = connected_to(peer.echo), value;
    socklen_t length = sizeof(name);
    CHECK_ERRNO(getsockname(fd, (struct sockaddr *)&name, NULL), EFAULT);
    CHECK_ERRNO(getpeername(fd, NULL, &length), EFAULT);
    length = (socklen_t)-1;
    CHECK_ERRNO(getpeername(fd, (struct sockaddr *)&name, &length), EINVAL);
    CHECK_ERRNO(getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, &length), EINVAL);
    CHECK_ERRNO(getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, NULL), EFAULT);
    length = 0;
    CHECK_INT(getsockname(fd, NULL, &length), 0);
    CHECK_INT(length, peer.length);
    length = sizeof(name);
    CHECK_ERRNO(getpeername(tcp_socket(0), (struct sockaddr *)&name, &length), ENOTCONN);
    close(fd);
}

/* connect(2): AF_UNSPEC dissolves what there is; the peer is told by a RST. */
static void dissolved(void)
{
    const struct sockaddr none = {.sa_family = AF_UNSPEC};
    struct sockaddr_storage name;
    socklen_t length = sizeof(name);
    int fd = connected_to(peer.echo);
    CHECK_INT(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &(int){1}, sizeof(int)), 0);
    for (int i = 0; i < 2; i++) {
        expect_echo(fd);
        CHECK_INT(connect(fd, &none, sizeof(none)), 0);
        CHECK_ERRNO(getpeername(fd, (struct sockaddr *)&name, &length), ENOTCONN);
        CHECK_INT(send(fd, "x", 1, MSG_NOSIGNAL), -1);
        CHECK_INT(connect(fd, at_port(peer.echo), peer.length), 0);
    }
    int value = 0;
    length = sizeof(value);
    CHECK_INT(getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, &length), 0);
    CHECK_INT(value, 1);
    expect_echo(fd);
    close(fd);
}

static void for_nobody(void)
{
    struct sockaddr_storage many = peer.address;
    struct sockaddr_in *in = (struct sockaddr_in *)&many;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&many;
    int fd = tcp_socket(0);
    CHECK_ERRNO(connect(fd, at_port(0), peer.length), ECONNREFUSED);
    in->sin_port = htons(9);
    if (many.ss_family == AF_INET)
        in->sin_addr.s_addr = htonl(0xe0000001);
    else
        memcpy(&in6->sin6_addr, "\xff\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
    close(fd);
    fd = tcp_socket(0);
    if (many.ss_family == AF_INET) /* of IPv6, the kernel asks for an interface first */
        CHECK_ERRNO(connect(fd, (struct sockaddr *)&many, peer.length), ENETUNREACH);
    CHECK_INT(connect(fd, at_port(peer.echo), peer.length), 0);
    if (many.ss_family == AF_INET)
        CHECK_ERRNO(setsockopt(fd, IPPROTO_IP, IP_TTL, &(int){0}, sizeof(int)), EINVAL);
    expect_echo(fd);
    close(fd);
}

const struct a_case edge_cases[] = {
    {"names_into_nothing", names_into_nothing},
    {"dissolved", dissolved},
    {"for_nobody", for_nobody},
    {NULL, NULL},
};
