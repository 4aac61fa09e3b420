#include "rpc/rpc_filter.h"

#include <string.h>

#include "rpc/rpc_owner.h"
#include "rpc/rpc_status.h"

#define KIND(name) TCPENGINE__V1__FILTER_KIND__FILTER_##name
#define FIELD(name) TCPENGINE__V1__FILTER_FIELD__FILTER_##name
#define OPERATOR(name) TCPENGINE__V1__FILTER_OPERATOR__FILTER_##name

/* --- checks ----------------------------------------------------------------------------------- */

static bool is_equality(const pb_filter_node *node)
{
    return node->op == OPERATOR(EQUAL) || node->op == OPERATOR(NOT_EQUAL);
}

static bool is_number_valid(const pb_filter_node *node)
{
    return (unsigned)node->field <= FIELD(RECEIVE_QUEUE) &&
           (unsigned)node->op <= OPERATOR(LESS_EQUAL);
}

static bool is_node_valid(const pb_filter_node *node, size_t index)
{
    switch (node->kind) {
    case KIND(AND):
    case KIND(OR):
        return node->left < index && node->right < index;
    case KIND(NOT):
        return node->left < index;
    case KIND(STATES):
        return true;
    case KIND(NUMBER):
        return is_number_valid(node);
    case KIND(HOST):
        return (unsigned)node->field <= FIELD(REMOTE) && is_equality(node) &&
               node->prefix_bits <= 128 && (node->prefix_bits == 0 || node->address.len == 16);
    case KIND(TEXT):
        return node->field >= FIELD(TIMER) && node->field <= FIELD(SESSION) && is_equality(node);
    default:
        return false;
    }
}

bool rpc_filter_check(struct rpc_call *call, const struct rpc_filter *filter)
{
    if (filter->count > RPC_FILTER_NODES_MAX) {
        RPC_FAIL(call, INVALID_ARGUMENT, "E2BIG", NONE, "%s: the filter has more than %d nodes",
                 call->verb->name, RPC_FILTER_NODES_MAX);
        return false;
    }
    for (size_t i = 0; i < filter->count; i++) {
        if (is_node_valid(filter->nodes[i], i))
            continue;
        RPC_FAIL(call, INVALID_ARGUMENT, "EINVAL", NONE,
                 "%s: node %zu of the filter refers to a later one, or has a number out of range",
                 call->verb->name, i);
        return false;
    }
    return true;
}

/* --- numbers ---------------------------------------------------------------------------------- */

/* A number that may not be known. */
struct known {
    bool is_known;
    uint64_t value;
};

static struct known known(uint64_t value)
{
    return (struct known){true, value};
}

static struct known since(const struct rpc *rpc, int64_t moment_us)
{
    int64_t us = rpc_now_us(rpc) - moment_us;
    return (struct known){moment_us != TE_NEVER, us > 0 ? (uint64_t)us : 0};
}

static struct known pid_of(struct rpc *rpc, const struct te_status *status)
{
    struct rpc_owner owner = rpc_owner_of_tag(rpc, status->uid, status->tag);
    return (struct known){owner.pid != 0, (uint64_t)owner.pid};
}

static struct known number_of(struct rpc *rpc, const struct te_status *status,
                              const pb_filter_node *node)
{
    switch (node->field) {
    case FIELD(LOCAL):
        return known(status->local.port);
    case FIELD(REMOTE):
        return known(status->remote.port);
    case FIELD(UID):
        return known(status->uid);
    case FIELD(PID):
        return pid_of(rpc, status);
    case FIELD(AGE):
        return since(rpc, status->opened_at_us);
    case FIELD(IDLE):
        return since(rpc, status->active_at_us);
    case FIELD(RTT):
        return (struct known){status->srtt_us > 0, (uint64_t)status->srtt_us};
    case FIELD(RETRANSMITS):
        return known(status->retransmits);
    case FIELD(SEND_QUEUE):
        return known(status->send_queue_bytes);
    case FIELD(RECEIVE_QUEUE):
        return known(status->receive_queue_bytes);
    default:
        return (struct known){.is_known = false};
    }
}

