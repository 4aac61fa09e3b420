#include "rpc/rpc_filter.h"

#include <string.h>

#include "rpc/rpc_status.h"

_Static_assert(FILTER_TEXT == (int)TCPENGINE__V1__FILTER_KIND__FILTER_TEXT, "kinds");
_Static_assert(FILTER_ID == (int)TCPENGINE__V1__FILTER_FIELD__FILTER_ID, "fields");
_Static_assert(FILTER_LESS_EQUAL == (int)TCPENGINE__V1__FILTER_OPERATOR__FILTER_LESS_EQUAL, "ops");

/* --- reading ---------------------------------------------------------------------------------- */

/* False: a HOST with an address of the wrong length, or bits of none, or a text that is too long.
 */
static bool node_read(const pb_filter_node *from, struct filter_node *ret_node)
{
    *ret_node = (struct filter_node){.kind = (uint32_t)from->kind,
                                     .left = from->left,
                                     .right = from->right,
                                     .field = (uint32_t)from->field,
                                     .op = (uint32_t)from->op,
                                     .number = from->number,
                                     .prefix_bits = from->prefix_bits};
    size_t text_len = strlen(from->text);
    if (text_len > FILTER_TEXT_MAX)
        return false;
    memcpy(ret_node->text, from->text, text_len + 1);
    if (ret_node->kind != FILTER_HOST)
        return true;
    if (from->address.len == 0)
        return from->prefix_bits == 0;
    if (from->address.len != sizeof(ret_node->address.bytes))
        return false;
    memcpy(ret_node->address.bytes, from->address.data, sizeof(ret_node->address.bytes));
    return true;
}

bool rpc_filter_read(pb_filter_node *const *nodes, size_t count, struct filter *ret_filter)
{
    ret_filter->count = 0;
    while (ret_filter->count < count && ret_filter->count < FILTER_NODES_MAX &&
           node_read(nodes[ret_filter->count], &ret_filter->nodes[ret_filter->count]))
        ret_filter->count++;
    ret_filter->count = filter_find_bad(ret_filter, CONN_FILTER_FIELDS);
    return ret_filter->count == count;
}

bool rpc_filter_read_or_fail(struct rpc_call *call, pb_filter_node *const *nodes, size_t count,
                             struct filter *ret_filter)
{
    if (rpc_filter_read(nodes, count, ret_filter))
        return true;
    if (count > FILTER_NODES_MAX)
        RPC_FAIL(call, INVALID_ARGUMENT, "E2BIG", NONE, "%s: the filter has more than %d nodes",
                 call->verb->name, FILTER_NODES_MAX);
    else
        RPC_FAIL(call, INVALID_ARGUMENT, "EINVAL", NONE,
                 "%s: node %u of the filter refers to a later one, or has a number out of range",
                 call->verb->name, ret_filter->count);
    return false;
}

/* --- connections ------------------------------------------------------------------------------ */

bool rpc_filter_accepts(struct rpc *rpc, const struct filter *filter,
                        const struct te_status *status)
{
    const struct conn_filter_subject subject = {.local = &status->local,
                                                .remote = &status->remote,
                                                .states = UINT32_C(1) << status->state,
                                                .status = status,
                                                .owners = rpc->owners,
                                                .now_us = rpc_now_us(rpc)};
    return conn_filter_accepts(filter, &subject);
}
