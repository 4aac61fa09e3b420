/* The state diagram as the search reaches it, laid out like RFC 9293's figure 5, for Graphviz
 * (neato -n2). What figure 5 has is drawn in the colours of its paths; the ways that it leaves out
 * stand beside each state, in grey, and dashed when only faults and ABORT lead there. */
#ifndef EXPLORE_DIAGRAM_H
#define EXPLORE_DIAGRAM_H

#include <stdbool.h>

#include "reached.h"

/* orderly: what is reached when nothing is lost and nobody aborts; all: that, and the rest. */
void diagram_write(const struct reached *orderly, const struct reached *all, FILE *file);

#endif
