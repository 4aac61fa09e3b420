/* A table on a terminal that is too narrow for it: each row, and the header, goes on in lines below
 * its first, indented. Nothing is cut. */
#ifndef TCPCTL_FOLD_H
#define TCPCTL_FOLD_H

#include <libsmartcols/libsmartcols.h>
#include <stdbool.h>
#include <stddef.h>

/* Whether the table, as wide as its cells ask, has more than width columns. 0: no limit. */
bool fold_is_wanted(struct libscols_table *scols, size_t width);
/* Prints it, folded to width. */
void fold_print(struct libscols_table *scols, size_t width);

#endif
