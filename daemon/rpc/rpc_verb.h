/* The table of verbs: one row for each operation of Request. */
#ifndef TCPENGINED_RPC_VERB_H
#define TCPENGINED_RPC_VERB_H

#include "rpc/rpc_call.h"

/* NULL: there is no such operation. */
const struct rpc_verb *rpc_verb_find(unsigned op_case);
size_t rpc_verb_index(const struct rpc_verb *verb);

#endif
