/* One call, from its request to its answer.
 *
 * Theory of operation: a call is checked (session, owner) and given to its verb's handler, which
 * fills in the answer or asks to wait. A handler may run many times for one request, each time from
 * the start and with the same checks before it: what must be done once it guards by
 * call->is_started. */
#ifndef TCPENGINED_RPC_CALL_H
#define TCPENGINED_RPC_CALL_H

#include "rpc/rpc_state.h"

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

/* A row of the table of verbs (rpc_verb.c). */
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

#endif
