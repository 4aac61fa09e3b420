/* Hosts whose stack is saved, freed and restored from the bytes (tcpengine/save.h), as in an
 * upgrade of the daemon: no matter when, nothing must change.
 *
 * Some seeds have it as a fault (host_plan.rebirth). With world_options.reborn_every it happens to
 * all hosts after every so many turns and leaves no line, so that the trace equals that of a run
 * without it. */
#ifndef SIM_REBIRTH_H
#define SIM_REBIRTH_H

#include "world.h"

/* Call after each turn. */
void rebirth_step(struct world *world);

#endif
