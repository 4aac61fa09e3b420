/* Scenarios made simpler, one step at a time: a fault switched off, a connection taken away, an
 * amount halved. A step has a name and an index ("drop.0"), so that a list of steps, after a seed,
 * names one scenario exactly (sim --seed N --simplify STEP,STEP...). */
#ifndef SIM_SIMPLIFY_H
#define SIM_SIMPLIFY_H

#include <stdio.h>

#include "scenario.h"

#define SIMPLIFY_INDEX_MAX (2 * SCENARIO_CONNECTIONS_MAX)

struct step {
    unsigned kind; /* below simplify_kinds() */
    unsigned index;
};

unsigned simplify_kinds(void);
/* False when it would change nothing; then *scenario is as it was. */
bool simplify_apply(struct scenario *scenario, struct step step);
/* Writes "name.index". */
void simplify_print_step(struct step step, FILE *file);
/* Applies a list of steps; false when one of them is not a step, or changes nothing. */
bool simplify_apply_list(struct scenario *scenario, const char *list);
/* What is left in the scenario that a step could still change, one a line. */
void simplify_print_rest(const struct scenario *scenario, FILE *file);

#endif
