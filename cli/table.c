#include "table.h"

#include <libsmartcols/libsmartcols.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct table {
    struct libscols_table *scols;
    struct libscols_line *line;
    size_t column;
};

_Noreturn static void no_memory(void)
{
    fprintf(stderr, "tcpctl: out of memory (ENOMEM)\n");
    exit(EXIT_FAILED);
}

struct table *table_new(const struct cli *cli, const struct column *columns)
{
    struct table *table = calloc(1, sizeof(*table));
    if (!table || !(table->scols = scols_new_table()))
        no_memory();
    scols_table_enable_noheadings(table->scols, cli->is_headerless);
    /* A narrow terminal must not cut addresses: columns are as wide as what is in them. */
    scols_table_set_termforce(table->scols, SCOLS_TERMFORCE_NEVER);
    for (; columns->name; columns++) {
        if (!scols_table_new_column(table->scols, columns->name, 0,
                                    columns->is_number ? SCOLS_FL_RIGHT : 0))
            no_memory();
    }
    return table;
}

void table_row(struct table *table)
{
    table->line = scols_table_new_line(table->scols, NULL);
    table->column = 0;
    if (!table->line)
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

void table_print(struct table *table)
{
    scols_print_table(table->scols);
    scols_unref_table(table->scols);
    free(table);
}
