/* Filters (util/filter.h) that are asked of connections, whatever it is that concerns these: a row
 * of a list, a packet, a segment on its way through the fault layer. */
#ifndef TCPENGINED_CONN_FILTER_H
#define TCPENGINED_CONN_FILTER_H

#include <tcpengine/conn.h>

#include "session/owner.h"
#include "util/filter.h"

/* All fields that there are. */
#define CONN_FILTER_FIELDS (FILTER_BIT(FILTER_FIELD_COUNT) - 1)

struct conn_filter_subject {
    const struct te_endpoint *local, *remote;
    uint32_t states;                  /* one bit per enum te_state: one of them suffices */
    const struct te_status *status;   /* NULL: there is no connection (yet, or any more) */
    const struct owner_table *owners; /* NULL: programs and sessions are not known */
    int64_t now_us;
};

/* A test of what is not known is false whatever its operator: of the round trip of a SYN, of the
 * program behind a port that nobody has. */
bool conn_filter_accepts(const struct filter *filter, const struct conn_filter_subject *subject);

/* What is left to know of a connection that has gone: its id, ends, uid and program. False: nothing
 * is. */
bool conn_filter_status_of_gone(const struct te_stack *stack, uint64_t id,
                                struct te_status *ret_status);

#endif
