/* One call, from request to answer.
 *
 * Theory of operation: a call is checked (session, owner) and passed to its verb's handler, which
 * fills in the answer or asks to wait. A handler may run many times for one request, each time from
 * the start and after the same checks; call->is_started guards what must be done only once. */
#ifndef TCPENGINED_RPC_CALL_H
#define TCPENGINED_RPC_CALL_H

#include "rpc/rpc_state.h"

struct rpc_call;

/* Whether a handler has filled in the answer. */
enum rpc_outcome {
    RPC_ANSWER,
    RPC_WAIT, /* rpc_may_wait() returned true: run the handler again when woken */
    RPC_AGAIN /* there is more to do than one turn allows: run the handler again in another one */
};

/* Who may call a verb. Admins may call all of them. */
enum rpc_privilege {
    RPC_ANYBODY, /* any client; an object it names must still be the caller's, unless the id is 0 */
    RPC_OWNER    /* the owner of the object that the field at id_offset names */
};

/* A row of the table of verbs (rpc_verb.c). */
struct rpc_verb {
    pb_op_case op_case;
    const char *name;
    enum rpc_outcome (*handle)(struct rpc_call *call);
    const ProtobufCMessageDescriptor *result;
    enum rpc_privilege privilege;
    size_t id_offset;      /* of the operation's uint64 that names an object; 0: none */
    size_t wait_ms_offset; /* of the operation's uint32 wait_ms; 0: none */
    bool finds_session;    /* the handler checks the session itself */
};

/* A request from arrival to answer; copied into a struct rpc_wait while it waits. */
struct rpc_call {
    struct rpc *rpc;
    struct rpc_link *link;
    struct sp_request *request;
    const struct rpc_verb *verb;
    union rpc_op op;
    uint64_t request_id;
    uint64_t session_id;
    uint64_t boot_id;                    /* of the daemon that the client means; 0: any */
    enum te_listen_family listen_family; /* passive Open: requests mean TE_LISTEN_ANY */
    int64_t began_at_us;                 /* it was read */
    struct histogram *latency;           /* of its verb; NULL: it has none */
    int64_t wait_until_us;               /* end of wait_ms */
    int64_t deadline_at_us;              /* end of deadline_ms */
    bool is_started;     /* the part that happens once is done; only its outcome is open */
    uint64_t started_id; /* the object it was done to */

    /* Set by each run of the call. */
    struct session *session;  /* NULL: none */
    enum te_err subject_err;  /* of te_status() for the call's object */
    struct te_status *status; /* valid if that is TE_OK */
    uint64_t wait_key;        /* set by rpc_may_wait() */
    unsigned wakers;
    bool is_late; /* deadline_ms ended the wait, not wait_ms */
    bool goes_on; /* the handler has returned RPC_AGAIN */
};

/* Checks the call and runs its handler. RPC_ANSWER: the answer was sent. Otherwise park the call.
 */
enum rpc_outcome rpc_call_run(struct rpc_call *call);
/* The same, but nothing is sent: the answer is in call->rpc->answer. */
enum rpc_outcome rpc_call_perform(struct rpc_call *call);
/* Empties the answer and its arena; pointers into either are invalid from now on. */
void rpc_answer_begin(struct rpc *rpc);
/* Fills in what every answer has. */
void rpc_answer_complete(struct rpc_call *call);
/* Sends the answer as it is, and ends the request. One that is too long becomes INTERNAL. */
void rpc_call_send(struct rpc_call *call);

/* The result of the answer, for the handler to fill in; initialized by the first call. */
union rpc_result *rpc_result(struct rpc_call *call);
/* True: the call may wait for one of wakers to happen to key; return RPC_WAIT. False: its time is
 * up (or it did not ask to wait); answer with what there is now. */
bool rpc_may_wait(struct rpc_call *call, uint64_t key, unsigned wakers);
/* Looks id up in the engine: sets call->subject_err and call->status. */
void rpc_load_subject(struct rpc_call *call, uint64_t id);

#endif
