/* Filters of requests (util/filter.h): read, checked, and asked about connections. */
#ifndef TCPENGINED_RPC_FILTER_H
#define TCPENGINED_RPC_FILTER_H

#include "rpc/rpc_call.h"
#include "session/conn_filter.h"

/* Reads and checks the nodes of a request. False: they are no filter; ret_filter has those before
 * the first that is none. */
bool rpc_filter_read(pb_filter_node *const *nodes, size_t count, struct filter *ret_filter);
/* The same. False: the answer says why. */
bool rpc_filter_read_or_fail(struct rpc_call *call, pb_filter_node *const *nodes, size_t count,
                             struct filter *ret_filter);
/* A test of what is not known, such as the age of an entry of TIME_WAIT whose history is gone, is
 * false whatever its operator. */
bool rpc_filter_accepts(struct rpc *rpc, const struct filter *filter,
                        const struct te_status *status);

#endif
