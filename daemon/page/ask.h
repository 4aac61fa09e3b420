/* What the live page asks the daemon: the same questions that clients ask, by the same verbs, so
 * that the page knows nothing that tcpctl would not say. */
#ifndef TCPENGINED_ASK_H
#define TCPENGINED_ASK_H

#include <tcpclient/tcpclient.h>

#include "rpc/rpc_state.h"

struct ask {
    struct rpc_link link;
};

/* rpc outlives it. False: no memory. */
bool ask_init(struct ask *ask, struct rpc *rpc);
void ask_done(struct ask *ask);

/* Asks what needs no more than an id, or nothing: STATUS, EXPLAIN, HISTORY; COUNTERS,
 * DAEMON_STATUS. The answer is the caller's (tcpc_response_free); it may be an error. NULL: no
 * memory. */
struct tcpc_response *ask_about(struct ask *ask, enum tcpc_op op, uint64_t id);
/* LIST or TIME_WAIT_LIST: one page, of bounded time. */
struct tcpc_response *ask_page(struct ask *ask, enum tcpc_op op, const struct tcpc_page *page);

#endif
