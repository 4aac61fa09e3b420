/* Waiting calls.
 *
 * Theory of operation: a call that must wait is copied to the heap, with as much of Send's data as
 * it needs, and parked in the table of waits. When due it runs again, in a turn of its link's uid,
 * and may park again any number of times. A wait whose link is full of unread answers is put aside
 * until the link has drained. */
#ifndef TCPENGINED_RPC_WAIT_H
#define TCPENGINED_RPC_WAIT_H

#include "rpc/rpc_call.h"

struct rpc_wait {
    struct wait wait; /* first, so that one is found from the other */
    struct rpc_call call;
    TAILQ_ENTRY(rpc_wait) in_link;
    size_t held_bytes;
    bool is_event_reader;
    uint8_t held[]; /* data of Send */
};

/* Parks a call that has returned RPC_WAIT or RPC_AGAIN for the first time. At a limit, or without
 * memory, it is answered instead: with RESOURCES, or, if it has been started, with its state so
 * far. Replaces a waiting request with the same ids. */
void rpc_wait_new(struct rpc_call *call);
/* Hands a bounded number of due waits to their links, which will have turns for them. Calls nothing
 * back. */
void rpc_wait_share_out(struct rpc *rpc);
/* Runs one wait of those that the link was handed. True: there are more. */
bool rpc_wait_run_one(struct rpc_link *link);
/* Drops all waits of a closed link, unanswered. */
void rpc_wait_drop_all(struct rpc_link *link);

#endif
