/* What a client means: an expression of ss(8)'s kind as a list of nodes (FilterNode of the
 * protocol), where each refers only to those before it. The last is the whole. What an evaluation
 * costs is bounded by their number. */
#ifndef TCPENGINED_FILTER_H
#define TCPENGINED_FILTER_H

#include <stdbool.h>
#include <stdint.h>
#include <tcpengine/types.h>

#include "filter_node.h"

#define FILTER_NODES_MAX 64

/* A set of fields. */
#define FILTER_BIT(field) (UINT32_C(1) << (field))

struct filter_node {
    uint32_t kind, left, right; /* AND, OR: both; NOT: left */
    uint32_t field, op;
    uint64_t number;        /* STATES: one bit per enum te_state; NUMBER; HOST: port, 0: any */
    struct te_addr address; /* HOST */
    uint32_t prefix_bits;   /* of its 16 bytes; 0: any address */
    char text[FILTER_TEXT_MAX + 1]; /* TEXT: filter_text_is() */
};

/* A value: it may outlive the request that it came with. */
struct filter {
    struct filter_node nodes[FILTER_NODES_MAX];
    uint32_t count; /* 0: everything is accepted */
};

/* A number that may not be known. */
struct filter_number {
    bool is_known;
    uint64_t value;
};

/* Of what a filter is asked. What is not known is not true, whatever the operator. */
struct filter_subject {
    const struct te_endpoint *local, *remote;
    uint32_t states; /* that it is in, one bit per enum te_state: one of them suffices */
    /* Of the fields that the filter was checked against, LOCAL and REMOTE excepted; text (NULL if
     * not needed) returns NULL for what is not known. */
    struct filter_number (*number)(void *ctx, enum filter_field field);
    const char *(*text)(void *ctx, enum filter_field field);
    void *ctx;
};

/* The index of the first node that is none: it refers to one that does not come before it, asks for
 * a field that is not among fields, or has a number out of its range. filter->count: all are good.
 */
uint32_t filter_find_bad(const struct filter *filter, uint32_t fields);
/* Whether some node asks for one of the fields (a set of FILTER_BIT). */
bool filter_asks(const struct filter *filter, uint32_t fields);
/* filter_find_bad() found none. */
bool filter_accepts(const struct filter *filter, const struct filter_subject *subject);

#endif
