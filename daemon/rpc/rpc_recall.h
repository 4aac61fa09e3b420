/* Remembered answers: what makes a request that arrives twice run once. */
#ifndef TCPENGINED_RPC_RECALL_H
#define TCPENGINED_RPC_RECALL_H

#include "rpc/rpc_call.h"

/* True: this call was answered before, and *ret_answer is that answer; counted in
 * requests_repeated. Calls are the same if account, session, verb, token and id are. False,
 * *ret_answer untouched: run it. Always false for token 0. */
bool rpc_recall(struct rpc_call *call, uint64_t token, uint64_t id,
                struct recent_answer *ret_answer);
/* Remembers the answer for rpc_recall(), which must have returned false for it. Does nothing for
 * token 0, or without memory. */
void rpc_remember(struct rpc_call *call, uint64_t token, uint64_t id,
                  const struct recent_answer *answer);

#endif
