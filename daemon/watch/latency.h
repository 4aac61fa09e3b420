/* How long handshakes and round trips take, as histograms over all connections. */
#ifndef TCPENGINED_LATENCY_H
#define TCPENGINED_LATENCY_H

#include <tcpengine/conn.h>

#define LATENCY_BUCKETS 16 /* beside +Inf */
/* Openings watched at once; of two in one place the later one counts. Power of two. */
#define LATENCY_OPENINGS_MAX 4096

struct histogram {
    uint64_t counts[LATENCY_BUCKETS + 1]; /* not summed up; the last is beyond all bounds */
    uint64_t sum_us;
};

struct latency_opening {
    uint64_t id; /* 0: none */
    int64_t started_at_us;
};

struct latency {
    struct histogram handshake; /* SYN_SENT or SYN_RCVD to ESTABLISHED */
    struct histogram rtt;       /* smoothed RTT of a connection as it leaves ESTABLISHED */
    struct latency_opening openings[LATENCY_OPENINGS_MAX];
};

/* Upper bounds of the buckets. */
extern const int64_t latency_bounds_us[LATENCY_BUCKETS];

void histogram_observe(struct histogram *histogram, int64_t value_us);
uint64_t histogram_count(const struct histogram *histogram);

/* For every event; stack is asked for the round trip time of the connection. */
void latency_on_event(struct latency *latency, const struct te_event *event,
                      const struct te_stack *stack);
/* The part of it that needs no stack: handshakes. */
void latency_on_transition(struct latency *latency, uint64_t id,
                           const struct te_transition *transition);

#endif
