#include "top_view.h"

#include <stdio.h>
#include <string.h>

#include "top_layout.h"

void top_view_init(struct top_view *view)
{
    char why[FILTER_ERROR_MAX];
    *view = (struct top_view){.sort = TOP_RATE, .rows = 24, .columns = 80};
    filter_parse("", &view->filter, why);
}

/* --- the cursor ------------------------------------------------------------------------------- */

static const struct top_row *row_at(const struct top_frame *frame, uint64_t place)
{
    if (place < frame->first || place - frame->first >= frame->count)
        return NULL;
    return &frame->rows[place - frame->first];
}

/* Scrolls as little as possible so that the cursor is on the screen. */
static void scroll_to_cursor(struct top_view *view)
{
    uint64_t page = top_layout_page(view);
    if (view->selected < view->first)
        view->first = view->selected;
    else if (view->selected >= view->first + page)
        view->first = view->selected - page + 1;
}

static unsigned move_to(struct top_view *view, const struct top_frame *frame, uint64_t place)
{
    uint64_t before = view->first;
    uint64_t last = frame->reachable > 0 ? frame->reachable - 1 : 0;
    view->selected = place < last ? place : last;
    scroll_to_cursor(view);
    const struct top_row *row = row_at(frame, view->selected);
    view->followed_id = row != NULL && view->selected > 0 ? row->id : 0;
    return view->first == before ? TOP_DRAW : TOP_DRAW | TOP_ASK_ROWS;
}

/* With PgUp and PgDn what was at the bottom comes to the top, as far as there are rows. */
static unsigned move_page(struct top_view *view, const struct top_frame *frame, bool is_down)
{
    uint64_t page = top_layout_page(view), before = view->first;
    if (is_down && view->first + page < frame->reachable)
        view->first += page;
    else if (!is_down)
        view->first = view->first > page ? view->first - page : 0;
    uint64_t place =
        is_down ? view->selected + page : (view->selected > page ? view->selected - page : 0);
    unsigned effect = move_to(view, frame, place);
    return view->first == before ? effect : effect | TOP_ASK_ROWS;
}

static unsigned move(struct top_view *view, const struct top_frame *frame, int key)
{
    switch (key) {
    case TOP_KEY_UP:
    case 'k':
        return move_to(view, frame, view->selected > 0 ? view->selected - 1 : 0);
    case TOP_KEY_DOWN:
    case 'j':
        return move_to(view, frame, view->selected + 1);
    case TOP_KEY_PAGE_UP:
        return move_page(view, frame, false);
    case TOP_KEY_PAGE_DOWN:
        return move_page(view, frame, true);
    case TOP_KEY_HOME:
    case 'g':
        return move_to(view, frame, 0);
    case TOP_KEY_END:
    case 'G':
        return move_to(view, frame, UINT64_MAX);
    default:
        return 0;
    }
}

/* Another order or filter: the place of the cursor means nothing any more. */
static unsigned start_anew(struct top_view *view)
{
    view->first = view->selected = view->followed_id = 0;
    return TOP_DRAW | TOP_ASK;
}

/* --- the list --------------------------------------------------------------------------------- */

static unsigned sort_by(struct top_view *view, enum top_column column)
{
    if (column == view->sort)
        return TOP_DRAW;
    view->sort = column;
    view->is_reversed = false;
    return start_anew(view);
}

static unsigned open_selected(struct top_view *view, const struct top_frame *frame)
{
    const struct top_row *row = row_at(frame, view->selected);
    if (row == NULL)
        return TOP_DRAW;
    view->mode = TOP_EXPLAIN;
    view->explained_id = row->id;
    view->followed_id = row->id;
    view->text_first = 0;
    return TOP_DRAW | TOP_ASK;
}

static unsigned open_mode(struct top_view *view, enum top_mode mode)
{
    view->mode = mode;
    view->text_first = 0;
    return TOP_DRAW;
}

static unsigned pause_or_go_on(struct top_view *view)
{
    view->is_paused = !view->is_paused;
    return view->is_paused ? TOP_DRAW : TOP_DRAW | TOP_ASK;
}

static unsigned list_key(struct top_view *view, const struct top_frame *frame, int key)
{
    enum top_column column = top_column_by_letter(key);
    if (column != TOP_COLUMN_COUNT)
        return sort_by(view, column);
    switch (key) {
    case 'q':
        return TOP_QUIT;
    case 'h':
    case '?':
        return open_mode(view, TOP_HELP);
    case '/':
    case 'f':
        memcpy(view->typed, view->expr, sizeof(view->typed));
        view->is_pending = false;
        return open_mode(view, TOP_PROMPT);
    case TOP_KEY_ENTER:
        return open_selected(view, frame);
    case TOP_KEY_ESCAPE:
        view->followed_id = 0;
        return TOP_DRAW;
    case 'r':
        view->is_reversed = !view->is_reversed;
        return start_anew(view);
    case '<':
    case TOP_KEY_LEFT:
        return sort_by(view, top_column_step(view->sort, false, view->is_shown));
    case '>':
    case TOP_KEY_RIGHT:
        return sort_by(view, top_column_step(view->sort, true, view->is_shown));
    case ' ':
        return pause_or_go_on(view);
    default:
        return TOP_DRAW | move(view, frame, key);
    }
}

