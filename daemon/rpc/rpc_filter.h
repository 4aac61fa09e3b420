/* Which connections a list is to show: an expression as a list of nodes (FilterNode). What it costs
 * per connection is bounded by their number. */
#ifndef TCPENGINED_RPC_FILTER_H
#define TCPENGINED_RPC_FILTER_H

#include "rpc/rpc_call.h"

#define RPC_FILTER_NODES_MAX 64

/* As in the request. */
struct rpc_filter {
    pb_filter_node **nodes;
    size_t count; /* 0: everything matches */
};

/* False: it cannot be evaluated, and the answer says why. */
bool rpc_filter_check(struct rpc_call *call, const struct rpc_filter *filter);
/* A test of what is not known, such as the age of an entry of TIME_WAIT whose history is gone, is
 * false whatever its operator. The filter has been checked. */
bool rpc_filter_matches(struct rpc *rpc, const struct rpc_filter *filter,
                        const struct te_status *status);

#endif
