/* How an object is given up in good order, by Close and by the end of a session. */
#ifndef TCPENGINED_RPC_CLOSE_H
#define TCPENGINED_RPC_CLOSE_H

#include "rpc/rpc_state.h"

/* CLOSE for an object of ours. What Receive has shown counts as taken: its client need not free it
 * before, as none would with a socket. */
enum te_err rpc_close_object(struct rpc *rpc, uint64_t id);

#endif
