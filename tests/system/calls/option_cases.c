/* The table of options in docs/programs.md, row by row. */
#include <netinet/tcp.h>

#include "calls.h"

struct row {
    const char *text;
    int level, name, value, shown;
};

#define ROW(level, name, value, shown)                                                             \
    {                                                                                              \
#name, level, name, value, shown                                                           \
    }

/* What is set before connect() and after it, and read back at both times. */
static const struct row kept[] = {ROW(SOL_SOCKET, SO_DEBUG, 1, 1),
                                  ROW(SOL_SOCKET, SO_BROADCAST, 7, 1),
                                  ROW(SOL_SOCKET, SO_OOBINLINE, 1, 1),
                                  ROW(SOL_SOCKET, SO_KEEPALIVE, 3, 1),
                                  ROW(SOL_SOCKET, SO_REUSEADDR, 1, 1),
                                  ROW(SOL_SOCKET, SO_REUSEPORT, 1, 1),
                                  ROW(SOL_SOCKET, SO_PRIORITY, 5, 5),
                                  ROW(SOL_SOCKET, SO_BUSY_POLL, 50, 50),
                                  ROW(SOL_SOCKET, SO_PREFER_BUSY_POLL, 1, 1),
                                  ROW(SOL_SOCKET, SO_SNDBUF, 30000, 60000),
                                  ROW(SOL_SOCKET, SO_RCVBUF, 30000, 60000),
                                  ROW(SOL_SOCKET, SO_RCVLOWAT, 5, 5),
                                  ROW(SOL_SOCKET, SO_RCVLOWAT, 0, 1),
                                  ROW(IPPROTO_IP, IP_TOS, 0x10, 0x10),
                                  ROW(IPPROTO_IP, IP_TOS, 0x13, 0x10), /* without the bits of ECN */
                                  ROW(IPPROTO_IP, IP_TOS, 300, 44),
                                  ROW(IPPROTO_IP, IP_TTL, 9, 9),
                                  ROW(IPPROTO_IP, IP_TTL, -1, 64),
                                  ROW(IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO, IP_PMTUDISC_DO),
                                  ROW(IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1, 1),
                                  ROW(IPPROTO_IP, IP_FREEBIND, 1, 1),
                                  ROW(IPPROTO_IP, IP_PKTINFO, 1, 1),
                                  ROW(IPPROTO_IP, IP_RECVERR, 1, 1),
                                  ROW(IPPROTO_IP, IP_RECVTOS, 1, 1),
                                  ROW(IPPROTO_IP, IP_RECVTTL, 1, 1),
                                  ROW(IPPROTO_TCP, TCP_NODELAY, 2, 1),
                                  ROW(IPPROTO_TCP, TCP_CORK, 1, 1),
                                  ROW(IPPROTO_TCP, TCP_KEEPIDLE, 77, 77),
                                  ROW(IPPROTO_TCP, TCP_KEEPINTVL, 7, 7),
                                  ROW(IPPROTO_TCP, TCP_KEEPCNT, 3, 3),
                                  ROW(IPPROTO_TCP, TCP_USER_TIMEOUT, 30000, 30000),
                                  ROW(IPPROTO_TCP, TCP_QUICKACK, 1, 1),
                                  ROW(IPPROTO_TCP, TCP_SYNCNT, 3, 3),
                                  ROW(IPPROTO_TCP, TCP_LINGER2, 5, 5),
                                  ROW(IPPROTO_TCP, TCP_LINGER2, 0, 60),
                                  ROW(IPPROTO_TCP, TCP_LINGER2, -9, -1),
                                  ROW(IPPROTO_TCP, TCP_LINGER2, 1000, 120),
                                  ROW(IPPROTO_TCP, TCP_DEFER_ACCEPT, 1, 1),
                                  ROW(IPPROTO_TCP, TCP_DEFER_ACCEPT, 5, 7),
                                  ROW(IPPROTO_TCP, TCP_DEFER_ACCEPT, 200, 247),
                                  ROW(IPPROTO_TCP, TCP_NOTSENT_LOWAT, 16384, 16384),
                                  ROW(IPPROTO_TCP, TCP_NOTSENT_LOWAT, -1, -1),
                                  ROW(IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, 1, 1),
                                  ROW(IPPROTO_TCP, TCP_THIN_DUPACK, 1, 0),
                                  {NULL, 0, 0, 0, 0}};

