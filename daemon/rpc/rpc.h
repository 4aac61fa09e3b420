/* The daemon's side of the IPC protocol (proto/README.md): requests of local clients in, user calls
 * of the engine out, answers back. Owns the control socket, the sessions and the memory of recent
 * answers.
 *
 * Theory of operation: requests run to their answer as they arrive, unless they must wait for the
 * engine. Such a call is parked under the id that it waits for. Events of the engine only mark
 * parked calls as due; they run in an idle handle, once for all the events of a batch, outside of
 * the engine's own work and a limited number in one round of the loop, so that links are read in
 * between. The same handle applies the policies of sessions that have ended.
 *
 * Everything that a link brings along (waits, bindings to sessions, its reference to the account of
 * its uid) hangs on its struct rpc_link, and goes with it.
 *
 * The way of a request, from the top; each file calls only those below it:
 *
 *   rpc          life, links, sessions that end, events
 *   rpc_request  from bytes to a call: decode, find the verb, run or park
 *   rpc_verb     the table of verbs
 *   rpc_open, rpc_stream, rpc_close, rpc_session, rpc_inspect, rpc_daemon   their handlers
 *   rpc_wait     calls that wait
 *   rpc_call     one call: checks, running, the answer
 *   rpc_recall   answers given before
 *   rpc_status   errors as messages
 *   rpc_convert  values as messages
 *   rpc_clock    when the rpc works without being called
 *   rpc_stats    counters and gauges
 *
 * rpc_state.h has the struct behind them all, rpc_message.h the messages that it holds. */
#ifndef TCPENGINED_RPC_H
#define TCPENGINED_RPC_H

#include <uv.h>

#include "link/pump.h"
#include "rpc/event_log.h"
#include "rpc/rpc_options.h"

#define RPC_API_MAJOR 1

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

#endif
