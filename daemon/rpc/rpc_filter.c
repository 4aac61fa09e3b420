#include "rpc/rpc_filter.h"

#include <string.h>

#include "rpc/rpc_owner.h"
#include "rpc/rpc_status.h"

_Static_assert(FILTER_TEXT == (int)TCPENGINE__V1__FILTER_KIND__FILTER_TEXT, "kinds");
_Static_assert(FILTER_ID == (int)TCPENGINE__V1__FILTER_FIELD__FILTER_ID, "fields");
_Static_assert(FILTER_LESS_EQUAL == (int)TCPENGINE__V1__FILTER_OPERATOR__FILTER_LESS_EQUAL, "ops");

/* --- reading ---------------------------------------------------------------------------------- */

/* False: a HOST with an address of the wrong length, or bits of none. */
static bool node_read(const pb_filter_node *from, struct filter_node *ret_node)
{
    *ret_node = (struct filter_node){.kind = (uint32_t)from->kind,
                                     .left = from->left,
                                     .right = from->right,
                                     .field = (uint32_t)from->field,
                                     .op = (uint32_t)from->op,
                                     .number = from->number,
                                     .prefix_bits = from->prefix_bits,
                                     .text = from->text};
    if (ret_node->kind != FILTER_HOST)
        return true;
    if (from->address.len == 0)
        return from->prefix_bits == 0;
    if (from->address.len != sizeof(ret_node->address.bytes))
        return false;
    memcpy(ret_node->address.bytes, from->address.data, sizeof(ret_node->address.bytes));
    return true;
}

bool rpc_filter_read(pb_filter_node *const *nodes, size_t count, uint32_t fields,
                     struct filter *ret_filter)
{
    ret_filter->count = 0;
    while (ret_filter->count < count && ret_filter->count < FILTER_NODES_MAX &&
           node_read(nodes[ret_filter->count], &ret_filter->nodes[ret_filter->count]))
        ret_filter->count++;
    ret_filter->count = filter_find_bad(ret_filter, fields);
    return ret_filter->count == count;
}

bool rpc_filter_read_or_fail(struct rpc_call *call, pb_filter_node *const *nodes, size_t count,
                             struct filter *ret_filter)
{
    if (rpc_filter_read(nodes, count, RPC_FILTER_FIELDS, ret_filter))
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

struct about {
    struct rpc *rpc;
    const struct te_status *status;
};

static struct filter_number known(uint64_t value)
{
    return (struct filter_number){true, value};
}

static struct filter_number since(const struct rpc *rpc, int64_t moment_us)
{
    int64_t us = rpc_now_us(rpc) - moment_us;
    return (struct filter_number){moment_us != TE_NEVER, us > 0 ? (uint64_t)us : 0};
}

static struct filter_number pid_of(const struct about *about)
{
    struct rpc_owner owner = rpc_owner_of_tag(about->rpc, about->status->uid, about->status->tag);
    return (struct filter_number){owner.pid != 0, (uint64_t)owner.pid};
}

static struct filter_number number_of(void *ctx, enum filter_field field)
{
    const struct about *about = ctx;
    const struct te_status *status = about->status;
    switch (field) {
    case FILTER_UID:
        return known(status->uid);
    case FILTER_PID:
        return pid_of(about);
    case FILTER_AGE:
        return since(about->rpc, status->opened_at_us);
    case FILTER_IDLE:
        return since(about->rpc, status->active_at_us);
    case FILTER_RTT:
        return (struct filter_number){status->srtt_us > 0, (uint64_t)status->srtt_us};
    case FILTER_RETRANSMITS:
        return known(status->retransmits);
    case FILTER_SEND_QUEUE:
        return known(status->send_queue_bytes);
    case FILTER_RECEIVE_QUEUE:
        return known(status->receive_queue_bytes);
    default:
        return (struct filter_number){.is_known = false};
    }
}

static const char *text_of(void *ctx, enum filter_field field)
{
    const struct about *about = ctx;
    const struct te_status *status = about->status;
    if (field == FILTER_TIMER)
        return status->timer != TE_TIMER_NONE ? te_timer_name(status->timer) : "none";
    const struct owner *owner = owner_find(about->rpc->owners, status->tag);
    if (owner == NULL)
        return NULL;
    return field == FILTER_PROGRAM ? owner->process.name : owner->session;
}

bool rpc_filter_accepts(struct rpc *rpc, const struct filter *filter,
                        const struct te_status *status)
{
    struct about about = {rpc, status};
    const struct filter_subject subject = {.local = &status->local,
                                           .remote = &status->remote,
                                           .states = UINT32_C(1) << status->state,
                                           .number = number_of,
                                           .text = text_of,
                                           .ctx = &about};
    return filter_accepts(filter, &subject);
}
