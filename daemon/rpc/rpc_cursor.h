/* Cursors of lists: which table a walk is in and where, in one number that clients hand back. */
#ifndef TCPENGINED_RPC_CURSOR_H
#define TCPENGINED_RPC_CURSOR_H

#include "rpc/rpc_call.h"

/* Sets *ret_kind and *ret_place to where te_walk_some() goes on; 0 is the start: listeners. False:
 * the cursor belongs to another run, and the answer says so. */
bool rpc_cursor_read(struct rpc_call *call, uint64_t cursor, enum te_walk_kind *ret_kind,
                     uint64_t *ret_place);
/* Never 0. */
uint64_t rpc_cursor_make(const struct rpc *rpc, enum te_walk_kind kind, uint64_t place);

#endif
