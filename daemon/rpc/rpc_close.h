/* Closing an object in good order, for Close and at the end of a session. */
#ifndef TCPENGINED_RPC_CLOSE_H
#define TCPENGINED_RPC_CLOSE_H

#include "rpc/rpc_state.h"

/* CLOSE (RFC 9293 3.10.4). Bytes that Receive has returned count as read, so that they cause no RST
 * (RFC 2525 2.17): as with a socket, a client need not free them first. Errors are
 * te_close()'s. */
enum te_err rpc_close_object(struct rpc *rpc, uint64_t id);

#endif
