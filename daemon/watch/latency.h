/* Histograms over all connections: how long handshakes and round trips take. */
#ifndef TCPENGINED_LATENCY_H
#define TCPENGINED_LATENCY_H

#include <tcpengine/conn.h>

#define LATENCY_BUCKETS 16 /* not counting +Inf */
/* Openings watched at once; a later one overwrites an earlier one in the same slot, which then does
 * not count. Power of two. */
#define LATENCY_OPENINGS_MAX 4096

struct histogram {
    uint64_t counts[LATENCY_BUCKETS + 1]; /* not cumulative; the last is above all bounds */
    uint64_t sum_us;
};

struct latency_opening {
    uint64_t id; /* 0: none */
    int64_t started_at_us;
};

struct latency {
    struct histogram handshake; /* SYN_SENT or SYN_RCVD to ESTABLISHED */
    struct histogram rtt;       /* smoothed RTT (RFC 6298) of connections leaving ESTABLISHED */
    struct latency_opening openings[LATENCY_OPENINGS_MAX];
};

/* Upper bounds of the buckets, inclusive, in ascending order. */
extern const int64_t latency_bounds_us[LATENCY_BUCKETS];

/* Counts one value; a negative one counts as 0. */
void histogram_observe(struct histogram *histogram, int64_t value_us);
/* Number of values counted. */
uint64_t histogram_count(const struct histogram *histogram);

/* Call with every event. Asks stack for the connection's round trip time. */
void latency_on_event(struct latency *latency, const struct te_event *event,
                      const struct te_stack *stack);
/* The part of it that needs no stack: handshakes. Called by latency_on_event(). */
void latency_on_transition(struct latency *latency, uint64_t id,
                           const struct te_transition *transition);

#endif
