/* Whose segments a fault concerns: a connection, a listener's connections, or all that an
 * expression of ss(8)'s kind selects, also those that come later. */
#ifndef TCPENGINED_FAULT_TARGET_H
#define TCPENGINED_FAULT_TARGET_H

#include <tcpengine/conn.h>

#include "session/conn_filter.h"

#define FAULT_TARGET_TEXT_MAX 128
struct fault_target {
    uint64_t id; /* of a connection or listener; 0: the filter */
    bool is_listener;
    struct te_endpoint local, remote; /* of id, as long as it lives */
    struct filter filter;             /* of CONN_FILTER_FIELDS */
    char text[FAULT_TARGET_TEXT_MAX]; /* as its user wrote it, for people */
};

/* The two sides of a segment, and what is known of them. */
struct fault_subject {
    const struct te_endpoint *local, *remote;
    const struct te_status *status;   /* NULL: nothing is there (any more) */
    const struct owner_table *owners; /* NULL: not known */
    int64_t now_us;
};

bool fault_target_matches(const struct fault_target *target, const struct fault_subject *subject);

#endif
