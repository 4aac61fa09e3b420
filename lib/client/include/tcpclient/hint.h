/* What a hint says, as a number: for programs that have their own words for it, in their user's
 * language. A number keeps its meaning; a later daemon may send one that is not here. */
#ifndef TCPCLIENT_HINT_H
#define TCPCLIENT_HINT_H

/* X(name, number): the daemon's, as in tcpengine.proto, */
#define TCPC_DAEMON_HINT_LIST(X)                                                                   \
    X(PEER_ADDRESS, 1)                                                                             \
    X(FREE_MEMORY, 2)                                                                              \
    X(RAISE_LIMIT, 3)                                                                              \
    X(LIST_IDS, 4)                                                                                 \
    X(OTHER_PORT_OR_CLOSE, 5)                                                                      \
    X(CANNOT_SEND, 6)                                                                              \
    X(PEER_MISSING, 7)                                                                             \
    X(OTHER_PORT, 8)                                                                               \
    X(OWN_ADDRESSES, 9)                                                                            \
    X(ROUTE, 10)                                                                                   \
    X(WAIT, 11)                                                                                    \
    X(OPEN_ANOTHER, 12)                                                                            \
    X(PEER_LISTENS, 13)                                                                            \
    X(PEER_OR_FIREWALL, 14)                                                                        \
    X(PEER_OR_ROUTE, 15)                                                                           \
    X(ROUTER, 16)                                                                                  \
    X(PEER_PROTOCOL, 17)                                                                           \
    X(FIREWALL, 18)                                                                                \
    X(STREAM_OFFSETS, 19)                                                                          \
    X(PEER_UP, 20)                                                                                 \
    X(MEMORY_SHARE, 21)                                                                            \
    X(MEMORY_PRESSURE, 22)                                                                         \
    X(PEER_ON_NETWORK, 23)                                                                         \
    X(HISTORY, 24)                                                                                 \
    X(EARLIER_RUN, 25)                                                                             \
    X(CONFLICT, 26)                                                                                \
    X(ADDRESS_CHECK, 27)                                                                           \
    X(MORE_TIME, 28)                                                                               \
    X(ASK_LESS, 29)                                                                                \
    X(NEW_SESSION, 30)                                                                             \
    X(NO_TOKEN, 31)                                                                                \
    X(OWNER, 32)                                                                                   \
    X(OBJECTS_PER_UID, 33)                                                                         \
    X(PORT_RANGE, 34)                                                                              \
    X(ADDRESS_FORM, 35)                                                                            \
    X(PORT_MISSING, 36)                                                                            \
    X(PRIVILEGED_PORT, 37)                                                                         \
    X(WAITING_REQUESTS, 38)                                                                        \
    X(EVENT_READERS, 39)                                                                           \
    X(WAITING_DATA, 40)                                                                            \
    X(OWN_CONNECTION, 41)                                                                          \
    X(SEND_OFFSET, 42)                                                                             \
    X(RECEIVE_FREED, 43)                                                                           \
    X(RECEIVE_OFFSET, 44)                                                                          \
    X(LINKS, 45)                                                                                   \
    X(CLIENT_VERSION, 46)                                                                          \
    X(PROTOCOL_FILE, 47)                                                                           \
    X(SEND_IN_PARTS, 48)                                                                           \
    X(ALGORITHMS, 49)                                                                              \
    X(OPTIONS, 50)                                                                                 \
    X(KEEP_SECONDS, 51)                                                                            \
    X(SESSIONS_PER_UID, 52)                                                                        \
    X(SESSIONS, 53)                                                                                \
    X(PORT_SHARE, 54)                                                                              \
    X(ALLOW_FAULTS, 55)                                                                            \
    X(FAULTS, 56)                                                                                  \
    X(FAULT_IDS, 57)                                                                               \
    X(CONN_MAX, 58)                                                                                \
    X(CONNECTIONS_PER_UID, 59)                                                                     \
    X(LISTENERS_MAX, 60)                                                                           \
    X(LISTENERS_PER_UID, 61)

/* and the library's own. */
#define TCPC_LIBRARY_HINT_LIST(X)                                                                  \
    X(OTHER_VERSION, 100)                                                                          \
    X(LATE, 101)                                                                                   \
    X(NEW_CLIENT, 102)                                                                             \
    X(IS_RUNNING, 103)                                                                             \
    X(IS_TCPENGINED, 104)                                                                          \
    X(SOCKET_GROUP, 105)                                                                           \
    X(CONTROL_URL, 106)                                                                            \
    X(SYN_UNANSWERED, 107)

#define TCPC_HINT_ENTRY(name, number) TCPC_HINT_##name = number,
enum tcpc_hint {
    TCPC_HINT_NONE = 0,
    TCPC_DAEMON_HINT_LIST(TCPC_HINT_ENTRY) TCPC_LIBRARY_HINT_LIST(TCPC_HINT_ENTRY)
};
#undef TCPC_HINT_ENTRY

#endif
