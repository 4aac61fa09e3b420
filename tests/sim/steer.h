/* Where sequence numbers and timestamps start. The engine derives both from its clock and a keyed
 * hash of the connection's endpoints (RFC 9293 3.4.1, RFC 7323 5.4), and the clock is the
 * simulator's: a rehearsal of the first connection on two throw-away stacks with the same keys
 * shows where they would start, and the real stacks' clocks are set so that they start just before
 * wrapping. */
#ifndef SIM_STEER_H
#define SIM_STEER_H

#include "scenario.h"

/* World time of the scenario's first fault and first connection, after the warm-up. */
#define STEER_START_US INT64_C(300000000)

/* What each side's clock has to show at world time 0. */
void steer_clocks(const struct scenario *scenario, int64_t ret_clock_us[HOSTS_MAX]);

#endif
