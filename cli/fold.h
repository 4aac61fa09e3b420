/* Rows of a table on a terminal that is too narrow for it: each goes on in lines below its first,
 * indented. Nothing is cut. */
#ifndef TCPCTL_FOLD_H
#define TCPCTL_FOLD_H

#include <stdbool.h>
#include <stddef.h>

enum { FOLD_COLUMNS_MAX = 16 };

/* What a table's columns ask for. */
struct fold_columns {
    size_t count;
    size_t widths[FOLD_COLUMNS_MAX];
    bool is_right[FOLD_COLUMNS_MAX]; /* aligned to the right */
};

struct fold_cell {
    const char *color; /* the terminal's sequence for it; NULL: none */
    const char *text;
    size_t len; /* of text */
};

/* The sequence that ends a color. */
#define FOLD_COLOR_END "\033[0m"

/* Whether a row, as wide as the columns ask, has more than width columns. 0: no limit. */
bool fold_is_wanted(const struct fold_columns *columns, size_t width);
/* Prints a row of columns->count cells, folded to width. */
void fold_print(const struct fold_columns *columns, const struct fold_cell *cells, size_t width);

#endif
