/* The transitions of RFC 9293 with their causes: the table that judges a search. Every row of
 * figure 5 must be reached, and everything that is reached must be listed here. */
#ifndef EXPLORE_EDGES_H
#define EXPLORE_EDGES_H

#include <stdbool.h>

#include "reached.h"

enum path_kind {
    PATH_ACTIVE,       /* of the end that opens, or closes first */
    PATH_PASSIVE,      /* of the other one */
    PATH_SIMULTANEOUS, /* both at once */
    PATH_OTHER         /* not in figure 5 */
};

struct known_edge {
    enum te_state from, to;
    enum te_cause cause;
    enum path_kind kind;
    const char *where; /* in RFC 9293, unless it names another */
};

/* The table ends with a row whose where is NULL. */
const struct known_edge *edges_table(void);
/* Prints what is missing and what is unknown; false if there is any. */
bool edges_check(const struct reached *reached, FILE *file);

#endif
