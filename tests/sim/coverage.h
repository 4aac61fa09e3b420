/* What all runs together have reached: edges of the state diagram, and amounts of work. Plain
 * numbers, so that worker processes can share and sum them. */
#ifndef SIM_COVERAGE_H
#define SIM_COVERAGE_H

#include <stdio.h>
#include <tcpengine/counters.h>
#include <tcpengine/event.h>

struct coverage {
    uint64_t edges[TE_STATE_COUNT][TE_STATE_COUNT];
    uint64_t pairs[TE_STATE_COUNT][TE_STATE_COUNT]; /* states of the two ends at the same time */
    uint64_t runs, events, frames, bytes;           /* frames: sent by stacks */
    uint64_t arrivals;                              /* frames received by stacks */
    uint64_t marked;                                /* by full queues (ECN) */
    uint64_t rebirths;                              /* stacks saved and restored */
    uint64_t cpu_us;                                /* of the worker processes */
    struct te_counters counters;                    /* of all stacks */
    uint64_t early_takes; /* data on a SYN was read before the handshake was over */
    uint64_t syn_replays; /* ... and by another connection as well (RFC 7413 2.1) */
    uint64_t ghosts;      /* runs that ended where nothing is guaranteed any more (world.h) */
    uint64_t isn_wanted,
        isn_reached; /* runs meant to start within 2^16 of wrapping, and those that did */
};

void coverage_add_counters(struct coverage *sum, const struct te_counters *counters);
void coverage_add(struct coverage *sum, const struct coverage *part);
void coverage_print(const struct coverage *coverage, FILE *file);
/* One line: how much was done, and how fast, in frames sent plus frames received per second of the
 * workers' processor time. With one worker per processor, multiply by the number of processors. */
void coverage_print_rate(const struct coverage *coverage, FILE *file);
/* The name of an edge of RFC 9293's figure 5 that no run has reached; NULL if all were. */
const char *coverage_find_gap(const struct coverage *coverage);

#endif
