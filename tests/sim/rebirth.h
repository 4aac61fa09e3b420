/* Hosts whose stack is saved, freed and made again from the bytes (tcpengine/save.h), as in an
 * upgrade of the daemon: whatever is going on, nobody can tell.
 *
 * Some seeds have it as a fault (host_plan.rebirth). With world_options.reborn_every it happens to
 * all hosts after each so many turns and leaves no line, so that the trace is that of the run
 * without it. */
#ifndef SIM_REBIRTH_H
#define SIM_REBIRTH_H

#include "world.h"

/* After each turn. */
void rebirth_step(struct world *world);

#endif