static const struct row kept_of_ipv6[] = {
    ROW(IPPROTO_IPV6, IPV6_UNICAST_HOPS, 9, 9),
    ROW(IPPROTO_IPV6, IPV6_UNICAST_HOPS, -1, 64),
    ROW(IPPROTO_IPV6, IPV6_TCLASS, 0x13, 0x10),
    ROW(IPPROTO_IPV6, IPV6_TCLASS, -1, 0),
    ROW(IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO, IPV6_PMTUDISC_DO),
    ROW(IPPROTO_IPV6, IPV6_DONTFRAG, 1, 1),
    ROW(IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, 0, 0),
    ROW(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, 1),
    ROW(IPPROTO_IPV6, IPV6_RECVERR, 1, 1),
    ROW(IPPROTO_IPV6, IPV6_RECVTCLASS, 1, 1),
    ROW(IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1, 1),
    {NULL, 0, 0, 0, 0}};

/* Values that are out of range, at both times. */
static const struct row wrong[] = {ROW(SOL_SOCKET, SO_BUSY_POLL, -1, EINVAL),
                                   ROW(IPPROTO_IP, IP_TTL, 0, EINVAL),
                                   ROW(IPPROTO_IP, IP_TTL, 256, EINVAL),
                                   ROW(IPPROTO_IP, IP_MTU_DISCOVER, 6, EINVAL),
                                   ROW(IPPROTO_TCP, TCP_KEEPIDLE, 0, EINVAL),
                                   ROW(IPPROTO_TCP, TCP_KEEPIDLE, 32768, EINVAL),
                                   ROW(IPPROTO_TCP, TCP_KEEPINTVL, 0, EINVAL),
                                   ROW(IPPROTO_TCP, TCP_KEEPCNT, 128, EINVAL),
                                   ROW(IPPROTO_TCP, TCP_SYNCNT, 0, EINVAL),
                                   ROW(IPPROTO_TCP, TCP_SYNCNT, 128, EINVAL),
                                   ROW(IPPROTO_TCP, TCP_USER_TIMEOUT, -1, EINVAL),
                                   ROW(IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, 2, EINVAL),
                                   ROW(IPPROTO_TCP, TCP_FASTOPEN, -1, EINVAL),
                                   ROW(IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 2, EINVAL),
                                   ROW(SOL_SOCKET, SO_SNDLOWAT, 5, ENOPROTOOPT),
                                   ROW(SOL_SOCKET, SO_ACCEPTCONN, 1, ENOPROTOOPT),
                                   ROW(IPPROTO_TCP, 9999, 1, ENOPROTOOPT),
                                   {NULL, 0, 0, 0, 0}};

/* The kernel takes them once the connection stands; the engine has not got them. */
static const struct row refused[] = {ROW(SOL_SOCKET, SO_DONTROUTE, 1, 1),
                                     ROW(SOL_SOCKET, SO_MARK, 1, 1),
                                     ROW(SOL_SOCKET, SO_TIMESTAMP, 1, 1),
                                     ROW(SOL_SOCKET, SO_TIMESTAMPNS, 1, 1),
                                     ROW(SOL_SOCKET, SO_MAX_PACING_RATE, 1000000, 1000000),
                                     ROW(IPPROTO_IP, IP_MINTTL, 1, 1),
                                     ROW(IPPROTO_TCP, TCP_INQ, 1, 1),
                                     ROW(IPPROTO_TCP, TCP_SAVE_SYN, 1, 1),
                                     {NULL, 0, 0, 0, 0}};

static void check_shown(int fd, const struct row *row, const char *when)
{
    int value = -12345;
    socklen_t length = sizeof(value);
    if (getsockopt(fd, row->level, row->name, &value, &length) != 0)
        FAIL("%s %s: %s", row->text, when, strerrorname_np(errno));
    if (value != row->shown || length != sizeof(value))
        FAIL("%s set to %d %s: %d, not %d", row->text, row->value, when, value, row->shown);
}

static void set(int fd, const struct row *row, const char *when)
{
    if (setsockopt(fd, row->level, row->name, &row->value, sizeof(int)) != 0)
        FAIL("%s to %d %s: %s", row->text, row->value, when, strerrorname_np(errno));
    check_shown(fd, row, when);
}

static void check_kept(const struct row *row)
{
    int fd = tcp_socket(0);
    set(fd, row, "before connect()");
    CHECK_INT(connect(fd, at_port(peer.echo), peer.length), 0);
    check_shown(fd, row, "after connect()");
    close(fd);
    fd = connected_to(peer.echo);
    set(fd, row, "when connected");
    close(fd);
}

static void options_kept(void)
{
    for (const struct row *row = kept; row->text != NULL; row++)
        check_kept(row);
    if (peer.address.ss_family == AF_INET6)
        for (const struct row *row = kept_of_ipv6; row->text != NULL; row++)
            check_kept(row);
}

static void check_error(int fd, const struct row *row, int error, const char *when)
{
    errno = 0;
    int result = setsockopt(fd, row->level, row->name, &row->value, sizeof(int));
    if (result != -1 || errno != error)
        FAIL("%s to %d %s gives %d with %s, not %s", row->text, row->value, when, result,
             strerrorname_np(errno), strerrorname_np(error));
}

