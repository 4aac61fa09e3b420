#include <fcntl.h>
#include <linux/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "calls.h"

/* --- connect ---------------------------------------------------------------------------------- */

static int int_option(int fd, int level, int name)
{
    int value = -1;
    socklen_t length = sizeof(value);
    CHECK_INT(getsockopt(fd, level, name, &value, &length), 0);
    CHECK_INT(length, sizeof(value));
    return value;
}

static void set_int(int fd, int level, int name, int value)
{
    CHECK_INT(setsockopt(fd, level, name, &value, sizeof(value)), 0);
}

static void check_peer_name(int fd)
{
    struct sockaddr_storage name;
    socklen_t length = sizeof(name);
    CHECK_INT(getpeername(fd, (struct sockaddr *)&name, &length), 0);
    CHECK_INT(length, peer.length);
    CHECK_INT(memcmp(&name, at_port(peer.echo), length), 0);
    length = 4; /* cut off, with the true length */
    CHECK_INT(getpeername(fd, (struct sockaddr *)&name, &length), 0);
    CHECK_INT(length, peer.length);
}

static void blocking(void)
{
    int fd = tcp_socket(0);
    struct sockaddr_storage name;
    socklen_t length = sizeof(name);
    CHECK_ERRNO(getpeername(fd, (struct sockaddr *)&name, &length), ENOTCONN);
    CHECK_ERRNO(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
    CHECK_INT(connect(fd, at_port(peer.echo), peer.length), 0);
    check_peer_name(fd);
    CHECK(local_port(fd) != 0);
    CHECK_ERRNO(connect(fd, at_port(peer.echo), peer.length), EISCONN);
    expect_echo(fd);
    CHECK_INT(int_option(fd, SOL_SOCKET, SO_TYPE), SOCK_STREAM);
    CHECK_INT(int_option(fd, SOL_SOCKET, SO_DOMAIN), peer.address.ss_family);
    CHECK_INT(int_option(fd, SOL_SOCKET, SO_PROTOCOL), IPPROTO_TCP);
    CHECK_INT(int_option(fd, SOL_SOCKET, SO_ACCEPTCONN), 0);
    CHECK_INT(socket_error(fd), 0);
    CHECK_INT(shutdown(fd, SHUT_WR), 0);
    char byte;
    CHECK_INT(read(fd, &byte, 1), 0);
    CHECK_INT(read(fd, &byte, 1), 0);
    close(fd);
}

static void nonblocking(void)
{
    int fd = tcp_socket(SOCK_NONBLOCK);
    int result = connect(fd, at_port(peer.echo), peer.length);
    CHECK(result == 0 || errno == EINPROGRESS);
    CHECK_INT(wait_for_events(fd, POLLOUT, 10000), POLLOUT);
    CHECK_INT(socket_error(fd), 0);
    CHECK((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    char bytes[8];
    CHECK_ERRNO(read(fd, bytes, sizeof(bytes)), EAGAIN);
    send_text(fd, "abc");
    CHECK_INT(wait_for_events(fd, POLLIN, 10000), POLLIN);
    expect_text(fd, "abc");
    connect(fd, at_port(peer.echo), peer.length); /* Linux says 0 once, then EISCONN */
    CHECK_ERRNO(connect(fd, at_port(peer.echo), peer.length), EISCONN);
    check_peer_name(fd);
    close(fd);
}

static void refused(void)
{
    int fd = tcp_socket(0);
    CHECK_ERRNO(connect(fd, at_port(peer.closed), peer.length), ECONNREFUSED);
    CHECK_INT(socket_error(fd), 0);
    CHECK_INT(connect(fd, at_port(peer.echo), peer.length), 0);
    expect_echo(fd);
    close(fd);
}

static void refused_nonblocking(void)
{
    int fd = tcp_socket(SOCK_NONBLOCK);
    CHECK_INT(connect(fd, at_port(peer.closed), peer.length), -1);
    if (errno == EINPROGRESS) {
        int events = wait_for_events(fd, POLLOUT, 10000);
        CHECK((events & (POLLERR | POLLHUP)) == (POLLERR | POLLHUP));
        CHECK_INT(socket_error(fd), ECONNREFUSED);
        CHECK_INT(socket_error(fd), 0);
    } else {
        CHECK(errno == ECONNREFUSED);
    }
    close(fd);
}

/* Each case asks for another one: what is known of the last must not help. */
static const struct sockaddr *nobody(uint8_t number)
{
    struct sockaddr *address = (struct sockaddr *)(uintptr_t)at_port(80);
    if (address->sa_family == AF_INET)
        ((uint8_t *)&((struct sockaddr_in *)address)->sin_addr)[3] = number;
    else
        ((struct sockaddr_in6 *)address)->sin6_addr.s6_addr[15] = number;
    return address;
}

static void unreachable(void)
{
    int fd = tcp_socket(0);
    CHECK_ERRNO(connect(fd, nobody(71), peer.length), EHOSTUNREACH);
    close(fd);
}

static void connect_timeout(void)
{
    int fd = tcp_socket(0);
    struct timeval limit = {.tv_usec = 200000};
    CHECK_INT(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)), 0);
    CHECK_ERRNO(connect(fd, nobody(72), peer.length), EINPROGRESS);
    CHECK_INT(wait_for_events(fd, POLLOUT, 0), 0);
    close(fd);
}

static volatile sig_atomic_t signals_seen;

static void on_signal(int number)
{
    (void)number;
    signals_seen++;
}

static void alarm_soon(int flags)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};
    struct itimerval soon = {.it_value.tv_usec = 200000};
    sigaction(SIGALRM, &action, NULL);
    signals_seen = 0;
    setitimer(ITIMER_REAL, &soon, NULL);
}

