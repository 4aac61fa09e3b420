/* What happens to a whole host: reboots, clock jumps, freezes. */
#ifndef SIM_UPHEAVAL_H
#define SIM_UPHEAVAL_H

#include "world.h"

/* When the next one comes, or TE_NEVER. */
int64_t upheaval_next_us(const struct world *world);
void upheaval_step(struct world *world);

#endif
