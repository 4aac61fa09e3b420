/* Tables on stdout: the one way that all verbs print rows. */
#ifndef TCPCTL_TABLE_H
#define TCPCTL_TABLE_H

#include <stdbool.h>

#include "cli.h"

struct table;

struct column {
    const char *name; /* NULL ends the list */
    bool is_number;   /* to the right */
};

/* Never NULL: without memory the program ends. */
struct table *table_new(const struct cli *cli, const struct column *columns);
/* A row's cells, from left to right; the first call after table_row() fills the first column. */
void table_row(struct table *table);
void table_cell(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Prints it and frees it. */
void table_print(struct table *table);

#endif
