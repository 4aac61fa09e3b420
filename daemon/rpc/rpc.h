/* The daemon's side of the IPC protocol (proto/README.md): requests of local clients in, user calls
 * of the engine out, answers back. Owns the control socket, the sessions and the memory of recent
 * answers. */
#ifndef TCPENGINED_RPC_H
#define TCPENGINED_RPC_H

#include <uv.h>

#include "link/pump.h"
#include "rpc/event_log.h"
#include "sp/sp_server.h"

#define RPC_API_MAJOR 1
/* Rows of the table of verbs. */
#define RPC_VERB_COUNT 17
/* Status codes, OK included. */
#define RPC_CODE_COUNT 21

struct rpc_options {
    struct sp_server_options control;
    int64_t session_grace_us;      /* default 1 s */
    int64_t session_keep_max_us;   /* default 1 day */
    unsigned sessions_per_uid_max; /* default 64 */
    unsigned sessions_max;         /* default 4,096 */
    unsigned objects_per_uid_max;  /* connections and listeners held by one uid; default 65,536 */
    unsigned waits_per_link_max;   /* requests of one link that wait; default 64 */
    size_t held_per_uid_max;       /* bytes of their data; default 8 MiB */
    size_t held_max;               /* of all uids; default 64 MiB */
    size_t recent_max;             /* remembered answers; default 4,096 */
    int64_t wait_max_us;           /* longest wait_ms; default 1 hour */
    uint64_t boot_id;              /* 0: drawn at random */
};
void rpc_options_init(struct rpc_options *options);

/* What DaemonStatus tells beside what the engine knows. Texts are borrowed. */
#define DAEMON_INFO_ROUTES_MAX 64
struct daemon_info {
    const char *version;
    const char *tap;
    bool tap_up;
    uint8_t mac[6];
    uint32_t mtu_bytes;
    int64_t msl_us;
    const char *http;    /* "127.0.0.1:9409", empty: none */
    const char *gateway; /* the first one, empty: none */
    const char *routes[DAEMON_INFO_ROUTES_MAX];
    unsigned route_count;
};

/* What the host of the rpc lends it; all must outlive it. */
struct rpc_host {
    uv_loop_t *loop;
    struct pump *pump;
    struct event_log *events;
    /* Fills *ret_info, which is zeroed, with texts that stay valid until the next call. */
    void (*describe)(void *ctx, struct daemon_info *ret_info);
    void *ctx;
};

struct rpc;

/* Listens on the control socket. Returns 0 or a negative errno, and has logged why. */
int rpc_new(const struct rpc_options *options, const struct rpc_host *host, struct rpc **ret_rpc);
/* Takes no more links, refuses Open, and removes the socket's file; all else goes on. */
void rpc_stop(struct rpc *rpc);
/* Closes everything and calls nothing of the host afterwards; connections are left to the engine.
 * The memory goes when the loop has run the close callbacks. NULL is legal. */
void rpc_free(struct rpc *rpc);

/* To be called with every event of the engine, in order, after event_log_push(). Calls nothing
 * back: requests that it wakes run in the next round of the loop. */
void rpc_on_engine_event(struct rpc *rpc, const struct te_event *event);

uint64_t rpc_boot_id(const struct rpc *rpc);

#define RPC_COUNTER_LIST(X)                                                                        \
    X(requests_malformed, "Requests that could not be decoded")                                    \
    X(requests_unsupported, "Requests of an unknown version or verb")                              \
    X(requests_denied, "Requests about another uid's connection")                                  \
    X(requests_repeated, "Requests answered from memory: they came twice")                         \
    X(recent_evicted, "Remembered answers pushed out by newer ones")                               \
    X(waits_refused, "Waiting requests refused: too many of one link, or too much data")           \
    X(waits_superseded, "Waiting requests replaced by their own repetition")                       \
    X(deadlines_passed, "Requests answered by DEADLINE")                                           \
    X(objects_refused, "Open and Accept refused: too many connections of one uid")                 \
    X(sessions_made, "Sessions made")                                                              \
    X(sessions_resumed, "Sessions taken up again by their token")                                  \
    X(sessions_refused, "Sessions refused: too many")                                              \
    X(sessions_ended, "Sessions ended, by Detach or because their client was gone")                \
    X(session_objects_closed, "Connections and listeners closed by a session's policy")            \
    X(session_objects_aborted, "Connections and listeners aborted by a session's policy")

struct rpc_counters {
#define RPC_COUNTER_FIELD(name, help) uint64_t name;
    RPC_COUNTER_LIST(RPC_COUNTER_FIELD)
#undef RPC_COUNTER_FIELD
};

/* Counters and gauges for the metrics. */
struct rpc_stats {
    struct sp_counters control;
    struct rpc_counters counters;
    uint64_t requests_by_verb[RPC_VERB_COUNT]; /* named by rpc_verb_name() */
    uint64_t answers_by_code[RPC_CODE_COUNT];  /* named by rpc_code_name() */
    size_t links, sessions, objects, waits, recent;
    size_t held_bytes; /* data of requests that wait */
};
void rpc_fill_stats(const struct rpc *rpc, struct rpc_stats *ret_stats);
/* "Open", "REFUSED"; NULL beyond the counts above. */
const char *rpc_verb_name(unsigned index);
const char *rpc_code_name(unsigned code);

#endif
