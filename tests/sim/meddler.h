/* An application that makes wrong calls, or changes settings that should not matter. Each wrong
 * call has exactly one answer, given by the contract in conn.h. */
#ifndef SIM_MEDDLER_H
#define SIM_MEDDLER_H

#include "world.h"

/* One call about the endpoint's connection; its streams continue as before. */
void meddle(struct world *world, struct endpoint *endpoint);

#endif
