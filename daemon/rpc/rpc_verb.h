/* The table of verbs: one row per operation of Request. */
#ifndef TCPENGINED_RPC_VERB_H
#define TCPENGINED_RPC_VERB_H

#include "rpc/rpc_call.h"

/* The verb of an operation's number; NULL: there is no such operation. */
const struct rpc_verb *rpc_verb_find(unsigned op_case);
/* Its row, from 0: the index of requests_by_verb. */
size_t rpc_verb_index(const struct rpc_verb *verb);

#endif
