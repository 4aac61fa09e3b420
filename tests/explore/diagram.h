/* The state diagram as the search reaches it, laid out like RFC 9293's figure 5, for Graphviz
 * (neato -n2). What figure 5 has is drawn in the colours of its paths; transitions it leaves out
 * are drawn beside each state in grey, dashed if only faults and ABORT lead there. */
#ifndef EXPLORE_DIAGRAM_H
#define EXPLORE_DIAGRAM_H

#include <stdbool.h>

#include "reached.h"

/* orderly: what is reached when nothing is lost and nobody aborts; all: everything that is
 * reached. */
void diagram_write(const struct reached *orderly, const struct reached *all, FILE *file);

#endif
