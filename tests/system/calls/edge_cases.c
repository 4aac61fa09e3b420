/* What programs seldom do. */
#include <poll.h>
#include <sys/epoll.h>

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

enum { SETS = 3 };

static void expect_writable(int epoll_fd, uint64_t data)
{
    struct epoll_event event = {0};
    CHECK_INT(epoll_wait(epoll_fd, &event, 1, 10000), 1);
    CHECK_INT(event.data.u64, data);
    CHECK_INT(event.events, EPOLLOUT);
}

/* In several sets before it is known whose it will be; one has two numbers, and one lets go of it.
 */
static void watched_by_several(void)
{
    int sets[SETS], fd = tcp_socket(SOCK_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN};
    for (int i = 0; i < SETS; i++) {
        sets[i] = epoll_create1(0);
        event.data.u64 = (uint64_t)i;
        CHECK_INT(epoll_ctl(sets[i], EPOLL_CTL_ADD, fd, &event), 0);
    }
    int twin = dup(sets[0]);
    CHECK_INT(epoll_ctl(sets[1], EPOLL_CTL_DEL, fd, NULL), 0);
    event = (struct epoll_event){.events = EPOLLOUT, .data.u64 = 70};
    CHECK_INT(epoll_ctl(twin, EPOLL_CTL_MOD, fd, &event), 0);
    event.data.u64 = 72;
    CHECK_INT(epoll_ctl(sets[2], EPOLL_CTL_MOD, fd, &event), 0);
    CHECK_ERRNO(connect(fd, at_port(peer.echo), peer.length), EINPROGRESS);
    CHECK_INT(wait_for_events(fd, POLLOUT, 10000), POLLOUT);
    expect_writable(sets[0], 70);
    expect_writable(twin, 70);
    expect_writable(sets[2], 72);
    CHECK_INT(epoll_wait(sets[1], &event, 1, 50), 0);
    CHECK_ERRNO(epoll_ctl(sets[1], EPOLL_CTL_DEL, fd, NULL), ENOENT);
    CHECK_INT(epoll_ctl(sets[0], EPOLL_CTL_DEL, fd, NULL), 0);
    CHECK_ERRNO(epoll_ctl(twin, EPOLL_CTL_DEL, fd, NULL), ENOENT);
    close(fd);
}

/* An IPv6 socket for IPv6 alone has no way to IPv4. */
static void mapped_address_refused(void)
{
    struct sockaddr_in6 mapped = {.sin6_family = AF_INET6, .sin6_port = htons(peer.echo)};
    if (peer.address.ss_family != AF_INET)
        return;
    memset(mapped.sin6_addr.s6_addr + 10, 0xff, 2);
    memcpy(mapped.sin6_addr.s6_addr + 12, &((struct sockaddr_in *)&peer.address)->sin_addr, 4);
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    CHECK_INT(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){1}, sizeof(int)), 0);
    CHECK_ERRNO(connect(fd, (struct sockaddr *)&mapped, sizeof(mapped)), ENETUNREACH);
    close(fd);
}

const struct a_case edge_cases[] = {
    {"names_into_nothing", names_into_nothing},
    {"dissolved", dissolved},
    {"for_nobody", for_nobody},
    {"watched_by_several", watched_by_several},
    {"mapped_address_refused", mapped_address_refused},
    {NULL, NULL},
};
