/* The structs that the files of this room share. */
#ifndef TCPENGINED_SOCKET_STATE_H
#define TCPENGINED_SOCKET_STATE_H

#include <socket.h>

#include "rpc/rpc_link.h"
#include "socket/socket_option.h"
#include "socket/socket_server.h"
#include "sp/sp_door.h"

#define SOCKET_LISTENER_BUCKETS 256
#define SOCKET_BUCKETS 16384 /* a power of two */
#define SOCKET_PORT_BUCKETS 4096
/* A link without a request for so long is closed. */
#define SOCKET_LINK_IDLE_US (10 * TE_SECOND)

struct socket;
struct socket_listener;
struct socket_link;
TAILQ_HEAD(socket_queue, socket);

/* Who has sockets or sends requests: a process, whose uid is an admin or not. */
struct socket_owner {
    TAILQ_ENTRY(socket_owner) in_all;
    struct socket_server *server;
    struct rpc_link rpc_link;
    struct fair_share *share;
    unsigned refs;
    unsigned sockets; /* whose descriptor is open */
    unsigned links;
};

/* One engine socket, from SOCKET, WRAP or accept(2) until its program has closed the last copy, and
 * a while longer after a failure. */
struct socket {
    SLIST_ENTRY(socket) in_cookie;
    SLIST_ENTRY(socket) in_port;       /* has_port: BIND has given it local */
    SLIST_ENTRY(socket) in_id;         /* while id is not 0, and it is a connection's */
    TAILQ_ENTRY(socket) in_ended;      /* ENDED: the oldest first */
    TAILQ_ENTRY(socket) in_listener;   /* LISTENING */
    TAILQ_HEAD(, socket_link) waiters; /* CONNECTING: who waits for the outcome */
    struct socket_server *server;
    struct socket_owner *owner;
    struct fair_job job;
    uint64_t number;
    uint64_t cookie; /* of the program's end: what a descriptor is recognized by */
    uint64_t id;     /* of the connection; 0: none */
    struct socket_listener *listener;
    int fd; /* the daemon's end; -1: closed */
    int error;
    int64_t forget_at_us;
    uint16_t family;
    bool has_port;
    uint8_t state; /* enum socket_state */
    struct te_endpoint local, remote;
    struct socket_options options;

    uint32_t buffer_bytes;    /* that each of its ends may hold for the other, at most */
    uint64_t delivered;       /* stream offset: the program's end has what is below */
    uint32_t filler_bytes;    /* that keep the program's end from being writable */
    bool may_read, may_write; /* as far as is known: the kernel has said no to neither */
    bool awaits_room;         /* the engine's send buffer is full */
    bool watches_writable;    /* EPOLLOUT is asked for */
    bool is_read_shut;        /* its program writes no more, or has closed it */
    bool is_hung_up;          /* no program has it any more */
    bool is_broken;           /* it was closed with unread bytes */
    bool is_deaf;             /* its program reads no more, but has it still */
    bool is_finished;         /* its program writes no more, and the FIN is sent */
    bool is_end_shown;        /* the peer's FIN is delivered */
    bool is_end_due;          /* the protocol has ended: look how */
    bool is_wide;             /* the program's end holds as much as it may */
    bool is_outcome_due;      /* connect(2) succeeds once more (EINPROGRESS was its answer) */

    /* LISTENING: the accepted connection that found no room on the way to the program. */
    int held_fd; /* -1: none */
    struct socket_accepted held;
};
SLIST_HEAD(socket_bucket, socket);

/* A listener of the engine, and the sockets that share it (SO_REUSEPORT): each gets its part of the
 * connections. */
struct socket_listener {
    SLIST_ENTRY(socket_listener) in_id;
    TAILQ_ENTRY(socket_listener) in_all;
    struct socket_server *server;
    struct socket_owner *owner;
    struct fair_job job;
    uint64_t id;
    struct te_endpoint local;
    bool lacks_room;             /* for more sockets: the limits say so */
    struct socket_queue members; /* the next one to get a connection first */
};

/* One connection to the socket for requests. */
struct socket_link {
    TAILQ_ENTRY(socket_link) in_all;
    TAILQ_ENTRY(socket_link) in_waiters; /* while waits_for is set */
    struct socket_server *server;
    struct socket_owner *owner;
    struct fair_job job;
    uv_poll_t poll;
    int fd;
    struct socket *waits_for;
    int carried_fd; /* the program's end of waits_for; -1: none */
    bool is_closing;
    int64_t until_us; /* the next request comes before */
};

struct socket_server {
    struct rpc *rpc;
    struct socket_server_options options;
    struct sp_door door;
    uv_poll_t poll; /* of events_fd */
    uv_timer_t timer;
    int events_fd; /* epoll set of the daemon's ends */
    unsigned open_handles;
    bool is_ended;
    uint64_t last_number;
    unsigned links; /* connections for requests */
    unsigned ended;
    void (*run)(struct fair_job *job); /* of a socket */
    struct sockaddr_un name;           /* the last that was asked for */
    struct socket_queue ended_sockets;
    TAILQ_HEAD(, socket_owner) owners;
    TAILQ_HEAD(, socket_link) all_links;
    TAILQ_HEAD(, socket_listener) listeners;
    SLIST_HEAD(, socket_listener) listeners_by_id[SOCKET_LISTENER_BUCKETS];
    struct socket_bucket by_cookie[SOCKET_BUCKETS];
    struct socket_bucket by_id[SOCKET_BUCKETS];
    struct socket_bucket by_port[SOCKET_PORT_BUCKETS];
};

#endif