static bool compare(uint64_t value, const pb_filter_node *node)
{
    switch (node->op) {
    case OPERATOR(EQUAL):
        return value == node->number;
    case OPERATOR(NOT_EQUAL):
        return value != node->number;
    case OPERATOR(GREATER):
        return value > node->number;
    case OPERATOR(LESS):
        return value < node->number;
    case OPERATOR(GREATER_EQUAL):
        return value >= node->number;
    default:
        return value <= node->number;
    }
}

static bool is_number(struct rpc *rpc, const struct te_status *status, const pb_filter_node *node)
{
    struct known number = number_of(rpc, status, node);
    return number.is_known && compare(number.value, node);
}

/* --- the others ------------------------------------------------------------------------------- */

/* An unspecified peer is in no network. */
static bool is_host(const struct te_status *status, const pb_filter_node *node)
{
    const struct te_endpoint *endpoint =
        node->field == FIELD(LOCAL) ? &status->local : &status->remote;
    struct te_addr address = {{0}};
    bool is_it = node->number == 0 || node->number == endpoint->port;
    if (node->prefix_bits > 0) {
        memcpy(address.bytes, node->address.data, sizeof(address.bytes));
        is_it = is_it && !te_addr_is_unspecified(&endpoint->addr) &&
                te_addr_common_bits(&endpoint->addr, &address) >= node->prefix_bits;
    }
    return is_it == (node->op == OPERATOR(EQUAL));
}

/* NULL: not known. */
static const char *text_of(struct rpc *rpc, const struct te_status *status,
                           const pb_filter_node *node)
{
    if (node->field == FIELD(TIMER))
        return status->timer != TE_TIMER_NONE ? te_timer_name(status->timer) : "none";
    const struct owner *owner = owner_find(rpc->owners, status->tag);
    if (owner == NULL)
        return NULL;
    return node->field == FIELD(PROGRAM) ? owner->process.name : owner->session;
}

/* The whole text, or with * at its end what it begins with. */
static bool begins_or_is(const char *text, const char *wanted)
{
    size_t len = strlen(wanted);
    if (len > 0 && wanted[len - 1] == '*')
        return strncmp(text, wanted, len - 1) == 0;
    return strcmp(text, wanted) == 0;
}

static bool is_text(struct rpc *rpc, const struct te_status *status, const pb_filter_node *node)
{
    const char *text = text_of(rpc, status, node);
    return text != NULL && begins_or_is(text, node->text) == (node->op == OPERATOR(EQUAL));
}

static bool is_test(struct rpc *rpc, const struct te_status *status, const pb_filter_node *node)
{
    if (node->kind == KIND(STATES))
        return (node->number >> (unsigned)status->state & 1) != 0;
    if (node->kind == KIND(NUMBER))
        return is_number(rpc, status, node);
    return node->kind == KIND(HOST) ? is_host(status, node) : is_text(rpc, status, node);
}

/* From the first to the root: what a node refers to comes before it. */
bool rpc_filter_matches(struct rpc *rpc, const struct rpc_filter *filter,
                        const struct te_status *status)
{
    bool is_true[RPC_FILTER_NODES_MAX];
    for (size_t i = 0; i < filter->count; i++) {
        const pb_filter_node *node = filter->nodes[i];
        if (node->kind == KIND(AND))
            is_true[i] = is_true[node->left] && is_true[node->right];
        else if (node->kind == KIND(OR))
            is_true[i] = is_true[node->left] || is_true[node->right];
        else if (node->kind == KIND(NOT))
            is_true[i] = !is_true[node->left];
        else
            is_true[i] = is_test(rpc, status, node);
    }
    return filter->count == 0 || is_true[filter->count - 1];
}
