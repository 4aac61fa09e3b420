/* What calls say of a socket that has ended, has failed, listens, or is not connected yet. */
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include "calls.h"

/* --- ends ------------------------------------------------------------------------------------- */

static void wait_for_hangup(int fd)
{
    while ((wait_for_events(fd, POLLIN, 10000) & POLLHUP) == 0)
        usleep(1000);
}

static void shut_down_twice(void)
{
    char bytes[4];
    int fd = tcp_socket(0);
    CHECK_ERRNO(shutdown(fd, SHUT_WR), ENOTCONN);
    close(fd);
    fd = connected_to(peer.echo);
    CHECK_ERRNO(shutdown(fd, 3), EINVAL);
    CHECK_INT(shutdown(fd, SHUT_WR), 0);
    CHECK_INT(read(fd, bytes, 1), 0);
    wait_for_hangup(fd);
    for (int how = SHUT_RD; how <= SHUT_RDWR; how++)
        CHECK_ERRNO(shutdown(fd, how), ENOTCONN);
    CHECK_ERRNO(shutdown(fd, 3), EINVAL);
    close(fd);
    fd = connected_to(peer.end);
    CHECK_INT(recv(fd, bytes, sizeof(bytes), MSG_WAITALL), 3);
    CHECK_INT(shutdown(fd, SHUT_RD), 0);
    CHECK_INT(shutdown(fd, SHUT_WR), 0);
    wait_for_hangup(fd);
    CHECK_ERRNO(shutdown(fd, SHUT_WR), ENOTCONN);
    close(fd);
}

static void names_after_the_end(void)
{
    char byte;
    struct sockaddr_storage name;
    socklen_t length = sizeof(name);
    int fd = connected_to(peer.echo);
    CHECK_INT(shutdown(fd, SHUT_RDWR), 0);
    CHECK_INT(read(fd, &byte, 1), 0);
    usleep(200000);
    CHECK_ERRNO(getpeername(fd, (struct sockaddr *)&name, &length), ENOTCONN);
    CHECK_INT(getsockname(fd, (struct sockaddr *)&name, &length), 0);
    CHECK(length == peer.length && name.ss_family == peer.address.ss_family);
    CHECK_ERRNO(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
    close(fd);
}

/* --- resets ----------------------------------------------------------------------------------- */

static volatile sig_atomic_t pipes_seen;

static void on_pipe(int number)
{
    (void)number;
    pipes_seen++;
}

static int reset_connection(void)
{
    int fd = connected_to(peer.reset);
    send_text(fd, "x");
    wait_for_hangup(fd);
    return fd;
}

static ssize_t write_by(int fd, int how)
{
    struct iovec piece = {"x", 1};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    struct mmsghdr several = {.msg_hdr = message};
    FILE *file = tmpfile();
    CHECK(file != NULL && fputs("x", file) >= 0 && fflush(file) == 0);
    off_t offset = 0;
    errno = 0;
    switch (how) {
    case 0:
        return send(fd, "x", 1, 0);
    case 1:
        return sendto(fd, "x", 1, 0, at_port(peer.echo), peer.length);
    case 2:
        return sendmsg(fd, &message, 0);
    case 3:
        return sendmmsg(fd, &several, 1, 0);
    case 4:
        return write(fd, "x", 1);
    case 5:
        return writev(fd, &piece, 1);
    default:
        return sendfile(fd, fileno(file), &offset, 1);
    }
}

/* A program that writes first learns by that what has happened, and gets no SIGPIPE for it. */
static void reset_met_by_sending(void)
{
    struct sigaction action = {.sa_handler = on_pipe};
    sigaction(SIGPIPE, &action, NULL);
    for (int how = 0; how < 4; how++) {
        int fd = reset_connection();
        pipes_seen = 0;
        CHECK_ERRNO(write_by(fd, how), ECONNRESET);
        CHECK_INT(pipes_seen, 0);
        CHECK_ERRNO(write_by(fd, how), EPIPE);
        CHECK_INT(pipes_seen, 1);
        CHECK_INT(socket_error(fd), 0);
        close(fd);
    }
}

/* As most servers have it. */
static void reset_met_by_writing(void)
{
    char byte;
    signal(SIGPIPE, SIG_IGN);
    for (int how = 4; how < 7; how++) {
        int fd = reset_connection();
        CHECK_ERRNO(write_by(fd, how), ECONNRESET);
        CHECK_ERRNO(write_by(fd, how), EPIPE);
        CHECK_INT(read(fd, &byte, 1), 0);
        close(fd);
    }
}

/* --- attempts that fail ----------------------------------------------------------------------- */

static int refused_socket(void)
{
    int fd = tcp_socket(SOCK_NONBLOCK);
    CHECK_ERRNO(connect(fd, at_port(peer.closed), peer.length), EINPROGRESS);
    wait_for_hangup(fd);
    return fd;
}

static void refused_and_read(void)
{
    char byte;
    int fd = refused_socket();
    CHECK_ERRNO(read(fd, &byte, 1), ECONNREFUSED);
    CHECK_INT(read(fd, &byte, 1), 0);
    close(fd);
    fd = refused_socket();
    CHECK_ERRNO(send(fd, "x", 1, MSG_NOSIGNAL), ECONNREFUSED);
    CHECK_ERRNO(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
    close(fd);
}

/* The socket is good for another attempt, once it has said why the last one has failed. */
static void refused_and_tried_again(void)
{
    int fd = refused_socket(), on = 1;
    CHECK_INT(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)), 0);
    CHECK_ERRNO(connect(fd, at_port(peer.echo), peer.length), ECONNREFUSED);
    CHECK_ERRNO(connect(fd, at_port(peer.echo), peer.length), EINPROGRESS);
    CHECK_INT(wait_for_events(fd, POLLOUT, 10000), POLLOUT);
    CHECK_INT(socket_error(fd), 0);
    CHECK_INT(fcntl(fd, F_SETFL, 0), 0);
    expect_echo(fd);
    socklen_t length = sizeof(on);
    on = 0;
    CHECK_INT(getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, &length), 0);
    CHECK_INT(on, 1);
    close(fd);
}

