/* Tables on stdout; all verbs print rows this way. Columns are as wide as their widest cell; on a
 * terminal that is too narrow for that, a row goes on in the next line. Without memory the program
 * ends. */
#ifndef TCPCTL_TABLE_H
#define TCPCTL_TABLE_H

#include <stdbool.h>

#include "cli.h"

struct table;

struct column {
    const char *name; /* NULL ends the list */
    bool is_number;   /* aligned to the right */
};

/* A new table, never NULL, until table_print(). columns is borrowed until then. */
struct table *table_new(const struct cli *cli, const struct column *columns);
/* Begins a row. table_cell() then fills its cells from left to right. */
void table_row(struct table *table);
void table_cell(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Gives the cell that was filled last a color, as libsmartcols names them, if the terminal has any.
 * NULL: none. */
void table_color(struct table *table, const char *color);
/* Prints the table and frees it: the header (unless --no-header), even without rows, then the rows.
 */
void table_print(struct table *table);

#endif
