/* Memory that is refused, at each allocation of a full life of a connection: of one host, of the
 * other, and of both, once, three times, and from there on, over IPv4 and IPv6, on a good network
 * and on a lossy one (where reassembly and recovery allocate). Nothing crashes or leaks, and the
 * streams stay prefixes. */
#ifndef SIM_ALLOC_FAILURES_H
#define SIM_ALLOC_FAILURES_H

#include "world.h"

/* True when all held; else *ret_scenario is the one that did not, and the world says why. */
bool alloc_failures_run(struct world *world, struct coverage *coverage,
                        struct scenario *ret_scenario);

#endif
