/* The structs of the rpc and of a link, which the files of this room share. */
#ifndef TCPENGINED_RPC_STATE_H
#define TCPENGINED_RPC_STATE_H

#include <tcpengine/conn.h>
#include <tcpengine/pressure.h>
#include <tcpengine/units.h>

#include "link/pump.h"
#include "rpc/arena.h"
#include "rpc/rpc.h"
#include "rpc/rpc_message.h"
#include "rpc/rpc_stats.h"
#include "rpc/wait.h"
#include "session/object.h"
#include "session/owner.h"
#include "session/recent.h"
#include "session/session.h"
#include "sp/sp_server.h"

/* What wakes a waiting call: the bits of enum te_ready, and these. */
#define RPC_WAKE_STATE 0x100u /* a state changed */
#define RPC_WAKE_EVENT 0x200u /* the event log has grown */
/* Keys of waits that are not ids of connections (those are below 2^53). */
#define RPC_KEY_EVENTS_OF_UID (UINT64_C(1) << 62)
#define RPC_KEY_EVENTS_OF_ALL (UINT64_C(1) << 63)
#define RPC_KEY_CAPTURE (UINT64_C(1) << 61)

struct rpc_wait;

/* One link, from its first request to its end. */
struct rpc_link {
    struct rpc *rpc;
    struct sp_link *link;
    struct account *account;
    struct owner *owner; /* of what it makes without a session */
    bool is_admin;
    struct session_binding_list sessions;
    TAILQ_HEAD(, rpc_wait) waits;
    unsigned wait_count;
    struct wait_queue due;     /* in the link's next turns */
    struct wait_queue blocked; /* due, but the link's output is full */
};

/* See rpc_clock.h. */
struct rpc_clock {
    uv_timer_t timer; /* waits and sessions */
    int64_t timer_at_us;
    uv_idle_t idle; /* runs while a wait is due or a session has ended */
    void (*run)(struct rpc *rpc);
};

struct rpc {
    struct rpc_options options;
    struct rpc_host host;
    uint64_t boot_id;
    int64_t epoch_us; /* since 1970, of the moment that rpc_now_us() counts from */
    struct sp_server *server;
    struct account_table accounts;
    struct object_table *objects;
    struct owner_table *owners;
    struct session_table *sessions;
    struct recent *recent;
    struct rpc_counters counters;
    uint64_t requests_by_verb[RPC_VERB_COUNT];
    uint64_t direct_by_verb[RPC_VERB_COUNT]; /* of these, by rpc_local.h */
    uint64_t answers_by_code[RPC_CODE_COUNT];
    struct histogram latency_by_verb[RPC_VERB_COUNT];

    struct wait_table waits;
    size_t wait_count, held_bytes;
    unsigned channels;    /* that there are: daemon/channel */
    unsigned sockets;     /* whose descriptor is open: daemon/socket */
    uint64_t events_lost; /* the engine's count when the waits were last woken for it */
    struct rpc_clock clock;
    unsigned open_handles;
    bool is_stopping, is_freed;

    struct arena request_arena, answer_arena;
    struct rpc_answer answer;
    struct te_status status; /* of the running call's object */
    uint8_t *out;            /* SP_REPLY_MAX_BYTES: the packed answer */
};

static inline struct te_stack *rpc_stack(const struct rpc *rpc)
{
    return pump_stack(rpc->host.pump);
}

static inline int64_t rpc_now_us(const struct rpc *rpc)
{
    return pump_now_us(rpc->host.pump);
}

#endif