static void connect_interrupted(void)
{
    int fd = tcp_socket(0);
    alarm_soon(0);
    CHECK_ERRNO(connect(fd, nobody(73), peer.length), EINTR);
    CHECK_INT(signals_seen, 1);
    CHECK_INT(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    CHECK_ERRNO(connect(fd, nobody(73), peer.length), EALREADY);
    int events = wait_for_events(fd, POLLOUT, 60000);
    CHECK((events & POLLERR) != 0);
    CHECK_INT(socket_error(fd), EHOSTUNREACH);
    close(fd);
}

static void connect_restarted(void)
{
    int fd = tcp_socket(0);
    alarm_soon(SA_RESTART);
    CHECK_ERRNO(connect(fd, nobody(74), peer.length), EHOSTUNREACH);
    CHECK_INT(signals_seen, 1);
    close(fd);
}

static void source_bound(void)
{
    int first = bound_socket(0, 0);
    uint16_t port = local_port(first);
    CHECK(port != 0);
    CHECK_INT(connect(first, at_port(peer.echo), peer.length), 0);
    CHECK_INT(local_port(first), port);
    expect_echo(first);
    close(first);
}

/* A source bound to the wildcard may still turn out to be for loopback. */
static void source_bound_for_loopback(void)
{
    struct sockaddr_in loopback = {.sin_family = AF_INET};
    struct sockaddr_in any = {.sin_family = AF_INET};
    socklen_t length = sizeof(loopback);
    loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_INT(bind(listener, (struct sockaddr *)&loopback, length), 0);
    CHECK_INT(listen(listener, 1), 0);
    CHECK_INT(getsockname(listener, (struct sockaddr *)&loopback, &length), 0);
    CHECK_INT(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
    CHECK_INT(connect(fd, (struct sockaddr *)&loopback, length), 0);
    send_text(fd, "near");
    int accepted = accept(listener, NULL, NULL);
    CHECK(accepted >= 0);
    expect_text(accepted, "near");
    close(fd);
    close(accepted);
    close(listener);
}

/* --- errors of connections -------------------------------------------------------------------- */

static void reset_by_peer(void)
{
    char byte;
    int fd = connected_to(peer.reset);
    send_text(fd, "x");
    CHECK_ERRNO(read(fd, &byte, 1), ECONNRESET);
    CHECK_INT(read(fd, &byte, 1), 0);
    CHECK_ERRNO(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
    close(fd);
}

static void reset_seen_by_poll(void)
{
    int fd = connected_to(peer.reset);
    send_text(fd, "x");
    CHECK((wait_for_events(fd, POLLIN, 10000) & POLLIN) != 0);
    CHECK((wait_for_events(fd, POLLIN, 10000) & POLLHUP) != 0);
    CHECK_INT(socket_error(fd), ECONNRESET);
    CHECK_INT(socket_error(fd), 0);
    close(fd);
}

static void end_of_peer(void)
{
    char bytes[16];
    int fd = connected_to(peer.end);
    CHECK_INT(recv(fd, bytes, sizeof(bytes), MSG_WAITALL), 3);
    CHECK_INT(memcmp(bytes, "bye", 3), 0);
    CHECK_INT(wait_for_events(fd, POLLIN | POLLRDHUP, 10000) & (POLLRDHUP | POLLHUP), POLLRDHUP);
    CHECK_INT(shutdown(fd, SHUT_WR), 0);
    CHECK_INT(read(fd, bytes, 1), 0);
    CHECK_INT(socket_error(fd), 0);
    close(fd);
}

static void pipe_signal(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    int fd = connected_to(peer.echo);
    CHECK_INT(shutdown(fd, SHUT_WR), 0);
    sigaction(SIGPIPE, &action, NULL);
    signals_seen = 0;
    CHECK_ERRNO(write(fd, "x", 1), EPIPE);
    CHECK_INT(signals_seen, 1);
    CHECK_ERRNO(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
    CHECK_INT(signals_seen, 1);
    close(fd);
}

/* --- epoll ------------------------------------------------------------------------------------ */

static uint32_t next_events(int epoll_fd, uint64_t data, int timeout_ms)
{
    struct epoll_event event = {0};
    int count = epoll_wait(epoll_fd, &event, 1, timeout_ms);
    CHECK(count >= 0);
    if (count == 1)
        CHECK_INT(event.data.u64, data);
    return count == 0 ? 0 : event.events;
}

/* The socket is watched before it is known whose it will be. */
static int watched_socket(uint32_t events, int *ret_epoll_fd)
{
    int fd = tcp_socket(SOCK_NONBLOCK);
    int epoll_fd = epoll_create1(0);
    struct epoll_event event = {.events = events, .data.u64 = 0x123456789abcdef0};
    CHECK_INT(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event), 0);
    int result = connect(fd, at_port(peer.echo), peer.length);
    CHECK(result == 0 || errno == EINPROGRESS);
    *ret_epoll_fd = epoll_fd;
    return fd;
}

static void epoll_level(void)
{
    int epoll_fd, fd = watched_socket(EPOLLIN | EPOLLOUT, &epoll_fd);
    CHECK_INT(next_events(epoll_fd, 0x123456789abcdef0, 10000), EPOLLOUT);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = 7};
    CHECK_INT(epoll_ctl(epoll_fd, EPOLL_CTL_MOD, fd, &event), 0);
    send_text(fd, "ab");
    CHECK_INT(next_events(epoll_fd, 7, 10000), EPOLLIN);
    expect_text(fd, "a");
    CHECK_INT(next_events(epoll_fd, 7, 10000), EPOLLIN);
    expect_text(fd, "b");
    CHECK_INT(next_events(epoll_fd, 7, 50), 0);
    close(fd);
    CHECK_INT(next_events(epoll_fd, 7, 50), 0);
    close(epoll_fd);
}

static void epoll_edge(void)
{
    int epoll_fd, fd = watched_socket(EPOLLIN | EPOLLOUT | EPOLLET | EPOLLRDHUP, &epoll_fd);
    CHECK((next_events(epoll_fd, 0x123456789abcdef0, 10000) & EPOLLOUT) != 0);
    while (next_events(epoll_fd, 0x123456789abcdef0, 100) != 0)
        continue; /* it may be said more than once, but not for ever */
    for (int i = 0; i < 3; i++) {
        send_text(fd, "ab");
        uint32_t events = 0;
        while ((events & EPOLLIN) == 0) /* EPOLLOUT comes along, or before */
            CHECK((events = next_events(epoll_fd, 0x123456789abcdef0, 10000)) != 0);
        expect_text(fd, "a"); /* the rest is no new edge */
        while (next_events(epoll_fd, 0x123456789abcdef0, 100) != 0)
            continue;
        expect_text(fd, "b");
    }
    CHECK_INT(shutdown(fd, SHUT_WR), 0);
    uint32_t events = 0;
    while ((events & EPOLLRDHUP) == 0)
        CHECK((events = next_events(epoll_fd, 0x123456789abcdef0, 10000)) != 0);
    close(fd);
    close(epoll_fd);
}

static void epoll_one_shot(void)
{
    int epoll_fd, fd = watched_socket(EPOLLOUT | EPOLLONESHOT, &epoll_fd);
    CHECK_INT(next_events(epoll_fd, 0x123456789abcdef0, 10000), EPOLLOUT);
    CHECK_INT(next_events(epoll_fd, 0x123456789abcdef0, 50), 0);
    struct epoll_event event = {.events = EPOLLOUT | EPOLLONESHOT, .data.u64 = 9};
    CHECK_INT(epoll_ctl(epoll_fd, EPOLL_CTL_MOD, fd, &event), 0);
    CHECK_INT(next_events(epoll_fd, 9, 10000), EPOLLOUT);
    CHECK_INT(next_events(epoll_fd, 9, 50), 0);
    CHECK_INT(epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, NULL), 0);
    close(fd);
    close(epoll_fd);
}

static void selected(void)
{
    int fd = connected_to(peer.echo);
    fd_set readable, writable;
    FD_ZERO(&readable);
    FD_ZERO(&writable);
    FD_SET(fd, &readable);
    FD_SET(fd, &writable);
    struct timeval limit = {.tv_sec = 5};
    CHECK_INT(select(fd + 1, &readable, &writable, NULL, &limit), 1);
    CHECK(FD_ISSET(fd, &writable) && !FD_ISSET(fd, &readable));
    close(fd);
}

/* --- reading and writing ---------------------------------------------------------------------- */

static void flags_of_receiving(void)
{
    char bytes[16] = {0};
    int count = -1, fd = connected_to(peer.echo);
    CHECK_ERRNO(recv(fd, bytes, 1, MSG_DONTWAIT), EAGAIN);
    send_text(fd, "abcdef");
    CHECK_INT(wait_for_events(fd, POLLIN, 10000), POLLIN);
    CHECK_INT(recv(fd, bytes, 6, MSG_PEEK | MSG_WAITALL), 6);
    CHECK_INT(ioctl(fd, FIONREAD, &count), 0);
    CHECK_INT(count, 6);
    CHECK_INT(recv(fd, bytes, 2, MSG_TRUNC), 2);
    expect_text(fd, "cd");
    CHECK_ERRNO(recv(fd, bytes, 1, MSG_ERRQUEUE), EAGAIN);
    CHECK_ERRNO(recv(fd, bytes, 1, MSG_OOB), EINVAL);
    expect_text(fd, "ef");
    int on = 1;
    CHECK_INT(ioctl(fd, FIONBIO, &on), 0);
    CHECK_ERRNO(read(fd, bytes, 1), EAGAIN);
    close(fd);
}

static void addresses_of_receiving(void)
{
    char bytes[16];
    struct sockaddr_storage from;
    socklen_t length = sizeof(from);
    int fd = connected_to(peer.echo);
    send_text(fd, "abcdef");
    CHECK_INT(wait_for_events(fd, POLLIN, 10000), POLLIN);
    CHECK_INT(recvfrom(fd, bytes, 3, MSG_WAITALL, (struct sockaddr *)&from, &length), 3);
    CHECK_INT(length, 0);
    struct iovec pieces[2] = {{bytes, 1}, {bytes + 1, 2}};
    struct msghdr message = {
        .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = pieces, .msg_iovlen = 2};
    CHECK_INT(recvmsg(fd, &message, MSG_WAITALL), 3);
    CHECK_INT(message.msg_namelen, 0);
    CHECK_INT(message.msg_flags & ~MSG_WAITALL, 0);
    CHECK_INT(memcmp(bytes, "def", 3), 0);
    close(fd);
}

/* TCP ignores an address, and descriptors that are sent along. */
static void extras_of_sending(void)
{
    int fd = connected_to(peer.echo);
    CHECK_INT(sendto(fd, "to", 2, 0, at_port(peer.closed), peer.length), 2);
    expect_text(fd, "to");
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec pieces[2] = {{"no", 2}, {"fd", 2}};
    struct msghdr message = {.msg_iov = pieces,
                             .msg_iovlen = 2,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    control.header = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
    CHECK_INT(sendmsg(fd, &message, MSG_NOSIGNAL), 4);
    expect_text(fd, "nofd");
    CHECK_INT(writev(fd, pieces, 2), 4);
    expect_text(fd, "nofd");
    CHECK_INT(send(fd, "m", 1, MSG_MORE), 1);
    CHECK_INT(send(fd, "n", 1, 0), 1);
    expect_text(fd, "mn");
    close(fd);
}

static void sent_while_opening(void)
{
    int fd = tcp_socket(0);
    CHECK_INT(sendto(fd, "fast", 4, MSG_FASTOPEN, at_port(peer.echo), peer.length), 4);
    expect_text(fd, "fast");
    close(fd);
}

static void sent_from_file(void)
{
    int pipes[2], fd = connected_to(peer.echo);
    FILE *file = tmpfile();
    CHECK(file != NULL && fputs("0123456789", file) >= 0 && fflush(file) == 0);
    off_t offset = 2;
    CHECK_INT(sendfile(fd, fileno(file), &offset, 5), 5);
    expect_text(fd, "23456");
    CHECK_INT(pipe(pipes), 0);
    send_text(pipes[1], "piped");
    CHECK_INT(splice(pipes[0], NULL, fd, NULL, 5, 0), 5);
    CHECK_INT(wait_for_events(fd, POLLIN, 10000), POLLIN);
    CHECK_INT(splice(fd, NULL, pipes[1], NULL, 5, 0), 5);
    char bytes[5];
    CHECK_INT(read(pipes[0], bytes, 5), 5);
    CHECK_INT(memcmp(bytes, "piped", 5), 0);
    close(fd);
}

static void receive_interrupted(void)
{
    char byte;
    int fd = connected_to(peer.echo);
    alarm_soon(0);
    CHECK_ERRNO(read(fd, &byte, 1), EINTR);
    struct timeval limit = {.tv_usec = 500000};
    CHECK_INT(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
    CHECK_ERRNO(recv(fd, &byte, 1, 0), EAGAIN);
    close(fd);
}

/* The peer does not read: not all is taken, and later the socket is not writable. */
static void stuck_peer(void)
{
    static char bytes[1 << 20];
    size_t taken = 0;
    ssize_t count;
    int fd = connected_to(peer.stuck);
    CHECK_INT(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    do {
        count = send(fd, bytes, sizeof(bytes), 0);
        CHECK(count > 0 || errno == EAGAIN);
        taken += count > 0 ? (size_t)count : 0;
    } while (count > 0 || (wait_for_events(fd, POLLOUT, 700) & POLLOUT) != 0);
    CHECK(taken > 1000 && taken < 100u << 20);
    CHECK_INT(wait_for_events(fd, POLLOUT, 0), 0);
    close(fd);
}

/* --- options ---------------------------------------------------------------------------------- */

static void set_all(int fd)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 3};
    set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, 77);
    set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, 7);
    set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
    set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 30000);
    set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    CHECK_INT(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
    CHECK_INT(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4), 0);
}

