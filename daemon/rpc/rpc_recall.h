/* Answers given before: what makes a request that comes twice run once. */
#ifndef TCPENGINED_RPC_RECALL_H
#define TCPENGINED_RPC_RECALL_H

#include "rpc/rpc_call.h"

/* The call was answered before: its answer, from the memory of recent ones. token 0: no. */
bool rpc_recall(struct rpc_call *call, uint64_t token, uint64_t id,
                struct recent_answer *ret_answer);
/* Remembers what the call did. token 0: nothing is remembered. */
void rpc_remember(struct rpc_call *call, uint64_t token, uint64_t id,
                  const struct recent_answer *answer);

#endif
