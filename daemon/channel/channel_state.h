/* The structs that the files of this room share. */
#ifndef TCPENGINED_CHANNEL_STATE_H
#define TCPENGINED_CHANNEL_STATE_H

#include <channel.h>
#include <slots.h>

#include "channel/channel_server.h"
#include "rpc/rpc_link.h"
#include "sp/sp_door.h"

#define CHANNEL_INDEX_BUCKETS 4096 /* a power of two */

struct channel_link;

/* The daemon's own record of a slot: all that it decides by. There is one per connection. */
struct channel_place {
    struct channel_link *link;
    SLIST_ENTRY(channel_place) in_bucket; /* while id is not 0 */
    uint64_t id;                          /* of the connection or listener; 0: none */
    uint32_t asked;                       /* the last request that was looked at */
    pb_code code;                         /* why it is ENDED, or of the last answer */
    uint8_t state;                        /* enum channel_state */
    bool is_moved;                        /* goes back at the end */
    uint8_t way;                          /* enum channel_way */
    bool is_finished, fin_sent;
    bool is_cut; /* closed by somebody else: what is written no longer leaves */
    bool is_end;
    bool is_listener : 1, is_acceptor : 1; /* which of these there is */
    union {
        struct {
            uint64_t accepted, acked, released, received; /* positions, as the engine has them */
        };
        TAILQ_HEAD(, channel_place) acceptors; /* is_listener: those that wait for a connection */
        struct {                               /* is_acceptor */
            TAILQ_ENTRY(channel_place) in_acceptors;
            struct channel_place *listener;
        };
    };
};

SLIST_HEAD(channel_bucket, channel_place);

/* One channel. */
struct channel_link {
    TAILQ_ENTRY(channel_link) in_all;
    struct channel_server *server;
    struct rpc_link rpc_link;
    struct fair_share *share;
    struct fair_job job;
    uv_poll_t socket; /* greeting, bells of the slow kind, end */
    uv_poll_t bell;   /* once the link is made */
    int fd;
    int bell_fd; /* an eventfd; -1: not made */
    unsigned open_handles;
    uint32_t pid;
    bool is_made;    /* welcomed: there is a memory */
    bool is_closing; /* its connections are being given up */
    bool is_awake;   /* in the server's list of those for whom the daemon does not sleep */
    TAILQ_ENTRY(channel_link) in_awake;
    bool aborts;
    uint32_t given_up; /* slots that are */
    int64_t hello_until_us;

    struct channel_layout layout;
    struct channel_head *head; /* the memory; NULL: none yet */
    struct channel_place *places;
    struct channel_slots work;   /* taken, and not looked at yet */
    struct channel_slots late;   /* closings that wait for the next turn */
    struct channel_slots unread; /* their programs may read, and need not ring for it */
};

struct channel_server {
    struct rpc *rpc;
    struct channel_server_options options;
    struct sp_door door;
    uv_timer_t timer; /* greetings that do not come, descriptors that were missing, the unread */
    unsigned open_handles;
    bool is_ended;
    TAILQ_HEAD(, channel_link) links;
    TAILQ_HEAD(, channel_link) awake; /* channel_rest.h */
    bool has_woken;                   /* a client, since the last flush */
    int64_t yields_from_ns;           /* before that the daemon does not yield */
    struct channel_bucket by_id[CHANNEL_INDEX_BUCKETS];
};

#endif
