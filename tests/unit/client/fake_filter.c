#include "fake_filter.h"

#include <arpa/inet.h>

enum { NODES_MAX = 64, V4_AT = 12 };

static bool is_port(const Tcpengine__V1__FilterNode *node, const struct fake_subject *subject)
{
    uint32_t port = node->field == TCPENGINE__V1__FILTER_FIELD__FILTER_LOCAL
                        ? subject->local->port
                        : subject->remote->port;
    return (port == node->number) == (node->op == TCPENGINE__V1__FILTER_OPERATOR__FILTER_EQUAL);
}

/* Of IPv4. */
static bool is_in_network(const Tcpengine__V1__FilterNode *node, const char *address)
{
    uint8_t bytes[4];
    if (inet_pton(AF_INET, address, bytes) != 1)
        return false;
    for (uint32_t bit = 0; V4_AT * 8 + bit < node->prefix_bits; bit++)
        if (((bytes[bit / 8] ^ node->address.data[V4_AT + bit / 8]) & 0x80 >> bit % 8) != 0)
            return false;
    return true;
}

static bool is_leaf(const Tcpengine__V1__FilterNode *node, const struct fake_subject *subject)
{
    if (node->kind == TCPENGINE__V1__FILTER_KIND__FILTER_STATES)
        return (node->number >> subject->state & 1) != 0;
    if (node->kind == TCPENGINE__V1__FILTER_KIND__FILTER_HOST)
        return is_in_network(node, subject->remote->address);
    return is_port(node, subject);
}

bool fake_filter_matches(Tcpengine__V1__FilterNode **nodes, size_t count,
                         const struct fake_subject *subject)
{
    bool is_true[NODES_MAX] = {true};
    for (size_t i = 0; i < count; i++) {
        const Tcpengine__V1__FilterNode *node = nodes[i];
        if (node->kind == TCPENGINE__V1__FILTER_KIND__FILTER_AND)
            is_true[i] = is_true[node->left] && is_true[node->right];
        else if (node->kind == TCPENGINE__V1__FILTER_KIND__FILTER_OR)
            is_true[i] = is_true[node->left] || is_true[node->right];
        else if (node->kind == TCPENGINE__V1__FILTER_KIND__FILTER_NOT)
            is_true[i] = !is_true[node->left];
        else
            is_true[i] = is_leaf(node, subject);
    }
    return is_true[count > 0 ? count - 1 : 0];
}
