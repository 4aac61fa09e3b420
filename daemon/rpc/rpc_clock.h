/* When the rpc works without being called: a timer for the earliest of waits and sessions, and an
 * idle handle that runs while any of them is due. */
#ifndef TCPENGINED_RPC_CLOCK_H
#define TCPENGINED_RPC_CLOCK_H

#include "rpc/rpc_state.h"

/* Puts both handles into the loop. run does some of what is due; it is called once per round of the
 * loop until no wait is due and no session has ended. */
void rpc_clock_start(struct rpc *rpc, void (*run)(struct rpc *rpc));
/* Waits are due, or sessions have ended: see to it in the next round of the loop. */
void rpc_clock_run_soon(struct rpc *rpc);
/* Arms the timer for the earliest of waits and sessions. To be called after each change to them. */
void rpc_clock_update(struct rpc *rpc);

#endif
