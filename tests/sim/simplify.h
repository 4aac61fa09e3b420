/* Scenarios made simpler, one step at a time: a fault switched off, a connection taken away, an
 * amount halved. A step has a name and an index ("drop.0"), so that a seed and a list of steps name
 * one scenario exactly (sim --seed N --simplify STEP,STEP...). */
#ifndef SIM_SIMPLIFY_H
#define SIM_SIMPLIFY_H

#include <stdio.h>

#include "scenario.h"

#define SIMPLIFY_INDEX_MAX (2 * SCENARIO_CONNECTIONS_MAX)

struct step {
    unsigned kind; /* less than simplify_kinds() */
    unsigned index;
};

unsigned simplify_kinds(void);
/* False if it would change nothing; *scenario is then untouched. */
bool simplify_apply(struct scenario *scenario, struct step step);
/* Writes "name.index". */
void simplify_print_step(struct step step, FILE *file);
/* Applies a list of steps; false if one of them is not a step or changes nothing. */
bool simplify_apply_list(struct scenario *scenario, const char *list);
/* Prints what steps could still change in the scenario, one per line. */
void simplify_print_rest(const struct scenario *scenario, FILE *file);

#endif
