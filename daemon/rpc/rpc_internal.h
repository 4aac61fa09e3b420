/* What the files of the rpc share: one call on its way from request to answer.
 *
 * rpc.c       life, links, sessions that end, timers, events
 * rpc_call.c  decode, check, dispatch, answer
 * rpc_wait.c  calls that wait
 * rpc_verb.c  the table of verbs; rpc_VERB.c their handlers
 * rpc_status.c, rpc_convert.c  errors and values as messages */
#ifndef TCPENGINED_RPC_INTERNAL_H
#define TCPENGINED_RPC_INTERNAL_H

#include <tcpengine/conn.h>

#include "rpc/arena.h"
#include "rpc/pb.h"
#include "rpc/rpc.h"
#include "rpc/wait.h"
#include "session/object.h"
#include "session/recent.h"
#include "session/session.h"
#include "util/log.h"

#define US_PER_MS INT64_C(1000)

/* What one decoded request may take; also what one answer may be made of. */
#define RPC_ARENA_BYTES ((size_t)1024 * 1024)
/* Most entries on a page of a list, and most steps to find them: a page fits a message, and nobody
 * waits long for somebody else's. */
#define RPC_PAGE_MAX 1000
#define RPC_WALK_STEPS_MAX 4096
/* Most data in the answer of Receive: what SP_REPLY_MAX_BYTES leaves beside the other fields. */
#define RPC_RECEIVE_MAX_BYTES (SP_REPLY_MAX_BYTES - 128)

/* What wakes a waiting call: enum te_ready, and these. */
#define RPC_WAKE_STATE 0x100u /* a state changed */
#define RPC_WAKE_EVENT 0x200u /* the event log has grown */
/* Keys of waits that are not ids of connections, which are below 2^53. */
#define RPC_KEY_EVENTS_OF_UID (UINT64_C(1) << 62)
#define RPC_KEY_EVENTS_OF_ALL (UINT64_C(1) << 63)

struct rpc_call;

/* Whether a handler has filled in the answer. */
enum rpc_outcome {
    RPC_ANSWER,
    RPC_WAIT /* rpc_may_wait() has said yes: run the handler again when woken */
};

/* Who may call a verb, beside admins, who may call all. */
enum rpc_privilege {
    RPC_ANYBODY, /* it concerns only what is the caller's own, or nobody's */
    RPC_OWNER    /* the owner of the object that the id_offset field names */
};

/* The operation of a request, copied out of it. All are flat, but for texts, endpoints and data. */
union rpc_op {
    ProtobufCMessage base;
    pb_attach attach;
    pb_detach detach;
    pb_open open;
    pb_accept accept;
    pb_send send;
    pb_receive receive;
    pb_shutdown shutdown;
    pb_close close;
    pb_abort abort;
    pb_connection_status connection_status;
    pb_list list;
    pb_time_wait_list time_wait_list;
    pb_history history;
    pb_counters counters;
    pb_next_events next_events;
    pb_daemon_status daemon_status;
    pb_set_option set_option;
};

union rpc_result {
    ProtobufCMessage base;
    pb_attach_result attach;
    pb_detach_result detach;
    pb_open_result open;
    pb_accept_result accept;
    pb_send_result send;
    pb_receive_result receive;
    pb_shutdown_result shutdown;
    pb_close_result close;
    pb_abort_result abort;
    pb_connection_status_result connection;
    pb_list_result list;
    pb_time_wait_list_result time_wait_list;
    pb_history_result history;
    pb_counters_result counters;
    pb_next_events_result next_events;
    pb_daemon_status_result daemon;
    pb_set_option_result set_option;
};

struct rpc_verb {
    pb_op_case op_case;
    const char *name;
    enum rpc_outcome (*handle)(struct rpc_call *call);
    const ProtobufCMessageDescriptor *result;
    enum rpc_privilege privilege;
    size_t id_offset;      /* in the operation, of the uint64 that names an object; 0: none */
    size_t wait_ms_offset; /* in the operation, of the uint32 of that name; 0: none */
    bool finds_session;    /* the handler itself looks the session up */
};
const struct rpc_verb *rpc_verb_find(unsigned op_case);
size_t rpc_verb_index(const struct rpc_verb *verb);

