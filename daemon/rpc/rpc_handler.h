/* The handlers of the verbs. Each finds its operation in call->op; session and owner have been
 * checked. It returns RPC_ANSWER after filling in rpc_result(call) or failing the call
 * (rpc_status.h), or RPC_WAIT, if rpc_may_wait() returns true, or RPC_AGAIN, to be run again from
 * the start. None runs longer than a turn's slice (turns.h). */
#ifndef TCPENGINED_RPC_HANDLER_H
#define TCPENGINED_RPC_HANDLER_H

#include "rpc/rpc_call.h"

/* Most entries on a page of a list or of events, most objects looked at to find them, and most
 * places of a table or of the log: no page takes longer than a turn's slice (turns.h). */
#define RPC_PAGE_MAX 128
#define RPC_PAGE_OBJECTS_MAX 256
#define RPC_PAGE_STEPS_MAX 4096

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
enum rpc_outcome rpc_verb_explain(struct rpc_call *call);
enum rpc_outcome rpc_verb_counters(struct rpc_call *call);
enum rpc_outcome rpc_verb_next_events(struct rpc_call *call);
enum rpc_outcome rpc_verb_capture(struct rpc_call *call);
enum rpc_outcome rpc_verb_daemon_status(struct rpc_call *call);
enum rpc_outcome rpc_verb_set_option(struct rpc_call *call);
enum rpc_outcome rpc_verb_sessions(struct rpc_call *call);
enum rpc_outcome rpc_verb_rank(struct rpc_call *call);
enum rpc_outcome rpc_verb_fault(struct rpc_call *call);

#endif
