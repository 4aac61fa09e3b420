/* The terminal, by curses: draws canvases, reads keys, and is as it was before when tcpctl ends, in
 * whatever way. There is one. */
#ifndef TCPCTL_TOP_SCREEN_H
#define TCPCTL_TOP_SCREEN_H

#include <stdbool.h>

#include "top_canvas.h"

/* What top_screen_key() returns beside keys. */
enum { TOP_SCREEN_NONE = -1, TOP_SCREEN_RESIZED = -2, TOP_SCREEN_GONE = -3 };

/* Why the terminal cannot show a full screen: "TERM=dumb", "stdout is no terminal"; NULL: it can.
 */
const char *top_screen_obstacle(void);
/* False: curses does not know the terminal. */
bool top_screen_open(bool has_colors);
void top_screen_close(void);
void top_screen_size(unsigned *ret_rows, unsigned *ret_columns);
void top_screen_draw(const struct top_canvas *canvas, bool is_anew);
/* A character, or one of enum top_key, or one of those above; does not wait. */
int top_screen_key(void);

#endif
