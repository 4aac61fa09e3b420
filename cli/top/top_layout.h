/* From what was found and what was chosen to a screen. Pure. */
#ifndef TCPCTL_TOP_LAYOUT_H
#define TCPCTL_TOP_LAYOUT_H

#include "top_canvas.h"
#include "top_view.h"

/* Rows of connections on a screen of view's size; at least 1. */
unsigned top_layout_page(const struct top_view *view);
/* Fills a canvas of view's size. Sets view->is_shown, and view->text_first where a text ends. */
void top_layout(struct top_canvas *canvas, const struct top_frame *frame, struct top_view *view);

#endif
