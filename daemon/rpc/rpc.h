/* The daemon's side of the IPC protocol (proto/README.md): turns requests from local clients into
 * calls of the engine, and their results into answers. Owns the control socket, the sessions and
 * the memory of recent answers.
 *
 * Theory of operation: a request runs to its answer in a turn of its uid (turns.h), unless it must
 * wait for the engine. Such a call is parked under the id it waits for. An event of the engine only
 * marks parked calls as due and shares them out to their links; each runs in a turn of its link's
 * uid, outside the engine's own work. An idle handle applies the policies of ended sessions, to a
 * limited number of objects per turn of the loop.
 *
 * Whatever belongs to a link (waits, bindings to sessions, its reference to its uid's account) is
 * attached to its struct rpc_link and goes away with it.
 *
 * The path of a request, top down; each file calls only those below it:
 *
 *   rpc          setup, links, ended sessions, events
 *   rpc_request  from bytes to a call: decode, find the verb, run or park
 *   rpc_verb     the table of verbs
 *   rpc_open, rpc_stream, rpc_close, rpc_session, rpc_inspect, rpc_daemon   their handlers
 *   rpc_explain, rpc_fault   more of them
 *   rpc_wait     waiting calls
 *   rpc_call     one call: checks, handler, answer
 *   rpc_recall   remembered answers
 *   rpc_status   errors as messages
 *   rpc_convert  values as messages
 *   rpc_clock    work that no request triggers
 *   rpc_stats    counters and gauges
 *
 * rpc_state.h has the struct that they share, rpc_message.h the messages in it. */
#ifndef TCPENGINED_RPC_H
#define TCPENGINED_RPC_H

#include <uv.h>

#include "fault/fault_layer.h"
#include "link/pump.h"
#include "rpc/event_log.h"
#include "rpc/rpc_options.h"
#include "util/turns.h"

#define RPC_API_MAJOR 1

/* What DaemonStatus reports beyond the engine's own data. Texts are borrowed; NULL counts as empty.
 */
#define DAEMON_INFO_GATEWAYS_MAX 8 /* config.h takes as many */
#define DAEMON_INFO_ROUTES_MAX 64
struct daemon_info {
    const char *version;
    const char *tap;
    bool tap_up;
    struct offloads offloads;
    int64_t kernel_dropped; /* tap_kernel_dropped() */
    uint8_t mac[6];
    uint32_t mtu_bytes;
    int64_t msl_us;
    const char *http;    /* "127.0.0.1:9409"; empty: none */
    const char *gateway; /* the first one; empty: none */
    const char *gateways[DAEMON_INFO_GATEWAYS_MAX];
    unsigned gateway_count;
    const char *routes[DAEMON_INFO_ROUTES_MAX];
    unsigned route_count;
    const struct te_config *engine; /* with its limits; NULL: not known */
};

struct capture_set;

/* What the rpc borrows from its host. All of it must outlive the rpc. */
struct rpc_host {
    uv_loop_t *loop;
    struct pump *pump;
    struct event_log *events;
    struct capture_set *captures; /* NULL: there are none to be had */
    struct fault_layer *faults;   /* NULL: not allowed */
    /* Fills in *ret_info, which is zeroed; its texts stay valid until the next call. */
    void (*describe)(void *ctx, struct daemon_info *ret_info);
    /* Called before each answer leaves: the ids and event numbers in it are known to somebody from
     * then on. NULL: nobody cares. */
    void (*before_answer)(void *ctx);
    /* Called before a request shuts id down, or closes it: its program may have written in shared
     * memory. NULL: there is none. */
    void (*before_end)(void *ctx, uint64_t id, bool is_close);
    /* Takes what te_send() refuses with TE_ERR_STATE, because the connection's buffers are lent: as
     * te_send(). NULL: none are. */
    enum te_err (*send_lent)(void *ctx, uint64_t id, const uint8_t *data, size_t len,
                             size_t *ret_accepted);
    /* The name of the socket by which a program has connection or listener id as a descriptor;
     * NULL: by none. Valid until the next call. NULL instead of a function: there are no sockets.
     */
    const char *(*socket_name)(void *ctx, uint64_t id);
    uint64_t first_id; /* of this run; those below belong to earlier runs. 0: there were none */
    void *ctx;
};

struct rpc;

/* Starts listening on the control socket; options and host are copied. Returns 0, or a negative
 * errno after logging why: -EADDRINUSE if another daemon is alive, or as sp_server_new() has it. */
int rpc_new(const struct rpc_options *options, const struct rpc_host *host, struct rpc **ret_rpc);
/* Stops accepting links, refuses Open from now on, and removes the socket's file. Links and other
 * verbs keep working. */
void rpc_stop(struct rpc *rpc);
/* Closes every link. Connections stay with the engine; nothing of the host is called afterwards.
 * The memory is freed by the loop's next turns, when the handles have closed. NULL is legal. */
void rpc_free(struct rpc *rpc);

/* Call with every event of the engine, in order, after event_log_push(). Calls nothing back: the
 * requests that it wakes run in the next round of the loop. */
void rpc_on_engine_event(struct rpc *rpc, const struct te_event *event);
/* Call with every note of the fault layer, after event_log_push_fault(). Calls nothing back. */
void rpc_on_fault(struct rpc *rpc, const struct fault_note *note);

/* A capture has something to read. May be called within the engine's work. */
void rpc_on_capture(struct rpc *rpc, uint64_t capture);

/* Where everybody's work waits for its turn. Valid as long as the rpc. */
struct turns *rpc_turns(struct rpc *rpc);
/* Identifies this run of the daemon in every answer. */
uint64_t rpc_boot_id(const struct rpc *rpc);

#endif
