/* Refused memory, at each allocation in the life of a connection: on one host, the other, and both;
 * once, three times, and from there on; over IPv4 and IPv6; on a good network and on a lossy one
 * (where reassembly and recovery allocate). Nothing crashes or leaks, and the streams stay
 * prefixes. */
#ifndef SIM_ALLOC_FAILURES_H
#define SIM_ALLOC_FAILURES_H

#include "world.h"

/* One case: whose memory is refused, how often and over which network; and from which allocation
 * on. */
struct alloc_failure {
    unsigned kind;
    uint64_t nth;
};
bool alloc_failure_run(struct world *world, const struct alloc_failure *failure,
                       const struct world_options *options);

/* Runs all cases; *now is the current one. True if all held; else *now is the one that did not, and
 * the world says why. */
bool alloc_failures_run(struct world *world, struct coverage *coverage, struct alloc_failure *now);

#endif