/* One link, as long as it lives. */
struct rpc_link {
    struct rpc *rpc;
    struct sp_link *link;
    struct account *account;
    bool is_admin;
    struct session_binding_list sessions;
    TAILQ_HEAD(, rpc_wait) waits;
    unsigned wait_count;
    struct wait_queue blocked; /* due, but the link is full */
};

/* A request from its arrival to its answer; copied into a struct rpc_wait while it waits. */
struct rpc_call {
    struct rpc *rpc;
    struct rpc_link *link;
    struct sp_request *request;
    const struct rpc_verb *verb;
    union rpc_op op;
    uint64_t request_id;
    uint64_t session_id;
    int64_t wait_until_us;  /* end of wait_ms */
    int64_t deadline_at_us; /* end of deadline_ms */
    bool is_started;        /* what must be done once was done; only the outcome is waited for */
    uint64_t started_id;    /* of the object that it was done to */

    /* Set anew each time that the call runs. */
    struct session *session;  /* NULL: none */
    enum te_err subject_err;  /* what te_status() said of the object that the call is about */
    struct te_status *status; /* valid with TE_OK */
    uint64_t wait_key;        /* set by rpc_may_wait() */
    unsigned wakers;
    bool is_late; /* deadline_ms, not wait_ms, cut the waiting short */
};

struct rpc_wait {
    struct wait wait; /* first, so that one is found from the other */
    struct rpc_call call;
    TAILQ_ENTRY(rpc_wait) in_link;
    size_t held_bytes;
    uint8_t held[]; /* data of Send */
};

/* The answer being made; there is only one at a time. */
struct rpc_answer {
    pb_response response;
    pb_status status;
    union rpc_result result;
    bool has_result;
};

struct rpc {
    struct rpc_options options;
    struct rpc_host host;
    uint64_t boot_id;
    struct sp_server *server;
    struct account_table accounts;
    struct object_table *objects;
    struct session_table *sessions;
    struct recent *recent;
    struct rpc_counters counters;
    uint64_t requests_by_verb[RPC_VERB_COUNT];
    uint64_t answers_by_code[RPC_CODE_COUNT];

    struct wait_table waits;
    size_t wait_count, held_bytes;
    uint64_t events_lost; /* by the engine, as far as waits were woken for it */
    uv_timer_t timer;     /* waits and sessions */
    int64_t timer_at_us;
    uv_idle_t idle; /* runs while a wait is due or a session has ended */
    unsigned open_handles;
    bool is_stopping, is_freed;

