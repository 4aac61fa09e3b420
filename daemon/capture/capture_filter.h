/* Which packets a capture takes: a filter (util/filter.h) that is asked of a packet. */
#ifndef TCPENGINED_CAPTURE_FILTER_H
#define TCPENGINED_CAPTURE_FILTER_H

#include "util/filter.h"

/* What it can ask. */
#define CAPTURE_FILTER_FIELDS                                                                      \
    (FILTER_BIT(FILTER_LOCAL) | FILTER_BIT(FILTER_REMOTE) | FILTER_BIT(FILTER_UID) |               \
     FILTER_BIT(FILTER_ID))

struct capture_subject {
    uint64_t id;
    uint32_t uid;
    enum te_state before, after; /* a filter's states hold when one of the two is among them */
    const struct te_endpoint *local, *remote;
};

/* The filter was checked against CAPTURE_FILTER_FIELDS. */
bool capture_filter_matches(const struct filter *filter, const struct capture_subject *subject);

#endif
