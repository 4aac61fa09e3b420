/* The faults stop: what must come of any moment, when all frames arrive in order and time passes at
 * both ends alike.
 *
 * First nobody does anything. In the end no opening and no closing is under way (nobody hangs), and
 * both ends agree: ESTABLISHED at both or at neither, FIN_WAIT_2 beside CLOSE_WAIT, nothing beside
 * nothing. One exception: an end whose peer is gone without a RST that arrived.
 *
 * Then both users close all that they have. Everything, TIME_WAIT included, is gone within 2MSL and
 * the time that an orphan may take. */
#ifndef EXPLORE_PEACE_H
#define EXPLORE_PEACE_H

#include "world.h"

void peace_check(struct world *world);

#endif
