/* What every link has, whether a client sends requests over it or shares a channel. */
#ifndef TCPENGINED_RPC_LINK_H
#define TCPENGINED_RPC_LINK_H

#include "rpc/rpc_state.h"

/* Fills in the link of a program of that peer; link->link stays NULL. False: no memory. */
bool rpc_link_init(struct rpc_link *link, struct rpc *rpc, const struct sp_peer *peer);
/* The link of the daemon itself, which asks for its live page: it sees everything, and makes
 * nothing. rpc_link_done() is not for it. False: no memory. */
bool rpc_link_init_own(struct rpc_link *link, struct rpc *rpc);
void rpc_link_done_own(struct rpc_link *link);
/* The program is gone. The link has no waits. */
void rpc_link_done(struct rpc_link *link);

#endif
