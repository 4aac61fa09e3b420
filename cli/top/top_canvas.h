/* A screen's worth of characters with styles, as plain data: what the layout fills and what curses,
 * batch output and tests read. */
#ifndef TCPCTL_TOP_CANVAS_H
#define TCPCTL_TOP_CANVAS_H

#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

enum top_style {
    TOP_NORMAL,
    TOP_BOLD,
    TOP_DIM,
    TOP_REVERSE,
    TOP_REVERSE_BOLD,
    /* Colors; without any they look like TOP_NORMAL. */
    TOP_GREEN,
    TOP_YELLOW,
    TOP_RED,
    TOP_CYAN,
    /* The same as background. */
    TOP_ON_GREEN,
    TOP_ON_YELLOW,
    TOP_ON_RED,
    TOP_ON_CYAN,
    TOP_ON_GRAY,
    TOP_STYLE_COUNT
};

struct top_cell {
    wchar_t character; /* L'\0': the right half of the one before */
    uint8_t style;
};

struct top_canvas {
    unsigned rows, columns;
    struct top_cell *cells;
};

/* All spaces. Without memory the program ends. */
void top_canvas_init(struct top_canvas *canvas, unsigned rows, unsigned columns);
void top_canvas_done(struct top_canvas *canvas);
const struct top_cell *top_canvas_row(const struct top_canvas *canvas, unsigned row);

/* Puts text, of the locale's encoding, into width columns from column on; what does not fit is cut,
 * with '+' as the last character. What is not printable, or no character, becomes '?'. Outside of
 * the canvas nothing happens. Returns the columns that were used. */
unsigned top_canvas_put(struct top_canvas *canvas, unsigned row, unsigned column, unsigned width,
                        enum top_style style, const char *text);
/* The same, aligned to the right. */
void top_canvas_put_right(struct top_canvas *canvas, unsigned row, unsigned column, unsigned width,
                          enum top_style style, const char *text);
/* Columns that text takes. */
unsigned top_canvas_width(const char *text);
/* Gives cells another style. */
void top_canvas_paint(struct top_canvas *canvas, unsigned row, unsigned column, unsigned width,
                      enum top_style style);
/* A row as text, without the spaces at its end; ret_text has size bytes. Returns ret_text. */
const char *top_canvas_text(const struct top_canvas *canvas, unsigned row, char *ret_text,
                            size_t size);

#endif
