/* Memory that is refused, at each allocation of a full life of a connection: of one host, of the
 * other, and of both, once, three times, and from there on, over IPv4 and IPv6, on a good network
 * and on a lossy one (where reassembly and recovery allocate). Nothing crashes or leaks, and the
 * streams stay prefixes. */
#ifndef SIM_ALLOC_FAILURES_H
#define SIM_ALLOC_FAILURES_H

#include "world.h"

/* One of them: who is refused, how often and over which network; and from which allocation on. */
struct alloc_failure {
    unsigned kind;
    uint64_t nth;
};
bool alloc_failure_run(struct world *world, const struct alloc_failure *failure,
                       const struct world_options *options);

/* All of them; *now is the one that runs. True when all held; else it is the one that did not, and
 * the world says why. */
bool alloc_failures_run(struct world *world, struct coverage *coverage, struct alloc_failure *now);

#endif
