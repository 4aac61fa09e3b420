/* The handlers of the verbs. Each finds its operation in call->op; session and owner have been
 * checked. It returns RPC_ANSWER after filling in rpc_result(call) or failing the call
 * (rpc_status.h), or RPC_WAIT, if rpc_may_wait() returns true, to be run again from the start. */
#ifndef TCPENGINED_RPC_HANDLER_H
#define TCPENGINED_RPC_HANDLER_H

#include "rpc/rpc_call.h"

/* Most entries on a page of a list, and most steps taken to find them: a page fits into a message,
 * and one client's list does not hold up the others. */
#define RPC_PAGE_MAX 1000
#define RPC_WALK_STEPS_MAX 4096

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

#endif
