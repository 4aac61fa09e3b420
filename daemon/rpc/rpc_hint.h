/* All hints: the code that clients may go by (Hint in tcpengine.proto), and what it says to those
 * that print what they are sent. tcpctl has its own words in cli/wording.c. */
#ifndef TCPENGINED_RPC_HINT_H
#define TCPENGINED_RPC_HINT_H

#include "rpc/pb.h"

/* X(code, text) */
#define RPC_HINT_LIST(X)                                                                           \
    X(NONE, "")                                                                                    \
    X(PEER_ADDRESS,                                                                                \
      "loopback, multicast, broadcast and the daemon's own addresses cannot be peers")             \
    X(FREE_MEMORY, "close connections that are no longer needed")                                  \
    X(RAISE_LIMIT, "close connections that are no longer needed, or raise the limit")              \
    X(LIST_IDS, "List names the ids that exist")                                                   \
    X(OTHER_PORT_OR_CLOSE, "use another local port, or close the other connection")                \
    X(CANNOT_SEND, "nothing more can be sent on it")                                               \
    X(PEER_MISSING, "an active open needs the peer's address and port")                            \
    X(OTHER_PORT, "choose another port")                                                           \
    X(OWN_ADDRESSES, "DaemonStatus names them")                                                    \
    X(ROUTE, "give the daemon a gateway, or an address in that network")                           \
    X(WAIT, "ask again, with wait_ms")                                                             \
    X(OPEN_ANOTHER, "the peer gave up the connection; open another one")                           \
    X(PEER_LISTENS, "does a program listen on that port?")                                         \
    X(PEER_OR_FIREWALL, "is the peer up, or does a firewall drop the segments?")                   \
    X(PEER_OR_ROUTE, "is the peer up, and does its router have the right route?")                  \
    X(ROUTER, "a router on the path has no route")                                                 \
    X(PEER_PROTOCOL, "does the peer speak TCP on that port?")                                      \
    X(FIREWALL, "a firewall on the path forbids it")                                               \
    X(STREAM_OFFSETS, "Status names the stream's offsets")                                         \
    X(PEER_UP, "is the peer up?")                                                                  \
    X(MEMORY_SHARE, "read or close some of them, or raise memory_per_uid_percent")                 \
    X(MEMORY_PRESSURE, "read what was received, or raise memory_max")                              \
    X(PEER_ON_NETWORK, "is it up, and on the daemon's network?")                                   \
    X(HISTORY, "History still shows how it ended")                                                 \
    X(EARLIER_RUN, "all connections of that run are gone; List names what there is now")           \
    X(CONFLICT, "give one of the two another address")                                             \
    X(ADDRESS_CHECK, "try again in a few seconds")                                                 \
    X(MORE_TIME, "allow more time, or set no deadline_ms")                                         \
    X(ASK_LESS, "ask for less")                                                                    \
    X(NEW_SESSION, "Attach makes a new session; those of an earlier run are gone")                 \
    X(NO_TOKEN, "Attach without a token makes a new session")                                      \
    X(OWNER, "only its owner, root and the admin group may do that")                               \
    X(OBJECTS_PER_UID, "close some of them, or raise objects_per_uid_max")                         \
    X(PORT_RANGE, "ports go from 1 to 65535")                                                      \
    X(ADDRESS_FORM, "write it as 10.0.0.2 or 2001:db8::2")                                         \
    X(PORT_MISSING, "only an active open can leave the choice to the daemon")                      \
    X(PRIVILEGED_PORT, "use a port from 1024 on, or have the uid added to privileged_ports")       \
    X(WAITING_REQUESTS,                                                                            \
      "wait until some of them are answered, or use a channel, whose streams have no such limit")  \
    X(EVENT_READERS, "one reader of events is enough for a program")                               \
    X(WAITING_DATA, "wait until some of it is accepted")                                           \
    X(OWN_CONNECTION, "name a connection of yours")                                                \
    X(SEND_OFFSET, "continue at the accepted offset")                                              \
    X(RECEIVE_FREED, "Receive frees what lies below from_offset")                                  \
    X(RECEIVE_OFFSET, "continue at the end of what was received")                                  \
    X(LINKS, "end a program that uses it, or raise that limit")                                    \
    X(CLIENT_VERSION, "use a client of the daemon's version")                                      \
    X(PROTOCOL_FILE, "see proto/tcpengine/v1/tcpengine.proto")                                     \
    X(SEND_IN_PARTS, "send the data in several requests")                                          \
    X(ALGORITHMS, "tcpctl set --list prints them")                                                 \
    X(OPTIONS, "tcpctl set --list prints them")                                                    \
    X(KEEP_SECONDS, "ask for less, or raise session_keep_max")                                     \
    X(SESSIONS_PER_UID, "end some of them with Detach, or by closing their links")                 \
    X(SESSIONS, "try again later")                                                                 \
    X(PORT_SHARE,                                                                                  \
      "close some connections, wait for TIME_WAIT to end, or raise connections_per_uid_percent")   \
    X(ALLOW_FAULTS, "set allow_faults = yes in the daemon's configuration, and restart it")        \
    X(FAULTS, "remove some, or raise faults_max or faults_per_uid_max")                            \
    X(FAULT_IDS, "Fault with FAULT_LIST names those that exist")                                   \
    X(CONN_MAX, "close connections that are no longer needed, or raise conn_max")                  \
    X(CONNECTIONS_PER_UID,                                                                         \
      "close connections that are no longer needed, or raise connections_per_uid_percent")         \
    X(LISTENERS_MAX, "close listeners that are no longer needed, or raise listeners_max")          \
    X(LISTENERS_PER_UID,                                                                           \
      "close listeners that are no longer needed, or raise listeners_per_uid_percent")

/* What code says. */
const char *rpc_hint_text(pb_hint code);

#endif
