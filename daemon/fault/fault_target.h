/* Whose segments a fault concerns: a connection, a listener's connections, or all that an
 * expression of ss(8)'s kind selects, also those that come later. */
#ifndef TCPENGINED_FAULT_TARGET_H
#define TCPENGINED_FAULT_TARGET_H

#include <tcpengine/conn.h>

#define FAULT_FILTER_NODES_MAX 64 /* as many as tcpctl's own */
#define FAULT_TARGET_TEXT_MAX 128

/* As in the protocol (FilterKind, FilterField, FilterOperator). */
enum fault_filter_kind {
    FAULT_FILTER_AND,
    FAULT_FILTER_OR,
    FAULT_FILTER_NOT,
    FAULT_FILTER_STATES,
    FAULT_FILTER_NUMBER,
    FAULT_FILTER_HOST
};
enum fault_filter_field { FAULT_FILTER_LOCAL, FAULT_FILTER_REMOTE, FAULT_FILTER_UID };
enum fault_filter_operator {
    FAULT_FILTER_EQUAL,
    FAULT_FILTER_NOT_EQUAL,
    FAULT_FILTER_GREATER,
    FAULT_FILTER_LESS,
    FAULT_FILTER_GREATER_EQUAL,
    FAULT_FILTER_LESS_EQUAL
};

struct fault_filter_node {
    uint32_t kind, left, right; /* indices of nodes before this one */
    uint32_t field, op;
    uint32_t number;        /* STATES: one bit per state; NUMBER; HOST: port, 0: any */
    struct te_addr address; /* HOST */
    uint32_t prefix_bits;   /* of its 16 bytes; 0: any address */
};

struct fault_target {
    uint64_t id; /* of a connection or listener; 0: the filter */
    bool is_listener;
    struct te_endpoint local, remote; /* of id, as long as it lives */
    /* The last node is the root; none: everything. */
    struct fault_filter_node nodes[FAULT_FILTER_NODES_MAX];
    unsigned node_count;
    char text[FAULT_TARGET_TEXT_MAX]; /* as its user wrote it, for people */
};

/* The two sides of a segment, and what is known of them. */
struct fault_subject {
    const struct te_endpoint *local, *remote;
    const struct te_status *status; /* NULL: nothing is there (any more) */
};

/* False: a node refers to one that does not come before it, or has a number out of its range. */
bool fault_target_is_valid(const struct fault_target *target);
bool fault_target_matches(const struct fault_target *target, const struct fault_subject *subject);

#endif
