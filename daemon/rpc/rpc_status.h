/* Errors as clients see them: code, errno, a sentence that names the thing and the TCP cause, and
 * what to do about it. */
#ifndef TCPENGINED_RPC_STATUS_H
#define TCPENGINED_RPC_STATUS_H

#include "rpc/rpc_call.h"

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

#endif
