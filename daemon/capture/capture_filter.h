/* Which packets a capture takes: a filter (util/filter.h) that is asked of a packet. */
#ifndef TCPENGINED_CAPTURE_FILTER_H
#define TCPENGINED_CAPTURE_FILTER_H

#include "session/conn_filter.h"

struct capture_subject {
    enum te_state before, after; /* a filter's states hold when one of the two is among them */
    const struct te_endpoint *local, *remote;
    const struct te_status *status; /* of the connection, or what is left of it; NULL: none */
    const struct owner_table *owners;
    int64_t now_us;
};

/* The filter was checked against CONN_FILTER_FIELDS. */
bool capture_filter_matches(const struct filter *filter, const struct capture_subject *subject);
/* Whether the filter asks for more than the ends and the states of a packet. */
bool capture_filter_asks_status(const struct filter *filter);

#endif
