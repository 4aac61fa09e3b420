/* Tables on stdout; all verbs print rows this way. Columns are as wide as their widest cell; on a
 * terminal that is too narrow for that, a row goes on in the next line. Without memory the program
 * ends.
 *
 * A row costs what its text does, in memory and in time: tables of hundreds of thousands of rows
 * are usual. */
#ifndef TCPCTL_TABLE_H
#define TCPCTL_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "cli.h"

struct table;

struct column {
    const char *name; /* NULL ends the list, of at most TABLE_COLUMNS_MAX */
    bool is_number;   /* aligned to the right */
};

enum { TABLE_COLUMNS_MAX = 16 };

/* A new table, never NULL, until table_print() or table_free(). columns is borrowed until then. */
struct table *table_new(const struct cli *cli, const struct column *columns);
/* Begins a row. The functions below then fill its cells, all of them, from left to right. */
void table_row(struct table *table);
/* The same for the row of an id: such rows are printed in the order of their ids, and of several
 * with one id only the first is. A table has only rows of this kind, or none. */
void table_row_of(struct table *table, uint64_t id);
void table_cell(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_text(struct table *table, const char *text);
void table_number(struct table *table, uint64_t number);
/* Gives the cell that is filled next a color, by its name, if the terminal has any: bold, red,
 * green, yellow, cyan, darkgray. NULL: none. */
void table_color(struct table *table, const char *color);
/* Prints the table and frees it: the header (unless --no-header), even without rows, then the rows.
 */
void table_print(struct table *table);
/* Gives it up unprinted. NULL is legal. */
void table_free(struct table *table);

#endif
