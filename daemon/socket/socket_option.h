/* Options of sockets: kept from the start, applied to the connection once there is one, and
 * inherited by those that a listener accepts. */
#ifndef TCPENGINED_SOCKET_OPTION_H
#define TCPENGINED_SOCKET_OPTION_H

#include <stdbool.h>
#include <stdint.h>

#define SOCKET_CONGESTION_MAX 16 /* TCP_CA_NAME_MAX of Linux */

/* Options whose value is a number, as the program gave it: X(NAME, level, name, min, max). What is
 * done with it says socket_option.c; most that nothing is done with can't be told from outside. */
#define SOCKET_OPTION_LIST(X)                                                                      \
    X(REUSEADDR, SOL_SOCKET, SO_REUSEADDR, INT32_MIN, INT32_MAX)                                   \
    X(REUSEPORT, SOL_SOCKET, SO_REUSEPORT, INT32_MIN, INT32_MAX)                                   \
    X(KEEPALIVE, SOL_SOCKET, SO_KEEPALIVE, INT32_MIN, INT32_MAX)                                   \
    X(OOBINLINE, SOL_SOCKET, SO_OOBINLINE, INT32_MIN, INT32_MAX)                                   \
    X(BROADCAST, SOL_SOCKET, SO_BROADCAST, INT32_MIN, INT32_MAX)                                   \
    X(PRIORITY, SOL_SOCKET, SO_PRIORITY, 0, 6)                                                     \
    X(SNDBUF, SOL_SOCKET, SO_SNDBUF, INT32_MIN, INT32_MAX)                                         \
    X(RCVBUF, SOL_SOCKET, SO_RCVBUF, INT32_MIN, INT32_MAX)                                         \
    X(NODELAY, IPPROTO_TCP, TCP_NODELAY, INT32_MIN, INT32_MAX)                                     \
    X(CORK, IPPROTO_TCP, TCP_CORK, INT32_MIN, INT32_MAX)                                           \
    X(KEEPIDLE, IPPROTO_TCP, TCP_KEEPIDLE, 1, 32767)                                               \
    X(KEEPINTVL, IPPROTO_TCP, TCP_KEEPINTVL, 1, 32767)                                             \
    X(KEEPCNT, IPPROTO_TCP, TCP_KEEPCNT, 1, 127)                                                   \
    X(USER_TIMEOUT, IPPROTO_TCP, TCP_USER_TIMEOUT, 0, INT32_MAX)                                   \
    X(QUICKACK, IPPROTO_TCP, TCP_QUICKACK, INT32_MIN, INT32_MAX)                                   \
    X(DEFER_ACCEPT, IPPROTO_TCP, TCP_DEFER_ACCEPT, INT32_MIN, INT32_MAX)                           \
    X(FASTOPEN, IPPROTO_TCP, TCP_FASTOPEN, 0, INT32_MAX)                                           \
    X(TOS, IPPROTO_IP, IP_TOS, INT32_MIN, INT32_MAX)                                               \
    X(TTL, IPPROTO_IP, IP_TTL, -1, 255)                                                            \
    X(MTU_DISCOVER, IPPROTO_IP, IP_MTU_DISCOVER, 0, 5)                                             \
    X(BIND_NO_PORT, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, INT32_MIN, INT32_MAX)                     \
    X(V6ONLY, IPPROTO_IPV6, IPV6_V6ONLY, INT32_MIN, INT32_MAX)                                     \
    X(TCLASS, IPPROTO_IPV6, IPV6_TCLASS, -1, 255)                                                  \
    X(HOPS, IPPROTO_IPV6, IPV6_UNICAST_HOPS, -1, 255)

enum socket_option {
#define SOCKET_OPTION_CONSTANT(NAME, ...) SOCKET_OPTION_##NAME,
    SOCKET_OPTION_LIST(SOCKET_OPTION_CONSTANT)
#undef SOCKET_OPTION_CONSTANT
        SOCKET_OPTION_COUNT
};

struct socket_options {
    uint32_t set; /* a bit for each that the program has given */
    int32_t value[SOCKET_OPTION_COUNT];
    bool lingers;
    int32_t linger_s;
    char congestion[SOCKET_CONGESTION_MAX]; /* empty: the default */
};
_Static_assert(SOCKET_OPTION_COUNT <= 32, "set has a bit for each");

struct socket;
struct socket_request;
struct socket_answer;

/* Carry the requests out; errno values. */
int socket_option_set(struct socket *socket, const struct socket_request *request);
int socket_option_get(struct socket *socket, const struct socket_request *request,
                      struct socket_answer *answer);
/* All that the program has given, to the connection that the socket has now. */
void socket_option_apply(struct socket *socket);
/* Whether a switch is on. */
bool socket_option_is_on(const struct socket *socket, enum socket_option option);
/* Whether closing resets the connection: SO_LINGER with a time of 0. */
bool socket_option_is_abortive(const struct socket *socket);

#endif
