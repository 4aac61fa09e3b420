/* Histograms over all connections: how long handshakes and round trips take. */
#ifndef TCPENGINED_LATENCY_H
#define TCPENGINED_LATENCY_H

#include <tcpengine/conn.h>

#include "util/histogram.h"

/* Openings watched at once; a later one overwrites an earlier one in the same slot, which then does
 * not count. Power of two. */
#define LATENCY_OPENINGS_MAX 4096

struct latency_opening {
    uint64_t id; /* 0: none */
    int64_t started_at_us;
};

struct latency {
    struct histogram handshake; /* SYN_SENT or SYN_RCVD to ESTABLISHED */
    struct histogram rtt;       /* smoothed RTT (RFC 6298) of connections leaving ESTABLISHED */
    struct latency_opening openings[LATENCY_OPENINGS_MAX];
};

/* Call with every event. Asks stack for the connection's round trip time. */
void latency_on_event(struct latency *latency, const struct te_event *event,
                      const struct te_stack *stack);
/* The part of it that needs no stack: handshakes. Called by latency_on_event(). */
void latency_on_transition(struct latency *latency, uint64_t id,
                           const struct te_transition *transition);

#endif
