#include "encode_filter.h"

#define PB(name) Tcpengine__V1__##name

size_t tcpci_encode_filter(const struct tcpc_filter_node *nodes, size_t count,
                           PB(FilterNode) * ret_messages, PB(FilterNode) * *ret_pointers)
{
    size_t used = count < TCPC_FILTER_NODES_MAX ? count : TCPC_FILTER_NODES_MAX;
    for (size_t i = 0; i < used; i++) {
        const struct tcpc_filter_node *from = &nodes[i];
        PB(FilterNode) *node = ret_pointers[i] = &ret_messages[i];
        tcpengine__v1__filter_node__init(node);
        node->kind = (PB(FilterKind))from->kind;
        node->left = from->left;
        node->right = from->right;
        node->field = (PB(FilterField))from->field;
        node->op = (PB(FilterOperator))from->op;
        node->number = from->number;
        node->prefix_bits = from->prefix_bits;
        if (from->prefix_bits > 0)
            node->address = (ProtobufCBinaryData){sizeof(from->address), (uint8_t *)from->address};
        if (from->text != NULL)
            node->text = (char *)from->text;
    }
    return used;
}
