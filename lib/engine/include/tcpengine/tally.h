/* What a stack adds up over all its connections, those that have ended included: for monitoring.
 *
 * All of it is kept as it happens, so that reading costs the same whether there are ten connections
 * or all that there can be, and none of it costs a connection any memory. A restored stack begins
 * anew. */
#ifndef TCPENGINE_TALLY_H
#define TCPENGINE_TALLY_H

#include <tcpengine/drop.h>
#include <tcpengine/explain.h>

/* Segments by their payload: none, 1 byte, 2, up to 4, up to 8, ..., up to 65,536. */
#define TE_SIZE_BUCKETS 18

struct te_size_histogram {
    uint64_t counts[TE_SIZE_BUCKETS];
    uint64_t total_bytes;
};

/* The largest payload that counts in a bucket. */
uint32_t te_size_bound_bytes(unsigned bucket);

/* Connections by the time that they have been in their state. An age counts in whole seconds of the
 * stack's clock: it is off by less than one second. */
#define TE_AGE_BOUNDS 7
#define TE_AGE_BOUND_MAX_S 3600

struct te_age_histogram {
    uint32_t counts[TE_AGE_BOUNDS + 1]; /* not cumulative; the last is above all bounds */
    uint64_t total_us;
};

/* Upper bounds of the buckets, inclusive, in ascending order; static. */
const uint32_t *te_age_bounds_s(void);

struct te_tallies {
    uint64_t held_us[TE_HOLD_COUNT]; /* for how long senders were held back, and by what */
    struct te_size_histogram received, sent;
    struct te_age_histogram close_wait, fin_wait_2; /* of those that are in the state now */
    uint64_t drops[TE_DROP_COUNT];
};

/* Up to now_us; one before the stack's latest time counts as that. */
void te_tally(const struct te_stack *stack, int64_t now_us, struct te_tallies *ret_tallies);

/* A listener: how full its queues are, and what they have held back since it was opened. */
struct te_listener_tally {
    uint64_t id;
    struct te_endpoint local, remote; /* remote unspecified: any peer */
    enum te_listen_family family;
    uint32_t accept_count, backlog;
    uint32_t syn_count, syn_max;
    uint64_t accept_drops, syn_drops;
    uint64_t cookies_sent; /* SYNs answered by a SYN cookie */
};

/* The next listener of a walk that starts with *cursor 0; false at the end. Each one that is there
 * all the time is seen once, whatever comes and goes meanwhile. */
bool te_tally_listener(const struct te_stack *stack, uint64_t *cursor,
                       struct te_listener_tally *ret_tally);

#endif
