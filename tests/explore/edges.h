/* Which transitions RFC 9293 knows, with the cause: the table that a search is judged by. Every
 * row of figure 5 must be reached; whatever is reached must stand here. */
#ifndef EXPLORE_EDGES_H
#define EXPLORE_EDGES_H

#include <stdbool.h>

#include "reached.h"

enum path_kind {
    PATH_ACTIVE,       /* of who opens, or who closes first */
    PATH_PASSIVE,      /* of the other one */
    PATH_SIMULTANEOUS, /* both at once */
    PATH_OTHER         /* not in figure 5 */
};

struct known_edge {
    enum te_state from, to;
    enum te_cause cause;
    enum path_kind kind;
    const char *where; /* in RFC 9293, unless it says another */
};

/* The table ends with a row without where. */
const struct known_edge *edges_table(void);
/* Writes what is missing and what is unknown; false when there is any. */
bool edges_check(const struct reached *reached, FILE *file);

#endif
