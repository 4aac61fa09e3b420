/* Calls that wait.
 *
 * Theory of operation: a call that must wait is copied to the heap, with what it needs of the data
 * of Send, and parked in the table of waits. When it is due it runs again; it may park itself again
 * any number of times. A wait whose link is full of unread answers is put aside until it is not. */
#ifndef TCPENGINED_RPC_WAIT_H
#define TCPENGINED_RPC_WAIT_H

#include "rpc/rpc_call.h"

struct rpc_wait {
    struct wait wait; /* first, so that one is found from the other */
    struct rpc_call call;
    TAILQ_ENTRY(rpc_wait) in_link;
    size_t held_bytes;
    uint8_t held[]; /* data of Send */
};

/* Parks a call that answered RPC_WAIT for the first time; a limit turns it into an answer. */
void rpc_wait_new(struct rpc_call *call);
/* Runs some of the waits that are due. */
void rpc_wait_run_due(struct rpc *rpc);
/* Ends all waits of a link that is gone. */
void rpc_wait_drop_all(struct rpc_link *link);

#endif