static void wrong_addresses(void)
{
    int fd = tcp_socket(0);
    CHECK_ERRNO(connect(fd, NULL, peer.length), EFAULT);
    CHECK_ERRNO(bind(fd, NULL, peer.length), EFAULT);
    CHECK_ERRNO(connect(fd, at_port(peer.echo), 1), EINVAL);
    CHECK_ERRNO(bind(fd, at_port(peer.echo), peer.length - 5), EINVAL);
    CHECK_ERRNO(connect(1, at_port(peer.echo), peer.length), ENOTSOCK);
    CHECK_ERRNO(connect(-1, at_port(peer.echo), peer.length), EBADF);
    CHECK_INT(connect(fd, at_port(peer.echo), sizeof(struct sockaddr_storage)), 0);
    expect_echo(fd);
    close(fd);
}

/* --- listeners -------------------------------------------------------------------------------- */

static void listener_is_not_writable(void)
{
    fd_set writable;
    struct timeval limit = {.tv_usec = 50000};
    int count, listener = listening_socket(SOCK_NONBLOCK), epoll_fd = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLOUT};
    CHECK_INT(wait_for_events(listener, POLLIN | POLLOUT | POLLRDHUP, 50), 0);
    CHECK_INT(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event), 0);
    CHECK_INT(epoll_wait(epoll_fd, &event, 1, 50), 0);
    FD_ZERO(&writable);
    FD_SET(listener, &writable);
    CHECK_INT(select(listener + 1, NULL, &writable, NULL, &limit), 0);
    CHECK_ERRNO(send(listener, "x", 1, MSG_NOSIGNAL), EPIPE);
    CHECK_INT(shutdown(listener, SHUT_WR), 0); /* it has nothing to write anyway */
    ask_for_calls(listener, 1);
    CHECK_INT(wait_for_events(listener, POLLIN | POLLOUT, 10000), POLLIN);
    int fd = accept(listener, NULL, NULL);
    expect_text(fd, "hi");
    CHECK_INT(shutdown(listener, SHUT_RD), 0);
    CHECK_ERRNO(accept(listener, NULL, NULL), EINVAL);
    CHECK_ERRNO(accept(listener, NULL, NULL), EINVAL);
    CHECK(ioctl(fd, FIONREAD, &count) == 0 && count == 0);
    close(fd);
    close(epoll_fd);
    close(listener);
}

