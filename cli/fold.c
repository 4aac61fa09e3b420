#include "fold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "terminal.h"

enum { COLUMNS_MAX = 16, INDENT = 3 };

struct fold {
    struct libscols_table *scols;
    size_t width, count;
    size_t widths[COLUMNS_MAX]; /* of the columns */
    bool is_right[COLUMNS_MAX];
    bool has_colors;
};

static const char *text_of(struct libscols_cell *cell)
{
    const char *text = cell != NULL ? scols_cell_get_data(cell) : NULL;
    return text != NULL ? text : "";
}

/* A cell of a line; of the header when line is NULL. */
static struct libscols_cell *cell_at(const struct fold *fold, struct libscols_line *line,
                                     size_t column)
{
    if (line != NULL)
        return scols_line_get_cell(line, column);
    return scols_column_get_header(scols_table_get_column(fold->scols, column));
}

static void measure_line(struct fold *fold, struct libscols_line *line)
{
    for (size_t i = 0; i < fold->count; i++) {
        size_t len = strlen(text_of(cell_at(fold, line, i)));
        fold->widths[i] = len > fold->widths[i] ? len : fold->widths[i];
    }
}

/* scols_table_get_line() walks the list of lines from its start each time. */
static struct libscols_iter *lines_begin(void)
{
    struct libscols_iter *lines = scols_new_iter(SCOLS_ITER_FORWARD);
    if (lines == NULL) {
        fprintf(stderr, "tcpctl: out of memory (ENOMEM)\n");
        exit(EXIT_FAILED);
    }
    return lines;
}

static void measure_lines(struct fold *fold)
{
    struct libscols_iter *lines = lines_begin();
    struct libscols_line *line;
    while (scols_table_next_line(fold->scols, lines, &line) == 0)
        measure_line(fold, line);
    scols_free_iter(lines);
}

static struct fold fold_make(struct libscols_table *scols, size_t width)
{
    struct fold fold = {.scols = scols, .width = width, .count = scols_table_get_ncols(scols)};
    if (fold.count > COLUMNS_MAX)
        fold.count = COLUMNS_MAX;
    fold.has_colors = scols_table_colors_wanted(scols);
    if (!scols_table_is_noheadings(scols))
        measure_line(&fold, NULL);
    measure_lines(&fold);
    for (size_t i = 0; i < fold.count; i++)
        fold.is_right[i] = scols_column_is_right(scols_table_get_column(scols, i));
    return fold;
}

bool fold_is_wanted(struct libscols_table *scols, size_t width)
{
    if (width == 0)
        return false;
    struct fold fold = fold_make(scols, width);
    size_t total = 0;
    for (size_t i = 0; i < fold.count; i++)
        total += fold.widths[i] + (i > 0);
    return total > width;
}

/* At column `at` of the terminal. Returns where the next cell may begin. */
static size_t print_cell(const struct fold *fold, struct libscols_cell *cell, size_t column,
                         size_t at)
{
    const char *text = text_of(cell);
    const char *color = fold->has_colors && cell != NULL ? scols_cell_get_color(cell) : NULL;
    int width = (int)fold->widths[column];
    bool is_last = column + 1 == fold->count;
    printf("%s", color != NULL ? color : "");
    if (at + fold->widths[column] > fold->width)
        terminal_print_folded(text, at, fold->width);
    else if (fold->is_right[column])
        printf("%*s", width, text);
    else
        printf("%-*s", is_last ? 0 : width, text);
    printf("%s", color != NULL ? "\033[0m" : "");
    return at + fold->widths[column];
}

static void print_line(const struct fold *fold, struct libscols_line *line)
{
    size_t at = 0;
    for (size_t i = 0; i < fold->count; i++) {
        if (i > 0 && at + 1 + fold->widths[i] > fold->width && at > INDENT) {
            printf("\n%*s", INDENT, "");
            at = INDENT;
        } else if (i > 0) {
            putchar(' ');
            at++;
        }
        at = print_cell(fold, cell_at(fold, line, i), i, at);
    }
    putchar('\n');
}

void fold_print(struct libscols_table *scols, size_t width)
{
    struct fold fold = fold_make(scols, width);
    struct libscols_iter *lines = lines_begin();
    struct libscols_line *line;
    if (!scols_table_is_noheadings(scols))
        print_line(&fold, NULL);
    while (scols_table_next_line(scols, lines, &line) == 0)
        print_line(&fold, line);
    scols_free_iter(lines);
}
