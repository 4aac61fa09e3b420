/* Errors as clients see them: a code, an errno name, a sentence that names the object and the TCP
 * cause, and a hint what to do. */
#ifndef TCPENGINED_RPC_STATUS_H
#define TCPENGINED_RPC_STATUS_H

#include "rpc/rpc_call.h"
#include "rpc/rpc_hint.h"

struct rpc_error {
    pb_code code;
    const char *errno_name;
    pb_hint hint;
    const char *hint_text; /* with the numbers and names of this case; NULL: the code's own */
};
/* Makes the answer an error; a result already filled in stays. hint_text
 * and message are copied, errno_name must be static. Returns RPC_ANSWER, for handlers to return. */
enum rpc_outcome rpc_fail(struct rpc_call *call, const struct rpc_error *error, const char *format,
                          ...) __attribute__((format(printf, 3, 4)));
#define RPC_FAIL(call, code_, errno_, hint_, ...)                                                  \
    rpc_fail(call, &(const struct rpc_error){PB_##code_, errno_, PB_HINT(hint_), NULL}, __VA_ARGS__)

/* RESTARTED: what the request names belongs to an earlier run of the daemon. */
#define rpc_fail_restarted(call, ...) RPC_FAIL(call, RESTARTED, "ESTALE", EARLIER_RUN, __VA_ARGS__)

/* The same for an error of the engine concerning object id. The sentence takes the endpoints and
 * the cause from call->status if call->subject_err is TE_OK, else from the object's history. */
enum rpc_outcome rpc_fail_engine(struct rpc_call *call, enum te_err err, uint64_t id);
/* Its code alone. */
pb_code rpc_status_code(enum te_err err);
/* The same for a failed Open, where no object exists yet. */
enum rpc_outcome rpc_fail_open(struct rpc_call *call, enum te_err err, const struct te_open *open);

/* err of the object that status describes, as a message in the answer's arena. NULL: no room. */
pb_status *rpc_status_message(struct rpc_call *call, enum te_err err,
                              const struct te_status *status);
/* The error that ended the connection of a history; TE_OK if it closed normally or is still open.
 */
enum te_err rpc_history_err(const struct te_history *history);

#endif
