/* Memory that is refused, at each allocation of a full life of a connection: of one host and of the
 * other, once and from there on. Nothing crashes or leaks, and the streams stay prefixes. */
#ifndef SIM_ALLOC_FAILURES_H
#define SIM_ALLOC_FAILURES_H

#include "world.h"

/* True when all held; else *ret_options says which one did not, and the world why. */
bool alloc_failures_run(struct world *world, struct coverage *coverage,
                        struct world_options *ret_options);

#endif
