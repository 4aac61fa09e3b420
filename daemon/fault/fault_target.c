#include "fault/fault_target.h"

static bool is_node_valid(const struct fault_filter_node *node, unsigned index)
{
    switch (node->kind) {
    case FAULT_FILTER_AND:
    case FAULT_FILTER_OR:
        return node->left < index && node->right < index;
    case FAULT_FILTER_NOT:
        return node->left < index;
    case FAULT_FILTER_STATES:
        return true;
    case FAULT_FILTER_NUMBER:
        return node->field <= FAULT_FILTER_UID && node->op <= FAULT_FILTER_LESS_EQUAL;
    case FAULT_FILTER_HOST:
        return node->field <= FAULT_FILTER_REMOTE && node->op <= FAULT_FILTER_NOT_EQUAL &&
               node->prefix_bits <= 128;
    default:
        return false;
    }
}

bool fault_target_is_valid(const struct fault_target *target)
{
    for (unsigned i = 0; i < target->node_count; i++)
        if (!is_node_valid(&target->nodes[i], i))
            return false;
    return true;
}

/* --- expressions ------------------------------------------------------------------------------ */

static bool compare(uint32_t value, uint32_t op, uint32_t number)
{
    switch (op) {
    case FAULT_FILTER_EQUAL:
        return value == number;
    case FAULT_FILTER_NOT_EQUAL:
        return value != number;
    case FAULT_FILTER_GREATER:
        return value > number;
    case FAULT_FILTER_LESS:
        return value < number;
    case FAULT_FILTER_GREATER_EQUAL:
        return value >= number;
    default:
        return value <= number;
    }
}

static const struct te_endpoint *endpoint_of(const struct fault_filter_node *node,
                                             const struct fault_subject *subject)
{
    return node->field == FAULT_FILTER_LOCAL ? subject->local : subject->remote;
}

static bool is_number(const struct fault_filter_node *node, const struct fault_subject *subject)
{
    if (node->field != FAULT_FILTER_UID)
        return compare(endpoint_of(node, subject)->port, node->op, node->number);
    return subject->status != NULL && compare(subject->status->uid, node->op, node->number);
}

static bool is_host(const struct fault_filter_node *node, const struct fault_subject *subject)
{
    const struct te_endpoint *endpoint = endpoint_of(node, subject);
    bool is_it = te_addr_common_bits(&endpoint->addr, &node->address) >= node->prefix_bits &&
                 (node->number == 0 || node->number == endpoint->port);
    return is_it == (node->op == FAULT_FILTER_EQUAL);
}

static bool is_state(const struct fault_filter_node *node, const struct fault_subject *subject)
{
    unsigned state = subject->status != NULL ? (unsigned)subject->status->state : TE_CLOSED;
    return (node->number >> state & 1) != 0;
}

/* From the first node to the root, each after those that it refers to: one bit per node. */
static bool filter_matches(const struct fault_target *target, const struct fault_subject *subject)
{
    bool is_true[FAULT_FILTER_NODES_MAX] = {true};
    for (unsigned i = 0; i < target->node_count; i++) {
        const struct fault_filter_node *node = &target->nodes[i];
        if (node->kind == FAULT_FILTER_AND)
            is_true[i] = is_true[node->left] && is_true[node->right];
        else if (node->kind == FAULT_FILTER_OR)
            is_true[i] = is_true[node->left] || is_true[node->right];
        else if (node->kind == FAULT_FILTER_NOT)
            is_true[i] = !is_true[node->left];
        else if (node->kind == FAULT_FILTER_STATES)
            is_true[i] = is_state(node, subject);
        else if (node->kind == FAULT_FILTER_NUMBER)
            is_true[i] = is_number(node, subject);
        else
            is_true[i] = is_host(node, subject);
    }
    return is_true[target->node_count > 0 ? target->node_count - 1 : 0];
}

/* --- ids -------------------------------------------------------------------------------------- */

static bool same_endpoint(const struct te_endpoint *a, const struct te_endpoint *b)
{
    return a->port == b->port && te_addr_equal(&a->addr, &b->addr);
}

/* Whether a listener on that endpoint takes what is sent to this one. */
static bool is_served(const struct te_endpoint *listener, const struct te_endpoint *local)
{
    return listener->port == local->port && (te_addr_is_unspecified(&listener->addr) ||
                                             te_addr_equal(&listener->addr, &local->addr));
}

bool fault_target_matches(const struct fault_target *target, const struct fault_subject *subject)
{
    if (target->id == 0)
        return filter_matches(target, subject);
    if (target->is_listener)
        return is_served(&target->local, subject->local);
    return same_endpoint(&target->local, subject->local) &&
           same_endpoint(&target->remote, subject->remote);
}
