/* A row is a text: of each cell its color, its characters and a NUL. Widths grow as cells are
 * filled, so that printing needs no second look at all of them. */
#include "table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fold.h"
#include "terminal.h"
#include "texts.h"

static_assert((int)TABLE_COLUMNS_MAX == (int)FOLD_COLUMNS_MAX, "the same columns");

struct color {
    const char *name, *sequence;
};

/* A cell's color is its place here. */
static const struct color colors[] = {{"none", NULL},
                                      {"bold", "\033[1m"},
                                      {"red", "\033[31m"},
                                      {"green", "\033[32m"},
                                      {"cyan", "\033[36m"},
                                      {"yellow", "\033[1;33m"},
                                      {"darkgray", "\033[1;30m"}};
enum {
    COLOR_BOLD = 1,
    COLOR_COUNT = sizeof(colors) / sizeof(*colors),
    COLOR_BYTES = 16 /* of one cell's sequences, at most */
};

struct table {
    const struct column *columns;
    struct fold_columns layout;
    struct texts rows;
    char *line; /* room for the longest row, unless it is folded */
    size_t column;
    unsigned char color; /* of the next cell */
    bool is_headerless, has_colors, is_sorted;
};

struct table *table_new(const struct cli *cli, const struct column *columns)
{
    struct table *table = calloc(1, sizeof(*table));
    if (table == NULL)
        cli_no_memory();
    table->columns = columns;
    table->is_headerless = cli->is_headerless;
    table->has_colors = terminal_has_colors();
    for (; columns->name != NULL; columns++) {
        size_t column = table->layout.count++;
        assert(column < TABLE_COLUMNS_MAX);
        table->layout.widths[column] = strlen(columns->name);
        table->layout.is_right[column] = columns->is_number;
    }
    return table;
}

void table_row(struct table *table)
{
    texts_begin(&table->rows, 0);
    table->column = 0;
}

void table_row_of(struct table *table, uint64_t id)
{
    texts_begin(&table->rows, id);
    table->column = 0;
    table->is_sorted = true;
}

/* --- cells ------------------------------------------------------------------------------------ */

static size_t cell_begin(struct table *table)
{
    char color = (char)table->color;
    assert(table->column < table->layout.count);
    texts_add(&table->rows, &color, 1);
    table->color = 0;
    return table->rows.len;
}

static void cell_end(struct table *table, size_t begin)
{
    size_t *width = &table->layout.widths[table->column++];
    size_t len = table->rows.len - begin;
    *width = len > *width ? len : *width;
    texts_add(&table->rows, "", 1);
}

void table_text(struct table *table, const char *text)
{
    size_t begin = cell_begin(table);
    texts_add_text(&table->rows, text);
    cell_end(table, begin);
}

void table_number(struct table *table, uint64_t number)
{
    size_t begin = cell_begin(table);
    texts_add_number(&table->rows, number);
    cell_end(table, begin);
}

void table_cell(struct table *table, const char *format, ...)
{
    va_list args;
    char *text;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        cli_no_memory();
    va_end(args);
    table_text(table, text);
    free(text);
}

void table_color(struct table *table, const char *color)
{
    for (unsigned char i = 1; table->has_colors && color != NULL && i < COLOR_COUNT; i++) {
        if (strcmp(colors[i].name, color) == 0)
            table->color = i;
    }
}

/* --- printing --------------------------------------------------------------------------------- */

static void line_new(struct table *table)
{
    size_t room = 0;
    for (size_t i = 0; i < table->layout.count; i++)
        room += table->layout.widths[i] + COLOR_BYTES + 1;
    table->line = malloc(room);
    if (table->line == NULL)
        cli_no_memory();
}

static char *put(char *to, const char *bytes, size_t len)
{
    return (char *)memcpy(to, bytes, len) + len;
}

static char *pad(char *to, size_t len)
{
    return (char *)memset(to, ' ', len) + len;
}

/* The last column is not filled up, unless its cells are aligned to the right. */
static char *put_cell(const struct table *table, char *to, const struct fold_cell *cell,
                      size_t column)
{
    size_t gap = table->layout.widths[column] - cell->len;
    if (table->layout.is_right[column])
        to = pad(to, gap);
    if (cell->color != NULL)
        to = put(to, cell->color, strlen(cell->color));
    to = put(to, cell->text, cell->len);
    if (cell->color != NULL)
        to = put(to, FOLD_COLOR_END, sizeof(FOLD_COLOR_END) - 1);
    if (!table->layout.is_right[column] && column + 1 < table->layout.count)
        to = pad(to, gap);
    return to;
}

static void print_cells(const struct table *table, const struct fold_cell *cells)
{
    char *to = table->line;
    if (table->line == NULL) {
        fold_print(&table->layout, cells, terminal_width());
        return;
    }
    for (size_t i = 0; i < table->layout.count; i++) {
        to = put_cell(table, to, &cells[i], i);
        *to++ = i + 1 < table->layout.count ? ' ' : '\n';
    }
    fwrite(table->line, 1, (size_t)(to - table->line), stdout);
}

static void print_header(const struct table *table)
{
    struct fold_cell cells[TABLE_COLUMNS_MAX];
    for (size_t i = 0; i < table->layout.count; i++) {
        const char *name = table->columns[i].name;
        cells[i] =
            (struct fold_cell){.color = table->has_colors ? colors[COLOR_BOLD].sequence : NULL,
                               .text = name,
                               .len = strlen(name)};
    }
    print_cells(table, cells);
}

static void print_row(const struct table *table, const struct texts_place *place)
{
    struct fold_cell cells[TABLE_COLUMNS_MAX];
    const char *at = table->rows.bytes + place->at;
    for (size_t i = 0; i < table->layout.count; i++) {
        const char *text = at + 1;
        cells[i] = (struct fold_cell){
            .color = colors[(unsigned char)*at].sequence, .text = text, .len = strlen(text)};
        at = text + cells[i].len + 1;
    }
    print_cells(table, cells);
}

static void print_rows(struct table *table)
{
    if (table->is_sorted)
        texts_sort(&table->rows);
    for (size_t i = 0; i < table->rows.count; i++)
        print_row(table, &table->rows.places[i]);
}

void table_free(struct table *table)
{
    if (table == NULL)
        return;
    texts_done(&table->rows);
    free(table->line);
    free(table);
}

void table_print(struct table *table)
{
    if (!fold_is_wanted(&table->layout, terminal_width()))
        line_new(table);
    if (!table->is_headerless)
        print_header(table);
    print_rows(table);
    table_free(table);
}
