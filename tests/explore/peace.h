/* The faults stop: what must become of any moment once all frames arrive in order and time passes
 * equally at both ends.
 *
 * First the users do nothing. In the end no opening or closing is in progress (nothing hangs), and
 * both ends agree: ESTABLISHED at both or at neither, FIN_WAIT_2 beside CLOSE_WAIT, nothing beside
 * nothing. One exception: an end whose peer vanished and whose RST did not arrive.
 *
 * Then both users close everything. All of it, TIME_WAIT included, is gone within 2MSL plus the
 * orphan timeout. */
#ifndef EXPLORE_PEACE_H
#define EXPLORE_PEACE_H

#include "world.h"

void peace_check(struct world *world);

#endif
