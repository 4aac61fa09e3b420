/* Values of the engine as messages. */
#ifndef TCPENGINED_RPC_CONVERT_H
#define TCPENGINED_RPC_CONVERT_H

#include "rpc/rpc_state.h"

/* All in the answer's arena; NULL: no room. */
pb_endpoint *rpc_endpoint(struct rpc *rpc, const struct te_endpoint *endpoint);
pb_segment *rpc_segment(struct rpc *rpc, const struct te_segment_info *segment);
pb_connection *rpc_connection(struct rpc *rpc, const struct te_status *status);
pb_time_wait_entry *rpc_time_wait(struct rpc *rpc, const struct te_status *status);
/* The fields of TE_STATUS_LIST and of TE_STATUS_AGE_LIST. */
void rpc_fill_status(const struct te_status *status, int64_t now_us,
                     pb_connection_status_result *result);
char *rpc_text(struct rpc *rpc, const char *text);
/* An array of count pointers. */
void *rpc_pointers(struct rpc *rpc, size_t count);
/* What a client sent, made fit for a message: printable ASCII, at most 63 bytes. */
#define RPC_QUOTE_MAX 64
void rpc_quote(const char *text, char ret_quote[RPC_QUOTE_MAX]);
pb_state rpc_state(enum te_state state);

#endif
