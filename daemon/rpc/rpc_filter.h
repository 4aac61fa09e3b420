/* Filters of requests (util/filter.h): read, checked, and asked about connections. */
#ifndef TCPENGINED_RPC_FILTER_H
#define TCPENGINED_RPC_FILTER_H

#include "rpc/rpc_call.h"
#include "util/filter.h"

/* What is known of connections: all but the id, which Status is for. */
#define RPC_FILTER_FIELDS (FILTER_BIT(FILTER_ID) - 1)

/* Reads the nodes of a request, whose texts are borrowed, and checks them against the fields that
 * the verb knows (a set of FILTER_BIT). False: they are no filter; ret_filter has those before the
 * first that is none. */
bool rpc_filter_read(pb_filter_node *const *nodes, size_t count, uint32_t fields,
                     struct filter *ret_filter);
/* The same for lists of connections. False: the answer says why. */
bool rpc_filter_read_or_fail(struct rpc_call *call, pb_filter_node *const *nodes, size_t count,
                             struct filter *ret_filter);
/* A test of what is not known, such as the age of an entry of TIME_WAIT whose history is gone, is
 * false whatever its operator. */
bool rpc_filter_accepts(struct rpc *rpc, const struct filter *filter,
                        const struct te_status *status);

#endif
