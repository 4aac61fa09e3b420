#include "fold.h"

#include <stdio.h>

#include "terminal.h"

enum { INDENT = 3 };

bool fold_is_wanted(const struct fold_columns *columns, size_t width)
{
    size_t total = 0;
    for (size_t i = 0; i < columns->count; i++)
        total += columns->widths[i] + (i > 0);
    return width > 0 && total > width;
}

/* At column `at` of the terminal. Returns where the next cell may begin. */
static size_t print_cell(const struct fold_columns *columns, const struct fold_cell *cell,
                         size_t column, size_t at, size_t limit)
{
    int width = (int)columns->widths[column];
    bool is_last = column + 1 == columns->count;
    printf("%s", cell->color != NULL ? cell->color : "");
    if (at + columns->widths[column] > limit)
        terminal_print_folded(cell->text, at, limit);
    else if (columns->is_right[column])
        printf("%*s", width, cell->text);
    else
        printf("%-*s", is_last ? 0 : width, cell->text);
    printf("%s", cell->color != NULL ? FOLD_COLOR_END : "");
    return at + columns->widths[column];
}

void fold_print(const struct fold_columns *columns, const struct fold_cell *cells, size_t width)
{
    size_t at = 0;
    for (size_t i = 0; i < columns->count; i++) {
        if (i > 0 && at + 1 + columns->widths[i] > width && at > INDENT) {
            printf("\n%*s", INDENT, "");
            at = INDENT;
        } else if (i > 0) {
            putchar(' ');
            at++;
        }
        at = print_cell(columns, &cells[i], i, at, width);
    }
    putchar('\n');
}