static void check_all(int fd)
{
    struct linger linger = {0};
    socklen_t length = sizeof(linger);
    char name[16] = {0};
    CHECK_INT(int_option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
    CHECK_INT(int_option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
    CHECK_INT(int_option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 77);
    CHECK_INT(int_option(fd, IPPROTO_TCP, TCP_KEEPINTVL), 7);
    CHECK_INT(int_option(fd, IPPROTO_TCP, TCP_KEEPCNT), 3);
    CHECK_INT(int_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 30000);
    CHECK_INT(int_option(fd, SOL_SOCKET, SO_REUSEADDR), 1);
    CHECK_INT(getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &length), 0);
    CHECK(linger.l_onoff == 1 && linger.l_linger == 3);
    length = sizeof(name);
    CHECK_INT(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &length), 0);
    CHECK_INT(strcmp(name, "reno"), 0);
}

static void options_before(void)
{
    int fd = tcp_socket(0);
    set_all(fd);
    check_all(fd);
    CHECK_INT(connect(fd, at_port(peer.echo), peer.length), 0);
    check_all(fd);
    expect_echo(fd);
    close(fd);
}

static void check_keepalive_and_nodelay(int fd)
{
    CHECK_INT(connect(fd, at_port(peer.echo), peer.length), 0);
    CHECK_INT(int_option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
    CHECK_INT(int_option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
    CHECK_INT(int_option(fd, SOL_SOCKET, SO_OOBINLINE), 0);
    expect_echo(fd);
}

/* They belong to the socket, whichever descriptor and process they are set by. */
static void options_of_copies(void)
{
    int fd = tcp_socket(0), copy = dup(fd), status;
    set_int(copy, IPPROTO_TCP, TCP_NODELAY, 1);
    set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_int(fd, SOL_SOCKET, SO_OOBINLINE, 1);
    set_int(copy, SOL_SOCKET, SO_OOBINLINE, 0);
    check_keepalive_and_nodelay(fd);
    close(fd);
    close(copy);
    fd = tcp_socket(0);
    set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (fork() == 0) {
        set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
        check_keepalive_and_nodelay(fd);
        exit(0);
    }
    CHECK(wait(&status) > 0 && status == 0);
    close(fd);
}

/* A number that is used again is another socket, with other options. */
static void options_of_a_number(void)
{
    for (int turn = 0; turn < 3; turn++) {
        int fd = tcp_socket(0);
        set_int(fd, IPPROTO_TCP, TCP_NODELAY, turn % 2);
        CHECK_INT(connect(fd, at_port(peer.echo), peer.length), 0);
        CHECK_INT(int_option(fd, IPPROTO_TCP, TCP_NODELAY), turn % 2);
        close(fd);
    }
}

static void options_after(void)
{
    int fd = connected_to(peer.echo);
    set_all(fd);
    check_all(fd);
    CHECK(int_option(fd, IPPROTO_TCP, TCP_MAXSEG) >= 500);
    CHECK(int_option(fd, SOL_SOCKET, SO_SNDBUF) > 0);
    CHECK(int_option(fd, SOL_SOCKET, SO_RCVBUF) > 0);
    set_int(fd, IPPROTO_TCP, TCP_CORK, 1);
    set_int(fd, IPPROTO_TCP, TCP_CORK, 0);
    struct tcp_info info = {0};
    socklen_t length = sizeof(info);
    expect_echo(fd);
    CHECK_INT(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length), 0);
    CHECK_INT(info.tcpi_state, 1); /* ESTABLISHED */
    CHECK(info.tcpi_snd_mss >= 500 && info.tcpi_rtt > 0);
    CHECK_ERRNO(setsockopt(fd, IPPROTO_TCP, 9999, &length, sizeof(length)), ENOPROTOOPT);
    CHECK_ERRNO(getsockopt(fd, IPPROTO_TCP, 9999, &info, &length), ENOPROTOOPT);
    close(fd);
}

const struct a_case client_cases[] = {
    {"blocking", blocking},
    {"nonblocking", nonblocking},
    {"refused", refused},
    {"refused_nonblocking", refused_nonblocking},
    {"unreachable", unreachable},
    {"connect_timeout", connect_timeout},
    {"connect_interrupted", connect_interrupted},
    {"connect_restarted", connect_restarted},
    {"source_bound", source_bound},
    {"source_bound_for_loopback", source_bound_for_loopback},
    {"reset_by_peer", reset_by_peer},
    {"reset_seen_by_poll", reset_seen_by_poll},
    {"end_of_peer", end_of_peer},
    {"pipe_signal", pipe_signal},
    {"epoll_level", epoll_level},
    {"epoll_edge", epoll_edge},
    {"epoll_one_shot", epoll_one_shot},
    {"selected", selected},
    {"flags_of_receiving", flags_of_receiving},
    {"addresses_of_receiving", addresses_of_receiving},
    {"extras_of_sending", extras_of_sending},
    {"sent_while_opening", sent_while_opening},
    {"sent_from_file", sent_from_file},
    {"receive_interrupted", receive_interrupted},
    {"stuck_peer", stuck_peer},
    {"options_before", options_before},
    {"options_of_copies", options_of_copies},
    {"options_of_a_number", options_of_a_number},
    {"options_after", options_after},
    {NULL, NULL},
};
