/* The engine's values as messages. */
#ifndef TCPENGINED_RPC_CONVERT_H
#define TCPENGINED_RPC_CONVERT_H

#include "rpc/rpc_state.h"

/* Each returns a message in the answer's arena, valid until rpc_answer_begin(). NULL: no room. A
 * text that finds no room becomes empty. */
pb_endpoint *rpc_endpoint(struct rpc *rpc, const struct te_endpoint *endpoint);
pb_segment *rpc_segment(struct rpc *rpc, const struct te_segment_info *segment);
pb_note *rpc_note(struct rpc *rpc, const struct te_note *note);
pb_connection *rpc_connection(struct rpc *rpc, const struct te_status *status);
pb_connection_details *rpc_connection_details(struct rpc *rpc, const struct te_status *status);
pb_time_wait_entry *rpc_time_wait(struct rpc *rpc, const struct te_status *status);
/* Fills in the fields of TE_STATUS_LIST and TE_STATUS_AGE_LIST; the words among them are static. */
void rpc_fill_status(const struct te_status *status, int64_t now_us,
                     pb_connection_status_result *result);
/* Milliseconds from now until at_us, rounded up; 0 if it has passed or never comes. */
int64_t rpc_ms_until(const struct rpc *rpc, int64_t at_us);
/* A copy of text in the answer's arena; "" (never NULL) if there is no room. */
char *rpc_text(struct rpc *rpc, const char *text);
/* An array of count pointers, all NULL, in the answer's arena. NULL: no room. */
void *rpc_pointers(struct rpc *rpc, size_t count);
/* Text from a client, made safe for a message: cut to 63 bytes, all but printable ASCII replaced
 * by '?'. */
#define RPC_QUOTE_MAX 64
void rpc_quote(const char *text, char ret_quote[RPC_QUOTE_MAX]);
/* The protocol numbers the states as the engine does. */
pb_state rpc_state(enum te_state state);

#endif