    struct arena request_arena, answer_arena;
    struct rpc_answer answer;
    struct te_status status; /* of the current call's object */
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

/* --- rpc.c -------------------------------------------------------------------------------------*/

/* Waits are due, or sessions have ended: see to it in the next round of the loop. */
void rpc_run_soon(struct rpc *rpc);
/* CLOSE for an object of ours. What Receive has shown counts as taken: its client need not free it
 * before, as none would with a socket. */
enum te_err rpc_close_object(struct rpc *rpc, uint64_t id);
/* Arms the timer for the earliest of waits and sessions. */
void rpc_timer_update(struct rpc *rpc);

/* --- rpc_call.c --------------------------------------------------------------------------------*/

void rpc_call_on_request(struct rpc_link *link, struct sp_request *request, const uint8_t *body,
                         size_t len);
void rpc_call_on_too_long(struct rpc_link *link, struct sp_request *request, uint64_t len);
/* Runs the call's handler, and sends the answer when there is one. */
enum rpc_outcome rpc_call_run(struct rpc_call *call);
/* Empties the answer and its arena. */
void rpc_answer_begin(struct rpc *rpc);
/* Sends the answer as it stands, and ends the request. */
void rpc_call_send(struct rpc_call *call);

/* The answer's result, to be filled in. */
union rpc_result *rpc_result(struct rpc_call *call);
/* True when the call may go on waiting: for one of wakers to happen to key. Then answer RPC_WAIT;
 * else say what there is to say now. */
bool rpc_may_wait(struct rpc_call *call, uint64_t key, unsigned wakers);
/* Looks id up in the engine: call->subject_err, call->status. */
void rpc_load_subject(struct rpc_call *call, uint64_t id);

/* --- rpc_wait.c --------------------------------------------------------------------------------*/

/* Parks a call that answered RPC_WAIT for the first time; a limit turns it into an answer. */
void rpc_wait_new(struct rpc_call *call);
/* Runs some of the waits that are due. */
void rpc_wait_run_due(struct rpc *rpc);
/* Ends all waits of a link that is gone. */
void rpc_wait_drop_all(struct rpc_link *link);

/* --- rpc_status.c ------------------------------------------------------------------------------*/

struct rpc_error {
    pb_code code;
    const char *errno_name;
    const char *hint; /* NULL: none */
};
/* Makes the answer an error. Returns RPC_ANSWER, for handlers to return. The result stays. */
enum rpc_outcome rpc_fail(struct rpc_call *call, const struct rpc_error *error, const char *format,
                          ...) __attribute__((format(printf, 3, 4)));
#define RPC_FAIL(call, code_, errno_, hint_, ...)                                                  \
    rpc_fail(call, &(const struct rpc_error){PB_##code_, errno_, hint_}, __VA_ARGS__)

/* The same for an error of the engine about the object id; call->status describes it when
 * call->subject_err is TE_OK, else its history does. */
enum rpc_outcome rpc_fail_engine(struct rpc_call *call, enum te_err err, uint64_t id);
/* The same for an error of opening, when there is no object yet. */
enum rpc_outcome rpc_fail_open(struct rpc_call *call, enum te_err err, const struct te_open *open);

/* err of the object that status describes, as a message in the answer's arena; NULL: no room. */
pb_status *rpc_status_message(struct rpc_call *call, enum te_err err,
                              const struct te_status *status);
/* Why the connection of a history came to its end; TE_OK when as it should. */
enum te_err rpc_history_err(const struct te_history *history);

/* --- rpc_convert.c -----------------------------------------------------------------------------*/

/* All in the answer's arena; NULL: no room. */
pb_endpoint *rpc_endpoint(struct rpc *rpc, const struct te_endpoint *endpoint);
pb_segment *rpc_segment(struct rpc *rpc, const struct te_segment_info *segment);
pb_connection *rpc_connection(struct rpc *rpc, const struct te_status *status);
pb_time_wait_entry *rpc_time_wait(struct rpc *rpc, const struct te_status *status);
char *rpc_text(struct rpc *rpc, const char *text);
/* An array of count pointers. */
void *rpc_pointers(struct rpc *rpc, size_t count);
/* What a client sent, made fit for a message: printable ASCII, at most 63 bytes. */
#define RPC_QUOTE_MAX 64
void rpc_quote(const char *text, char ret_quote[RPC_QUOTE_MAX]);
/* Reads an endpoint; NULL is the unspecified one. False: the answer says what is wrong with name.
 */
bool rpc_parse_endpoint(struct rpc_call *call, const char *name, const pb_endpoint *endpoint,
                        struct te_endpoint *ret_endpoint);
pb_state rpc_state(enum te_state state);

/* --- the verbs ---------------------------------------------------------------------------------*/

enum rpc_outcome rpc_verb_attach(struct rpc_call *call);
enum rpc_outcome rpc_verb_detach(struct rpc_call *call);
enum rpc_outcome rpc_verb_open(struct rpc_call *call);
enum rpc_outcome rpc_verb_accept(struct rpc_call *call);
enum rpc_outcome rpc_verb_send(struct rpc_call *call);
enum rpc_outcome rpc_verb_receive(struct rpc_call *call);
enum rpc_outcome rpc_verb_shutdown(struct rpc_call *call);
enum rpc_outcome rpc_verb_close(struct rpc_call *call);
enum rpc_outcome rpc_verb_abort(struct rpc_call *call);
enum rpc_outcome rpc_verb_connection_status(struct rpc_call *call);
enum rpc_outcome rpc_verb_list(struct rpc_call *call);
enum rpc_outcome rpc_verb_time_wait_list(struct rpc_call *call);
enum rpc_outcome rpc_verb_history(struct rpc_call *call);
enum rpc_outcome rpc_verb_counters(struct rpc_call *call);
enum rpc_outcome rpc_verb_next_events(struct rpc_call *call);
enum rpc_outcome rpc_verb_daemon_status(struct rpc_call *call);
enum rpc_outcome rpc_verb_set_option(struct rpc_call *call);

/* The call was answered before: its answer, from the memory of recent ones. token 0: no. */
bool rpc_recall(struct rpc_call *call, uint64_t token, uint64_t id,
                struct recent_answer *ret_answer);
/* Remembers what the call did. token 0: nothing is remembered. */
void rpc_remember(struct rpc_call *call, uint64_t token, uint64_t id,
                  const struct recent_answer *answer);

#endif