static void bytes_of_a_listener(void)
{
    int count, listener = listening_socket(0);
    CHECK_ERRNO(ioctl(listener, FIONREAD, &count), EINVAL);
    CHECK_ERRNO(ioctl(listener, SIOCOUTQ, &count), EINVAL);
    close(listener);
}

/* --- bytes on their way ----------------------------------------------------------------------- */

/* The peer's kernel acknowledges all that fits into its buffer, and no more. */
static void bytes_on_their_way(void)
{
    static char bytes[1 << 20];
    int count = -1, unsent = -1, fd = connected_to(peer.echo);
    expect_echo(fd);
    do
        CHECK_INT(ioctl(fd, SIOCOUTQ, &count), 0);
    while (count != 0);
    CHECK_INT(ioctl(fd, SIOCOUTQNSD, &count), 0);
    CHECK_INT(count, 0);
    close(fd);
    fd = connected_to(peer.stuck);
    CHECK_INT(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    do
        while (write(fd, bytes, sizeof(bytes)) > 0)
            continue;
    while ((wait_for_events(fd, POLLOUT, 700) & POLLOUT) != 0);
    CHECK_INT(ioctl(fd, SIOCOUTQ, &count), 0);
    CHECK_INT(ioctl(fd, SIOCOUTQNSD, &unsent), 0);
    CHECK(count >= unsent && unsent > 0);
    close(fd);
}

/* --- several messages at once ----------------------------------------------------------------- */

enum { MESSAGES = 3 };

static void messages_prepare(struct mmsghdr *messages, struct iovec *pieces,
                             struct sockaddr_storage *names)
{
    for (int i = 0; i < MESSAGES; i++)
        messages[i].msg_hdr = (struct msghdr){.msg_name = &names[i],
                                              .msg_namelen = peer.length,
                                              .msg_iov = &pieces[i],
                                              .msg_iovlen = 1};
}

static void messages_at_once(void)
{
    char bytes[] = "abcdef", got[7] = {0};
    struct iovec pieces[MESSAGES] = {{bytes, 1}, {bytes + 1, 2}, {bytes + 3, 3}};
    struct sockaddr_storage names[MESSAGES] = {peer.address, peer.address, peer.address};
    struct mmsghdr messages[MESSAGES];
    ssize_t peeked;
    int fd = connected_to(peer.echo);
    messages_prepare(messages, pieces, names); /* TCP ignores whom they are for */
    CHECK_INT(sendmmsg(fd, messages, MESSAGES, 0), MESSAGES);
    CHECK(messages[0].msg_len == 1 && messages[1].msg_len == 2 && messages[2].msg_len == 3);
    do
        peeked = recv(fd, got, 6, MSG_PEEK);
    while (peeked > 0 && peeked < 6);
    CHECK_INT(peeked, 6);
    for (int i = 0; i < MESSAGES; i++)
        pieces[i] = (struct iovec){got + 2 * i, 2};
    messages_prepare(messages, pieces, names);
    CHECK_INT(recvmmsg(fd, messages, MESSAGES, MSG_DONTWAIT, NULL), MESSAGES);
    for (int i = 0; i < MESSAGES; i++)
        CHECK(messages[i].msg_len == 2 && messages[i].msg_hdr.msg_namelen == 0);
    CHECK_INT(memcmp(got, bytes, 6), 0);
    CHECK_ERRNO(recvmmsg(fd, messages, MESSAGES, MSG_DONTWAIT, NULL), EAGAIN);
    close(fd);
}

const struct a_case state_cases[] = {
    {"shut_down_twice", shut_down_twice},
    {"names_after_the_end", names_after_the_end},
    {"reset_met_by_sending", reset_met_by_sending},
    {"reset_met_by_writing", reset_met_by_writing},
    {"refused_and_read", refused_and_read},
    {"refused_and_tried_again", refused_and_tried_again},
    {"wrong_addresses", wrong_addresses},
    {"listener_is_not_writable", listener_is_not_writable},
    {"bytes_of_a_listener", bytes_of_a_listener},
    {"bytes_on_their_way", bytes_on_their_way},
    {"messages_at_once", messages_at_once},
    {NULL, NULL},
};
