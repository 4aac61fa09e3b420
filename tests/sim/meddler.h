/* An application that makes calls that are wrong, or that change what should not matter. Each wrong
 * call has its one answer, by the contract of conn.h. */
#ifndef SIM_MEDDLER_H
#define SIM_MEDDLER_H

#include "world.h"

/* One call about the endpoint's connection; its streams go on as before. */
void meddle(struct world *world, struct endpoint *endpoint);

#endif