static void options_wrong(void)
{
    int fresh = tcp_socket(0), connected = connected_to(peer.echo);
    for (const struct row *row = wrong; row->text != NULL; row++) {
        check_error(fresh, row, row->shown, "before connect()");
        check_error(connected, row, row->shown, "when connected");
    }
    for (const struct row *row = kept_of_ipv6; row->text != NULL; row++)
        if (peer.address.ss_family == AF_INET)
            check_error(connected, row, ENOPROTOOPT, "on IPv4");
    close(fresh);
    close(connected);
}

/* Some can be set for a while only. */
static void options_too_late(void)
{
    static const struct row rows[] = {ROW(IPPROTO_TCP, TCP_WINDOW_CLAMP, 0, EINVAL),
                                      ROW(IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1, EINVAL)};
    int connected = connected_to(peer.echo), listener = listening_socket(0);
    for (unsigned i = 0; i < 2; i++)
        check_error(connected, &rows[i], EINVAL, "when connected");
    set(listener, &(struct row)ROW(IPPROTO_TCP, TCP_FASTOPEN, 5, 5), "when listening");
    check_error(listener, &rows[1], EINVAL, "when listening");
    if (peer.address.ss_family == AF_INET6) {
        const struct row only = ROW(IPPROTO_IPV6, IPV6_V6ONLY, 1, 1);
        check_error(listener, &only, EINVAL, "when listening");
        check_error(connected, &only, EINVAL, "when connected");
        check_kept(&(struct row)ROW(IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, 0, 0));
    }
    close(connected);
    close(listener);
}

/* Connections have those of the listener that has accepted them. */
static void options_inherited(void)
{
    static const struct row rows[] = {
        ROW(SOL_SOCKET, SO_KEEPALIVE, 1, 1),        ROW(IPPROTO_TCP, TCP_NODELAY, 1, 1),
        ROW(IPPROTO_TCP, TCP_LINGER2, 5, 5),        ROW(IPPROTO_TCP, TCP_NOTSENT_LOWAT, 9, 9),
        ROW(IPPROTO_TCP, TCP_USER_TIMEOUT, 77, 77), ROW(IPPROTO_IP, IP_TTL, 9, 9)};
    int listener = listening_socket(0);
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        set(listener, &rows[i], "when listening");
    ask_for_calls(listener, 1);
    int fd = accept(listener, NULL, NULL);
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_shown(fd, &rows[i], "when accepted");
    close(fd);
    close(listener);
}

/* The value's length, for both directions: a byte will do for ip(7), others need an int. */
static void options_short(void)
{
    unsigned char byte = 0x20;
    int value = 0, fd = connected_to(peer.echo);
    socklen_t length = sizeof(value);
    CHECK_INT(getsockopt(fd, IPPROTO_IP, IP_MTU, &value, &length), 0);
    CHECK(value >= 1280);
    length = 1;
    CHECK_INT(setsockopt(fd, IPPROTO_IP, IP_TOS, &byte, 1), 0);
    byte = 0;
    CHECK_INT(getsockopt(fd, IPPROTO_IP, IP_TOS, &byte, &length), 0);
    CHECK(length == 1 && byte == 0x20);
    CHECK_ERRNO(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &byte, 1), EINVAL);
    CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &byte, 1), EINVAL);
    length = 2 * sizeof(value);
    int pair[2] = {0, 77};
    CHECK_INT(getsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, pair, &length), 0);
    CHECK(length == sizeof(value) && pair[0] >= 6 && pair[1] == 77);
    length = sizeof(value);
    CHECK_ERRNO(getsockopt(tcp_socket(0), IPPROTO_IP, IP_MTU, &value, &length), ENOTCONN);
    struct sockaddr_storage name;
    length = peer.length;
    CHECK_INT(getsockopt(fd, SOL_SOCKET, SO_PEERNAME, &name, &length), 0);
    CHECK_INT(memcmp(&name, at_port(peer.echo), peer.length), 0);
    close(fd);
}

/* On the engine: ENOPROTOOPT when connected, and passed over when set before, with a word by
 * --verbose (test_calls.py). */
static void options_refused(void)
{
    for (const struct row *row = refused; row->text != NULL; row++) {
        int fd = tcp_socket(0);
        set(fd, row, "before connect()");
        CHECK_INT(connect(fd, at_port(peer.echo), peer.length), 0);
        if (getenv("CASES_ON_ENGINE") == NULL)
            set(fd, row, "when connected");
        else
            check_error(fd, row, ENOPROTOOPT, "when connected");
        expect_echo(fd);
        close(fd);
    }
}

const struct a_case option_cases[] = {
    {"options_kept", options_kept},
    {"options_wrong", options_wrong},
    {"options_too_late", options_too_late},
    {"options_inherited", options_inherited},
    {"options_short", options_short},
    {"options_refused", options_refused},
    {NULL, NULL},
};
