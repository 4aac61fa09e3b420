/* What stdout is, as far as looks go. */
#ifndef TCPCTL_TERMINAL_H
#define TCPCTL_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

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

#endif
