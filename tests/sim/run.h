/* One run of one seed, from the first cycle of a connection to the last byte of memory. */
#ifndef SIM_RUN_H
#define SIM_RUN_H

#include "world.h"

/* True if everything held; else world->failure says what did not. The world is finished either way,
 * but its trace can still be read. */
bool run_scenario(struct world *world, const struct scenario *scenario,
                  const struct world_options *options);
/* Well-behaved connections, from their OPENs to the end of their TIME_WAITs. */
void run_cycle(struct world *world);

#endif
