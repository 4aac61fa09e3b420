/* The options of sockets whose value is a number: what the daemon keeps, and what a program may
 * have set before it is known whose its socket will be. docs/programs.md has them in words. Whoever
 * asks for the numbers includes <netinet/in.h> and <netinet/tcp.h>. */
#ifndef TCPENGINE_OPTION_LIST_H
#define TCPENGINE_OPTION_LIST_H

/* The engine's sockets have them: X(NAME, level, name, shown, min, max, start). shown is SWITCH,
 * which is on unless it is 0, NUMBER, or DOUBLED: the kernel shows twice what was set (socket(7)).
 * start is the kernel's, where the engine has no default of its own. */
#define SOCKET_OPTION_LIST(X)                                                                      \
    X(DEBUG, SOL_SOCKET, SO_DEBUG, SWITCH, INT32_MIN, INT32_MAX, 0)                                \
    X(REUSEADDR, SOL_SOCKET, SO_REUSEADDR, SWITCH, INT32_MIN, INT32_MAX, 0)                        \
    X(REUSEPORT, SOL_SOCKET, SO_REUSEPORT, SWITCH, INT32_MIN, INT32_MAX, 0)                        \
    X(KEEPALIVE, SOL_SOCKET, SO_KEEPALIVE, SWITCH, INT32_MIN, INT32_MAX, 0)                        \
    X(OOBINLINE, SOL_SOCKET, SO_OOBINLINE, SWITCH, INT32_MIN, INT32_MAX, 0)                        \
    X(BROADCAST, SOL_SOCKET, SO_BROADCAST, SWITCH, INT32_MIN, INT32_MAX, 0)                        \
    X(INCOMING_CPU, SOL_SOCKET, SO_INCOMING_CPU, NUMBER, INT32_MIN, INT32_MAX, -1)                 \
    X(BUSY_POLL, SOL_SOCKET, SO_BUSY_POLL, NUMBER, 0, INT32_MAX, 0)                                \
    X(PREFER_BUSY_POLL, SOL_SOCKET, SO_PREFER_BUSY_POLL, SWITCH, INT32_MIN, INT32_MAX, 0)          \
    X(SNDBUF, SOL_SOCKET, SO_SNDBUF, DOUBLED, INT32_MIN, INT32_MAX, 0)                             \
    X(RCVBUF, SOL_SOCKET, SO_RCVBUF, DOUBLED, INT32_MIN, INT32_MAX, 0)                             \
    X(TOS, IPPROTO_IP, IP_TOS, NUMBER, INT32_MIN, INT32_MAX, 0)                                    \
    X(TCLASS, IPPROTO_IPV6, IPV6_TCLASS, NUMBER, -1, 255, 0)                                       \
    X(PRIORITY, SOL_SOCKET, SO_PRIORITY, NUMBER, 0, 6, 0)                                          \
    X(TTL, IPPROTO_IP, IP_TTL, NUMBER, -1, 255, 64)                                                \
    X(MTU_DISCOVER, IPPROTO_IP, IP_MTU_DISCOVER, NUMBER, 0, 5, IP_PMTUDISC_WANT)                   \
    X(BIND_NO_PORT, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, SWITCH, INT32_MIN, INT32_MAX, 0)          \
    X(FREEBIND, IPPROTO_IP, IP_FREEBIND, SWITCH, INT32_MIN, INT32_MAX, 0)                          \
    X(PKTINFO, IPPROTO_IP, IP_PKTINFO, SWITCH, INT32_MIN, INT32_MAX, 0)                            \
    X(RECVERR, IPPROTO_IP, IP_RECVERR, SWITCH, INT32_MIN, INT32_MAX, 0)                            \
    X(RECVTOS, IPPROTO_IP, IP_RECVTOS, SWITCH, INT32_MIN, INT32_MAX, 0)                            \
    X(RECVTTL, IPPROTO_IP, IP_RECVTTL, SWITCH, INT32_MIN, INT32_MAX, 0)                            \
    X(V6ONLY, IPPROTO_IPV6, IPV6_V6ONLY, SWITCH, INT32_MIN, INT32_MAX, 0)                          \
    X(HOPS, IPPROTO_IPV6, IPV6_UNICAST_HOPS, NUMBER, -1, 255, 64)                                  \
    X(MTU_DISCOVER6, IPPROTO_IPV6, IPV6_MTU_DISCOVER, NUMBER, 0, 5, IP_PMTUDISC_WANT)              \
    X(DONTFRAG6, IPPROTO_IPV6, IPV6_DONTFRAG, SWITCH, INT32_MIN, INT32_MAX, 0)                     \
    X(AUTOFLOWLABEL, IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, SWITCH, INT32_MIN, INT32_MAX, 1)            \
    X(PKTINFO6, IPPROTO_IPV6, IPV6_RECVPKTINFO, SWITCH, INT32_MIN, INT32_MAX, 0)                   \
    X(RECVERR6, IPPROTO_IPV6, IPV6_RECVERR, SWITCH, INT32_MIN, INT32_MAX, 0)                       \
    X(RECVTCLASS, IPPROTO_IPV6, IPV6_RECVTCLASS, SWITCH, INT32_MIN, INT32_MAX, 0)                  \
    X(RECVHOPLIMIT, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, SWITCH, INT32_MIN, INT32_MAX, 0)              \
    X(NODELAY, IPPROTO_TCP, TCP_NODELAY, SWITCH, INT32_MIN, INT32_MAX, 0)                          \
    X(CORK, IPPROTO_TCP, TCP_CORK, SWITCH, INT32_MIN, INT32_MAX, 0)                                \
    X(KEEPIDLE, IPPROTO_TCP, TCP_KEEPIDLE, NUMBER, 1, 32767, 0)                                    \
    X(KEEPINTVL, IPPROTO_TCP, TCP_KEEPINTVL, NUMBER, 1, 32767, 0)                                  \
    X(KEEPCNT, IPPROTO_TCP, TCP_KEEPCNT, NUMBER, 1, 127, 0)                                        \
    X(USER_TIMEOUT, IPPROTO_TCP, TCP_USER_TIMEOUT, NUMBER, 0, INT32_MAX, 0)                        \
    X(QUICKACK, IPPROTO_TCP, TCP_QUICKACK, SWITCH, INT32_MIN, INT32_MAX, 1)                        \
    X(SYNCNT, IPPROTO_TCP, TCP_SYNCNT, NUMBER, 1, 127, 6)                                          \
    X(LINGER2, IPPROTO_TCP, TCP_LINGER2, NUMBER, INT32_MIN, INT32_MAX, 60)                         \
    X(DEFER_ACCEPT, IPPROTO_TCP, TCP_DEFER_ACCEPT, NUMBER, INT32_MIN, INT32_MAX, 0)                \
    X(WINDOW_CLAMP, IPPROTO_TCP, TCP_WINDOW_CLAMP, NUMBER, INT32_MIN, INT32_MAX, 0)                \
    X(NOTSENT_LOWAT, IPPROTO_TCP, TCP_NOTSENT_LOWAT, NUMBER, INT32_MIN, INT32_MAX, 0)              \
    X(THIN_TIMEOUTS, IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, NUMBER, 0, 1, 0)                       \
    X(THIN_DUPACK, IPPROTO_TCP, TCP_THIN_DUPACK, NUMBER, 0, 1, 0)                                  \
    X(FASTOPEN, IPPROTO_TCP, TCP_FASTOPEN, NUMBER, 0, INT32_MAX, 0)                                \
    X(FASTOPEN_CONNECT, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, NUMBER, 0, 1, 0)

/* Options that the kernel's sockets have and the engine's have not: X(level, name). A program that
 * sets one of them afterwards is told ENOPROTOOPT; one set before is passed over, and --verbose
 * names it. */
#define SOCKET_REFUSED_LIST(X)                                                                     \
    X(SOL_SOCKET, SO_BINDTODEVICE)                                                                 \
    X(SOL_SOCKET, SO_DONTROUTE)                                                                    \
    X(SOL_SOCKET, SO_MARK)                                                                         \
    X(SOL_SOCKET, SO_MAX_PACING_RATE)                                                              \
    X(SOL_SOCKET, SO_TIMESTAMP)                                                                    \
    X(SOL_SOCKET, SO_TIMESTAMPING)                                                                 \
    X(SOL_SOCKET, SO_TIMESTAMPNS)                                                                  \
    X(IPPROTO_IP, IP_MINTTL)                                                                       \
    X(IPPROTO_IP, IP_TRANSPARENT)                                                                  \
    X(IPPROTO_TCP, TCP_INQ)                                                                        \
    X(IPPROTO_TCP, TCP_SAVE_SYN)                                                                   \
    X(IPPROTO_TCP, TCP_TX_DELAY)

#endif