/* --- texts ------------------------------------------------------------------------------------ */

static unsigned text_key(struct top_view *view, int key)
{
    size_t page = view->rows > 2 ? view->rows - 2 : 1;
    switch (key) {
    case TOP_KEY_UP:
    case 'k':
        view->text_first -= view->text_first > 0;
        break;
    case TOP_KEY_DOWN:
    case 'j':
        view->text_first++; /* the layout stops it at the end */
        break;
    case TOP_KEY_PAGE_UP:
        view->text_first -= view->text_first > page ? page : view->text_first;
        break;
    case TOP_KEY_PAGE_DOWN:
    case ' ':
        view->text_first += page;
        break;
    case TOP_KEY_HOME:
    case 'g':
        view->text_first = 0;
        break;
    case TOP_KEY_END:
    case 'G':
        view->text_first = SIZE_MAX / 2;
        break;
    case 'q':
    case 'h':
    case '?':
    case TOP_KEY_ESCAPE:
    case TOP_KEY_ENTER:
    case TOP_KEY_LEFT:
        view->explained_id = 0;
        return open_mode(view, TOP_LIST) | TOP_ASK;
    default:
        break;
    }
    return TOP_DRAW;
}

/* --- the prompt ------------------------------------------------------------------------------- */

static void restore_filter(struct top_view *view)
{
    char why[FILTER_ERROR_MAX];
    filter_parse(view->expr, &view->filter, why);
}

/* What can be understood already is in force while it is typed; names, which have to be looked up,
 * only with Enter. */
static unsigned try_typed(struct top_view *view)
{
    char why[FILTER_ERROR_MAX];
    struct filter filter;
    view->is_pending = !filter_parse_numeric(view->typed, &filter, why);
    if (view->is_pending)
        return TOP_DRAW;
    view->filter = filter;
    return start_anew(view);
}

/* A wrong one stays in the prompt, with the reason, and the old one stays in force. */
static unsigned take_typed(struct top_view *view)
{
    struct filter filter;
    if (!filter_parse(view->typed, &filter, view->message) ||
        !filter_is_answerable(&filter, UINT32_MAX, view->message)) {
        restore_filter(view);
        view->is_pending = true;
        return TOP_DRAW | TOP_ASK;
    }
    view->message[0] = '\0';
    view->filter = filter;
    memcpy(view->expr, view->typed, sizeof(view->expr));
    view->mode = TOP_LIST;
    return start_anew(view);
}

static unsigned leave_prompt(struct top_view *view)
{
    restore_filter(view);
    view->mode = TOP_LIST;
    return start_anew(view);
}

static void add_character(struct top_view *view, int key)
{
    size_t len = strlen(view->typed);
    if (key >= ' ' && key < 0x7f && len + 1 < sizeof(view->typed)) {
        view->typed[len] = (char)key;
        view->typed[len + 1] = '\0';
    }
}

static unsigned prompt_key(struct top_view *view, int key)
{
    size_t len = strlen(view->typed);
    switch (key) {
    case TOP_KEY_ENTER:
        return take_typed(view);
    case TOP_KEY_ESCAPE:
        return leave_prompt(view);
    case TOP_KEY_BACKSPACE:
        if (len == 0)
            return leave_prompt(view);
        view->typed[len - 1] = '\0';
        break;
    case TOP_KEY_CLEAR:
        view->typed[0] = '\0';
        break;
    default:
        add_character(view, key);
    }
    return try_typed(view);
}

/* ---------------------------------------------------------------------------------------------- */

unsigned top_view_key(struct top_view *view, const struct top_frame *frame, int key)
{
    view->message[0] = '\0';
    if (key == TOP_KEY_REDRAW)
        return TOP_DRAW | TOP_REDRAW;
    switch (view->mode) {
    case TOP_PROMPT:
        return prompt_key(view, key);
    case TOP_EXPLAIN:
    case TOP_HELP:
        return text_key(view, key);
    default:
        return list_key(view, frame, key);
    }
}

void top_view_take(struct top_view *view, const struct top_frame *frame)
{
    view->first = frame->first;
    view->selected = frame->selected;
}

void top_view_resize(struct top_view *view, unsigned rows, unsigned columns)
{
    view->rows = rows;
    view->columns = columns;
    scroll_to_cursor(view);
}
