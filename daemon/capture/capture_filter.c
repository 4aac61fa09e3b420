#include "capture/capture_filter.h"

#include <assert.h>

static bool is_node_valid(const struct capture_node *node, uint32_t index)
{
    if ((unsigned)node->test >= CAPTURE_TEST_COUNT || (unsigned)node->op >= CAPTURE_OP_COUNT ||
        node->prefix_bits > 128)
        return false;
    switch (node->test) {
    case CAPTURE_AND:
    case CAPTURE_OR:
        return node->left < index && node->right < index;
    case CAPTURE_NOT:
        return node->left < index;
    default:
        return true;
    }
}

bool capture_filter_is_valid(const struct capture_filter *filter)
{
    if (filter->count > CAPTURE_FILTER_NODES_MAX)
        return false;
    for (uint32_t i = 0; i < filter->count; i++)
        if (!is_node_valid(&filter->nodes[i], i))
            return false;
    return true;
}

static bool compare(enum capture_op op, uint64_t a, uint64_t b)
{
    switch (op) {
    case CAPTURE_EQUAL:
        return a == b;
    case CAPTURE_NOT_EQUAL:
        return a != b;
    case CAPTURE_GREATER:
        return a > b;
    case CAPTURE_LESS:
        return a < b;
    case CAPTURE_GREATER_EQUAL:
        return a >= b;
    default:
        return a <= b;
    }
}

static bool has_prefix(const struct te_addr *address, const struct capture_node *node)
{
    for (unsigned bit = 0; bit < node->prefix_bits; bit++) {
        unsigned mask = 0x80u >> (bit % 8);
        if ((address->bytes[bit / 8] & mask) != (node->address.bytes[bit / 8] & mask))
            return false;
    }
    return true;
}

static bool is_host(const struct capture_node *node, const struct te_endpoint *end)
{
    bool is_here = has_prefix(&end->addr, node) && (node->number == 0 || end->port == node->number);
    return is_here == (node->op != CAPTURE_NOT_EQUAL);
}

static bool matches_node(const struct capture_node *node, const struct capture_subject *subject,
                         const bool *earlier)
{
    const struct te_endpoint *end = node->is_remote ? subject->remote : subject->local;
    switch (node->test) {
    case CAPTURE_AND:
        return earlier[node->left] && earlier[node->right];
    case CAPTURE_OR:
        return earlier[node->left] || earlier[node->right];
    case CAPTURE_NOT:
        return !earlier[node->left];
    case CAPTURE_STATES:
        return ((node->number >> subject->before | node->number >> subject->after) & 1) != 0;
    case CAPTURE_PORT:
        return compare(node->op, end->port, node->number);
    case CAPTURE_UID:
        return compare(node->op, subject->uid, node->number);
    case CAPTURE_HOST:
        return is_host(node, end);
    default:
        return compare(node->op, subject->id, node->number);
    }
}

bool capture_filter_matches(const struct capture_filter *filter,
                            const struct capture_subject *subject)
{
    bool results[CAPTURE_FILTER_NODES_MAX];
    assert(filter->count <= CAPTURE_FILTER_NODES_MAX);
    for (uint32_t i = 0; i < filter->count; i++)
        results[i] = matches_node(&filter->nodes[i], subject, results);
    return filter->count == 0 || results[filter->count - 1];
}
