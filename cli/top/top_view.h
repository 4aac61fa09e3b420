/* What the person in front of tcpctl top has chosen, and what each key makes of it. Pure: no
 * terminal, no daemon. */
#ifndef TCPCTL_TOP_VIEW_H
#define TCPCTL_TOP_VIEW_H

#include "filter.h"
#include "top_frame.h"

/* Keys that are no characters. */
enum top_key {
    TOP_KEY_UP = 0x110000, /* after the last character of Unicode */
    TOP_KEY_DOWN,
    TOP_KEY_PAGE_UP,
    TOP_KEY_PAGE_DOWN,
    TOP_KEY_HOME,
    TOP_KEY_END,
    TOP_KEY_LEFT,
    TOP_KEY_RIGHT,
    TOP_KEY_ENTER,
    TOP_KEY_ESCAPE,
    TOP_KEY_BACKSPACE,
    TOP_KEY_CLEAR, /* the line: Control-U */
    TOP_KEY_REDRAW /* Control-L */
};

enum top_mode { TOP_LIST, TOP_PROMPT, TOP_EXPLAIN, TOP_HELP };

/* What has to be done after a key: bits. */
enum top_effect {
    TOP_DRAW = 1,     /* always */
    TOP_ASK_ROWS = 2, /* other rows of the same order */
    TOP_ASK = 4,      /* the daemon, now */
    TOP_QUIT = 8,
    TOP_REDRAW = 16 /* the whole screen */
};

enum { TOP_EXPR_MAX = 256 };

struct top_view {
    enum top_mode mode;
    unsigned rows, columns; /* of the screen */
    enum top_column sort;
    bool is_reversed, is_paused;
    bool is_shown[TOP_COLUMN_COUNT]; /* columns, as the last layout had them */
    struct filter filter;
    char expr[TOP_EXPR_MAX]; /* what filter was parsed from */
    char typed[TOP_EXPR_MAX];
    bool is_pending;                /* what is typed is not in force (yet) */
    char message[FILTER_ERROR_MAX]; /* until the next key */
    uint64_t first;                 /* place of the first row on the screen */
    uint64_t selected;              /* place of the cursor */
    uint64_t followed_id;           /* the cursor stays on it; 0: it stays at its place */
    uint64_t explained_id;
    size_t text_first; /* first line of explanation or help on the screen */
};

void top_view_init(struct top_view *view);
/* frame is what the screen shows. Returns bits of enum top_effect. */
unsigned top_view_key(struct top_view *view, const struct top_frame *frame, int key);
/* The frame has come: scrolls to where it was made for. */
void top_view_take(struct top_view *view, const struct top_frame *frame);
/* The terminal has another size. */
void top_view_resize(struct top_view *view, unsigned rows, unsigned columns);

#endif
