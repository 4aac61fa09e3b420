/* Work that no request triggers: a timer for the earliest deadline of waits and sessions, and an
 * idle handle that runs while one of them is due. */
#ifndef TCPENGINED_RPC_CLOCK_H
#define TCPENGINED_RPC_CLOCK_H

#include "rpc/rpc_state.h"

/* Adds both handles to the loop. run does part of what is due; it is called once per round of the
 * loop until no wait is due and no ended session is left. */
void rpc_clock_start(struct rpc *rpc, void (*run)(struct rpc *rpc));
/* Call when waits have become due or sessions have ended: run is called in the next round. */
void rpc_clock_run_soon(struct rpc *rpc);
/* Arms the timer for the earliest deadline. Call after every change to waits or sessions. */
void rpc_clock_update(struct rpc *rpc);

#endif
