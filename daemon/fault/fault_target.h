/* Whose segments a fault concerns: a connection, a listener's connections, or all that an
 * expression of ss(8)'s kind selects, also those that come later. */
#ifndef TCPENGINED_FAULT_TARGET_H
#define TCPENGINED_FAULT_TARGET_H

#include <tcpengine/conn.h>

#include "util/filter.h"

#define FAULT_TARGET_TEXT_MAX 128
/* What an expression can ask of a segment. */
#define FAULT_TARGET_FIELDS                                                                        \
    (FILTER_BIT(FILTER_LOCAL) | FILTER_BIT(FILTER_REMOTE) | FILTER_BIT(FILTER_UID))

struct fault_target {
    uint64_t id; /* of a connection or listener; 0: the filter */
    bool is_listener;
    struct te_endpoint local, remote; /* of id, as long as it lives */
    struct filter filter;             /* of FAULT_TARGET_FIELDS */
    char text[FAULT_TARGET_TEXT_MAX]; /* as its user wrote it, for people */
};

/* The two sides of a segment, and what is known of them. */
struct fault_subject {
    const struct te_endpoint *local, *remote;
    const struct te_status *status; /* NULL: nothing is there (any more) */
};

bool fault_target_matches(const struct fault_target *target, const struct fault_subject *subject);

#endif
