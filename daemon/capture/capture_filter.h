/* Which packets a capture takes: an expression of tcpctl's filters as a list of nodes, where each
 * refers only to those before it. The last is the whole. */
#ifndef TCPENGINED_CAPTURE_FILTER_H
#define TCPENGINED_CAPTURE_FILTER_H

#include <stdbool.h>
#include <stdint.h>
#include <tcpengine/types.h>

#define CAPTURE_FILTER_NODES_MAX 64

enum capture_test {
    CAPTURE_AND,
    CAPTURE_OR,
    CAPTURE_NOT,
    CAPTURE_STATES, /* number: a set, one bit per enum te_state */
    CAPTURE_PORT,   /* of the end; compared by op with number */
    CAPTURE_UID,    /* the same */
    CAPTURE_HOST,   /* the end's address has this prefix, and its port is number (0: any) */
    CAPTURE_ID,     /* compared by op with number */
    CAPTURE_TEST_COUNT
};
enum capture_op {
    CAPTURE_EQUAL,
    CAPTURE_NOT_EQUAL,
    CAPTURE_GREATER,
    CAPTURE_LESS,
    CAPTURE_GREATER_EQUAL,
    CAPTURE_LESS_EQUAL,
    CAPTURE_OP_COUNT
};

struct capture_node {
    enum capture_test test;
    enum capture_op op;
    uint32_t left, right; /* AND, OR: both; NOT: left */
    bool is_remote;       /* PORT, HOST: of which end */
    uint64_t number;
    struct te_addr address;
    uint8_t prefix_bits; /* of the 16 bytes */
};

struct capture_filter {
    struct capture_node nodes[CAPTURE_FILTER_NODES_MAX];
    uint32_t count; /* 0: everything matches */
};

struct capture_subject {
    uint64_t id;
    uint32_t uid;
    enum te_state before, after; /* the states test matches when one of the two is in the set */
    const struct te_endpoint *local, *remote;
};

/* Whether each node is one, and refers to those before it alone. */
bool capture_filter_is_valid(const struct capture_filter *filter);
/* filter is valid. */
bool capture_filter_matches(const struct capture_filter *filter,
                            const struct capture_subject *subject);

#endif
