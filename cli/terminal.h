/* What stdout is, as far as looks go. */
#ifndef TCPCTL_TERMINAL_H
#define TCPCTL_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Columns of the terminal that stdout is; 0: it is none, so there is no limit. */
size_t terminal_width(void);
/* Whether stdout is a terminal that shows colors, and nobody forbids them: NO_COLOR set to anything
 * but nothing (no-color.org), or TERM=dumb. */
bool terminal_has_colors(void);
/* Prints text in lines of at most width columns, broken at spaces where there are any; all but the
 * first are indented, and the first starts at that column already. width 0: one line. */
void terminal_print_folded(const char *text, size_t indent, size_t width);
/* The same, and a newline. */
void terminal_print_wrapped(const char *text, size_t indent, size_t width);
/* The same for a line that starts at the left: only what follows its first piece is indented. */
void terminal_print_line(const char *text, size_t indent, size_t width);

/* What goes to stdout between begin and end is printed at the end, each line wrapped to the
 * terminal's width. Where there is no limit it goes straight out. */
struct terminal_lines {
    FILE *stdout_before; /* NULL: straight out */
    char *text;
    size_t len;
};
void terminal_lines_begin(struct terminal_lines *lines);
void terminal_lines_end(struct terminal_lines *lines, size_t indent);

#endif
