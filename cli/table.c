#include "table.h"

#include <libsmartcols/libsmartcols.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "fold.h"
#include "terminal.h"

struct table {
    struct libscols_table *scols;
    const struct column *columns;
    bool is_headerless;
    struct libscols_line *line;
    size_t column;
};

_Noreturn static void no_memory(void)
{
    fprintf(stderr, "tcpctl: out of memory (ENOMEM)\n");
    exit(EXIT_FAILED);
}

static void add_column(struct table *table, const struct column *column)
{
    int flags = column->is_number ? SCOLS_FL_RIGHT : 0;
    struct libscols_column *added = scols_table_new_column(table->scols, column->name, 0, flags);
    if (added == NULL || scols_cell_set_color(scols_column_get_header(added), "bold") != 0)
        no_memory();
}

struct table *table_new(const struct cli *cli, const struct column *columns)
{
    struct table *table = calloc(1, sizeof(*table));
    if (table == NULL || (table->scols = scols_new_table()) == NULL)
        no_memory();
    table->columns = columns;
    table->is_headerless = cli->is_headerless;
    scols_table_enable_noheadings(table->scols, cli->is_headerless);
    /* fold.c knows better what to do on a narrow terminal than to cut addresses. */
    scols_table_set_termforce(table->scols, SCOLS_TERMFORCE_NEVER);
    scols_table_enable_colors(table->scols, terminal_has_colors());
    for (; columns->name != NULL; columns++)
        add_column(table, columns);
    return table;
}

void table_row(struct table *table)
{
    table->line = scols_table_new_line(table->scols, NULL);
    table->column = 0;
    if (table->line == NULL)
        no_memory();
}

void table_cell(struct table *table, const char *format, ...)
{
    va_list args;
    char *text;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0 ||
        scols_line_refer_data(table->line, table->column++, text) != 0)
        no_memory();
    va_end(args);
}

void table_color(struct table *table, const char *color)
{
    struct libscols_cell *cell = scols_line_get_cell(table->line, table->column - 1);
    if (color != NULL && (cell == NULL || scols_cell_set_color(cell, color) != 0))
        no_memory();
}

/* libsmartcols prints nothing for a table without rows; people expect to see the header. */
static void print_header(const struct table *table)
{
    for (const struct column *column = table->columns; column->name != NULL; column++)
        printf("%s%s", column->name, column[1].name != NULL ? " " : "\n");
}

void table_print(struct table *table)
{
    if (fold_is_wanted(table->scols, terminal_width()))
        fold_print(table->scols, terminal_width());
    else if (scols_table_get_nlines(table->scols))
        scols_print_table(table->scols);
    else if (!table->is_headerless)
        print_header(table);
    scols_unref_table(table->scols);
    free(table);
}
