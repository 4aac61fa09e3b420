#include "top_layout.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <tcpengine/units.h>
#include <time.h>

#include "format.h"
#include "top_text.h"

/* A screen of fewer lines has a shorter head, and one of even fewer none at all. */
enum { HEAD_FULL_ROWS = 16, HEAD_SHORT_ROWS = 7, LINE_MAX_BYTES = 512, LEGEND_GAP = 2 };

/* --- states ----------------------------------------------------------------------------------- */

/* In the bar each state has a letter, so that colors are no more than a help. */
struct state_look {
    char letter;
    enum top_style text, bar;
};

static const struct state_look looks[TCPC_STATE_COUNT] = {
    [TCPC_CLOSED] = {'C', TOP_DIM, TOP_ON_GRAY},
    [TCPC_LISTEN] = {'L', TOP_CYAN, TOP_ON_CYAN},
    [TCPC_SYN_SENT] = {'S', TOP_YELLOW, TOP_ON_YELLOW},
    [TCPC_SYN_RCVD] = {'R', TOP_YELLOW, TOP_ON_YELLOW},
    [TCPC_ESTABLISHED] = {'E', TOP_GREEN, TOP_ON_GREEN},
    [TCPC_FIN_WAIT_1] = {'1', TOP_CYAN, TOP_ON_CYAN},
    [TCPC_FIN_WAIT_2] = {'2', TOP_CYAN, TOP_ON_CYAN},
    [TCPC_CLOSE_WAIT] = {'W', TOP_RED, TOP_ON_RED},
    [TCPC_CLOSING] = {'G', TOP_CYAN, TOP_ON_CYAN},
    [TCPC_LAST_ACK] = {'A', TOP_CYAN, TOP_ON_CYAN},
    [TCPC_TIME_WAIT] = {'T', TOP_DIM, TOP_ON_GRAY},
};

static const enum tcpc_state bar_order[TCPC_STATE_COUNT] = {
    TCPC_LISTEN,     TCPC_SYN_SENT,   TCPC_SYN_RCVD,   TCPC_ESTABLISHED,
    TCPC_CLOSE_WAIT, TCPC_FIN_WAIT_1, TCPC_FIN_WAIT_2, TCPC_CLOSING,
    TCPC_LAST_ACK,   TCPC_TIME_WAIT,  TCPC_CLOSED,
};

static uint64_t sum_states(const struct top_frame *frame)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < TCPC_STATE_COUNT; i++)
        sum += frame->states[i];
    return sum;
}

/* A state that there is has one column at least, and the largest gives or takes what the rounding
 * leaves. */
static void share_bar(const struct top_frame *frame, unsigned width, unsigned *ret_shares)
{
    uint64_t sum = sum_states(frame);
    unsigned used = 0, largest = 0;
    for (unsigned i = 0; i < TCPC_STATE_COUNT; i++) {
        uint64_t count = frame->states[bar_order[i]];
        ret_shares[i] = count == 0 ? 0 : (unsigned)((double)count / (double)sum * width);
        if (count > 0 && ret_shares[i] == 0)
            ret_shares[i] = 1;
        used += ret_shares[i];
        if (ret_shares[i] > ret_shares[largest])
            largest = i;
    }
    if (ret_shares[largest] > 0)
        ret_shares[largest] =
            ret_shares[largest] + width > used ? ret_shares[largest] + width - used : 1;
}

static void draw_bar(struct top_canvas *canvas, unsigned row, const struct top_frame *frame)
{
    unsigned shares[TCPC_STATE_COUNT], column = 1;
    if (canvas->columns < TCPC_STATE_COUNT + 2)
        return;
    share_bar(frame, canvas->columns - 2, shares);
    top_canvas_put(canvas, row, 0, 1, TOP_BOLD, "[");
    for (unsigned i = 0; i < TCPC_STATE_COUNT; i++) {
        const struct state_look *look = &looks[bar_order[i]];
        const char letter[] = {look->letter, '\0'};
        for (unsigned k = 0; k < shares[i] && column + 1 < canvas->columns; k++)
            top_canvas_put(canvas, row, column++, 1, look->bar, letter);
    }
    top_canvas_put(canvas, row, canvas->columns - 1, 1, TOP_BOLD, "]");
}

/* "E ESTABLISHED 9,812  W CLOSE_WAIT 5": those that there are, in up to rows lines. */
static void draw_legend(struct top_canvas *canvas, unsigned row, unsigned rows,
                        const struct top_frame *frame)
{
    unsigned column = 0, last = row + rows;
    for (unsigned i = 0; i < TCPC_STATE_COUNT; i++) {
        enum tcpc_state state = bar_order[i];
        char text[LINE_MAX_BYTES], count[TOP_TEXT_MAX];
        if (frame->states[state] == 0)
            continue;
        snprintf(text, sizeof(text), "%c %s %s", looks[state].letter, tcpc_state_name(state),
                 top_text_count(frame->states[state], count));
        unsigned width = (unsigned)strlen(text);
        if (column > 0 && column + width > canvas->columns) {
            column = 0;
            row++;
        }
        if (row == last)
            return;
        top_canvas_put(canvas, row, column, width, looks[state].text, text);
        column += width + LEGEND_GAP;
    }
}

/* --- the head --------------------------------------------------------------------------------- */

static bool has_full_head(const struct top_view *view)
{
    return view->rows >= HEAD_FULL_ROWS;
}

static unsigned legend_rows(const struct top_view *view)
{
    return view->columns < 120 ? 2 : 1;
}

static unsigned head_rows(const struct top_view *view)
{
    if (view->rows < HEAD_SHORT_ROWS)
        return 0;
    return has_full_head(view) ? 4 + legend_rows(view) : 3;
}

unsigned top_layout_page(const struct top_view *view)
{
    unsigned others = head_rows(view) + 2; /* the titles, and the last line */
    return view->rows > others ? view->rows - others : 1;
}

static const char *format_clock(int64_t wall_us, char *ret_text, size_t size)
{
    struct tm time;
    time_t seconds = (time_t)(wall_us / TE_SECOND);
    localtime_r(&seconds, &time);
    strftime(ret_text, size, "%H:%M:%S", &time);
    return ret_text;
}

static uint64_t count_connections(const struct top_frame *frame)
{
    return sum_states(frame) - frame->states[TCPC_LISTEN] - frame->states[TCPC_TIME_WAIT];
}

static void draw_summary(struct top_canvas *canvas, const struct top_frame *frame,
                         const struct top_view *view)
{
    char text[LINE_MAX_BYTES], clock[TOP_TEXT_MAX], up[FORMAT_MAX], count[TOP_TEXT_MAX];
    snprintf(text, sizeof(text), "tcpctl top - %s  up %s  connections %s  sessions %" PRIu64,
             format_clock(frame->wall_us, clock, sizeof(clock)),
             format_duration(frame->uptime_us, up), top_text_count(count_connections(frame), count),
             frame->sessions);
    top_canvas_put(canvas, 0, 0, canvas->columns, TOP_BOLD, text);
    if (view->is_paused && canvas->columns > 8)
        top_canvas_put_right(canvas, 0, canvas->columns - 8, 8, TOP_REVERSE_BOLD, " PAUSED ");
}

/* "0.03 %" of all segments that were sent. */
static void format_share(const struct top_rates *rates, char *ret_text, size_t size)
{
    uint64_t all = rates->segments_out + rates->retransmissions;
    double percent = all == 0 ? 0 : 100.0 * (double)rates->retransmissions / (double)all;
    snprintf(ret_text, size, "%.2f %%", percent);
}

static void draw_traffic(struct top_canvas *canvas, unsigned row, const struct top_frame *frame)
{
    const struct top_rates *rates = &frame->rates;
    char text[LINE_MAX_BYTES], in[TOP_TEXT_MAX], out[TOP_TEXT_MAX], segments_in[TOP_TEXT_MAX],
        segments_out[TOP_TEXT_MAX];
    if (!frame->has_rates) {
        top_canvas_put(canvas, row, 0, canvas->columns, TOP_NORMAL, "Rates: with the next refresh");
        return;
    }
    snprintf(text, sizeof(text), "Bytes/s in %s out %s  Segments/s in %s out %s",
             top_text_bytes(rates->bytes_in, in), top_text_bytes(rates->bytes_out, out),
             top_text_count(rates->segments_in, segments_in),
             top_text_count(rates->segments_out, segments_out));
    top_canvas_put(canvas, row, 0, canvas->columns, TOP_NORMAL, text);
}

static void draw_events(struct top_canvas *canvas, unsigned row, const struct top_frame *frame)
{
    const struct top_rates *rates = &frame->rates;
    char text[LINE_MAX_BYTES], used[FORMAT_MAX], max[FORMAT_MAX], share[TOP_TEXT_MAX];
    format_share(rates, share, sizeof(share));
    snprintf(text, sizeof(text),
             "Opens/s %" PRIu64 "  Closes/s %" PRIu64 "  Retransmits/s %" PRIu64
             " (%s)  Memory %s of %s",
             rates->opens, rates->closes, rates->retransmissions, share,
             format_bytes(frame->memory_used_bytes, used),
             format_bytes(frame->memory_max_bytes, max));
    top_canvas_put(canvas, row, 0, canvas->columns,
                   rates->retransmissions > 0 ? TOP_YELLOW : TOP_NORMAL, text);
}

static void draw_head(struct top_canvas *canvas, const struct top_frame *frame,
                      const struct top_view *view)
{
    unsigned row = 0;
    if (head_rows(view) == 0)
        return;
    draw_summary(canvas, frame, view);
    draw_traffic(canvas, ++row, frame);
    if (has_full_head(view))
        draw_events(canvas, ++row, frame);
    draw_bar(canvas, ++row, frame);
    if (has_full_head(view))
        draw_legend(canvas, ++row, legend_rows(view), frame);
}

/* --- columns ---------------------------------------------------------------------------------- */

struct plan {
    unsigned widths[TOP_COLUMN_COUNT]; /* 0: not shown */
};

/* Numbers of an earlier run's successor are long: all of them are shown, or none. */
static unsigned width_of_ids(const struct top_frame *frame)
{
    unsigned widest = top_column_info(TOP_ID)->width;
    for (size_t i = 0; i < frame->count; i++) {
        char text[TOP_TEXT_MAX];
        unsigned width = (unsigned)snprintf(text, sizeof(text), "%" PRIu64, frame->rows[i].id);
        if (width > widest)
            widest = width;
    }
    return widest;
}

static enum top_column next_important(unsigned importance)
{
    for (int i = 0; i < TOP_COLUMN_COUNT; i++)
        if (top_column_info((enum top_column)i)->importance == importance)
            return (enum top_column)i;
    return TOP_COLUMN_COUNT;
}

/* Addresses and programs get what is left. */
static void widen(struct plan *plan, unsigned left)
{
    static const enum top_column wide[] = {TOP_PROGRAM, TOP_PEER, TOP_LOCAL};
    for (unsigned round = 0; left > 0 && round < 64; round++) {
        for (unsigned i = 0; i < 3; i++) {
            if (left == 0 || plan->widths[wide[i]] == 0 ||
                plan->widths[wide[i]] >= top_column_info(wide[i])->widest)
                continue;
            plan->widths[wide[i]]++;
            left--;
        }
    }
}

/* The most important ones first, as long as they fit; the column of the order always. */
static struct plan plan_columns(const struct top_frame *frame, struct top_view *view)
{
    struct plan plan = {{0}};
    unsigned left = view->columns + 1;
    unsigned sort_width = top_column_info(view->sort)->width + 1;
    for (unsigned i = 0; i < TOP_COLUMN_COUNT; i++) {
        enum top_column column = next_important(i);
        unsigned width = column == TOP_ID ? width_of_ids(frame) : top_column_info(column)->width;
        unsigned kept = plan.widths[view->sort] == 0 && column != view->sort ? sort_width : 0;
        if (width + 1 + kept > left)
            continue;
        plan.widths[column] = width;
        left -= width + 1;
    }
    widen(&plan, left);
    for (unsigned i = 0; i < TOP_COLUMN_COUNT; i++)
        view->is_shown[i] = plan.widths[i] > 0;
    return plan;
}

struct place {
    unsigned row, at, width;
};

static void put(struct top_canvas *canvas, struct place place, enum top_column column,
                enum top_style style, const char *text)
{
    if (top_column_info(column)->is_right)
        top_canvas_put_right(canvas, place.row, place.at, place.width, style, text);
    else
        top_canvas_put(canvas, place.row, place.at, place.width, style, text);
}

static void draw_titles(struct top_canvas *canvas, unsigned row, const struct plan *plan,
                        const struct top_view *view)
{
    unsigned at = 0;
    top_canvas_paint(canvas, row, 0, canvas->columns, TOP_REVERSE);
    for (unsigned i = 0; i < TOP_COLUMN_COUNT; i++) {
        enum top_column column = (enum top_column)i;
        char title[TOP_NAME_MAX];
        if (plan->widths[i] == 0)
            continue;
        const char *mark = column != view->sort ? "" : (view->is_reversed ? "^" : "*");
        snprintf(title, sizeof(title), "%.*s%s", (int)(plan->widths[i] - strlen(mark)),
                 top_column_info(column)->title, mark);
        put(canvas, (struct place){row, at, plan->widths[i]}, column,
            column == view->sort ? TOP_REVERSE_BOLD : TOP_REVERSE, title);
        at += plan->widths[i] + 1;
    }
}

/* --- rows ------------------------------------------------------------------------------------- */

static const char *format_rate(int64_t rate, char *ret_text)
{
    if (rate >= 0)
        return top_text_bytes((uint64_t)rate, ret_text);
    snprintf(ret_text, TOP_TEXT_MAX, "-");
    return ret_text;
}

static int64_t rate_of(const struct top_row *row)
{
    return row->rate_in < 0 || row->rate_out < 0 ? -1 : row->rate_in + row->rate_out;
}

static const char *format_id(uint64_t id, char *ret_text)
{
    snprintf(ret_text, TOP_TEXT_MAX, "%" PRIu64, id);
    return ret_text;
}

static const char *format_cell(const struct top_row *row, enum top_column column, char *ret_text)
{
    switch (column) {
    case TOP_ID:
        return format_id(row->id, ret_text);
    case TOP_STATE:
        return tcpc_state_name(row->state);
    case TOP_LOCAL:
        return row->local;
    case TOP_PEER:
        return row->peer;
    case TOP_RATE:
        return format_rate(rate_of(row), ret_text);
    case TOP_RATE_IN:
        return format_rate(row->rate_in, ret_text);
    case TOP_RATE_OUT:
        return format_rate(row->rate_out, ret_text);
    case TOP_RTT:
        return top_text_duration(row->srtt_us, ret_text);
    case TOP_CWND:
        return top_text_bytes(row->cwnd_bytes, ret_text);
    case TOP_RECEIVE_QUEUE:
        return top_text_bytes(row->receive_queue_bytes, ret_text);
    case TOP_SEND_QUEUE:
        return top_text_bytes(row->send_queue_bytes, ret_text);
    case TOP_RETRANSMITS:
        return top_text_bytes(row->retransmits, ret_text);
    default:
        return row->program[0] != '\0' ? row->program : "-";
    }
}

static enum top_style cell_style(const struct top_row *row, enum top_column column)
{
    if (column == TOP_STATE)
        return looks[row->state].text;
    if (column == TOP_RETRANSMITS && row->retransmits > 0)
        return TOP_YELLOW;
    return TOP_NORMAL;
}

static void draw_row(struct top_canvas *canvas, unsigned at_row, const struct plan *plan,
                     const struct top_row *row)
{
    unsigned at = 0;
    for (unsigned i = 0; i < TOP_COLUMN_COUNT; i++) {
        char text[TOP_TEXT_MAX];
        enum top_column column = (enum top_column)i;
        if (plan->widths[i] == 0)
            continue;
        put(canvas, (struct place){at_row, at, plan->widths[i]}, column, cell_style(row, column),
            format_cell(row, column, text));
        at += plan->widths[i] + 1;
    }
}

static void draw_rows(struct top_canvas *canvas, unsigned row, const struct top_frame *frame,
                      struct top_view *view)
{
    struct plan plan = plan_columns(frame, view);
    unsigned page = top_layout_page(view);
    draw_titles(canvas, row, &plan, view);
    for (unsigned i = 0; i < page; i++) {
        uint64_t place = view->first + i;
        if (place < frame->first || place - frame->first >= frame->count)
            continue;
        draw_row(canvas, row + 1 + i, &plan, &frame->rows[place - frame->first]);
        if (place == view->selected)
            top_canvas_paint(canvas, row + 1 + i, 0, canvas->columns, TOP_REVERSE);
    }
    const char *expr = view->mode == TOP_PROMPT ? view->typed : view->expr;
    if (frame->count == 0 && frame->problem[0] == '\0')
        top_canvas_put(canvas, row + 1, 0, canvas->columns, TOP_DIM,
                       expr[0] ? "No connection matches the filter." : "No connections.");
}

/* --- the last line ---------------------------------------------------------------------------- */

/* How many bytes of text go into a line of width columns: up to a space, if there is one. */
static size_t fold(const char *text, size_t len, unsigned width)
{
    if (len <= width)
        return len;
    for (size_t at = width; at > width / 3; at--)
        if (text[at] == ' ')
            return at;
    return width;
}

/* The same, and the spaces behind it. */
static size_t fold_skip(const char *text, unsigned width)
{
    size_t len = fold(text, strlen(text), width);
    return len + strspn(text + len, " ");
}

/* Above the prompt, in as many lines as it takes. */
static void draw_message(struct top_canvas *canvas, unsigned prompt_row, const char *message)
{
    unsigned lines = 0;
    for (const char *text = message; *text != '\0'; lines++)
        text += fold_skip(text, canvas->columns);
    for (unsigned row = prompt_row > lines ? prompt_row - lines : 0; row < prompt_row; row++) {
        char line[LINE_MAX_BYTES];
        size_t len = fold(message, strlen(message), canvas->columns);
        snprintf(line, sizeof(line), "%-*.*s", (int)canvas->columns, (int)len, message);
        top_canvas_put(canvas, row, 0, canvas->columns, TOP_RED, line);
        message += fold_skip(message, canvas->columns);
    }
}

/* Of what does not fit the line, the end is shown, where it is typed. */
static void draw_prompt(struct top_canvas *canvas, unsigned row, const struct top_view *view)
{
    static const char name[] = "Filter: ", pending[] = "(not in force yet)";
    char text[LINE_MAX_BYTES];
    size_t len = strlen(view->typed);
    size_t room = canvas->columns > sizeof(name) ? canvas->columns - sizeof(name) : 0;
    snprintf(text, sizeof(text), "%s%s", name, view->typed + (len > room ? len - room : 0));
    unsigned used = top_canvas_put(canvas, row, 0, canvas->columns, TOP_BOLD, text);
    top_canvas_put(canvas, row, used, 1, TOP_REVERSE, " ");
    if (view->is_pending && view->message[0] == '\0' && used + sizeof(pending) < canvas->columns)
        top_canvas_put(canvas, row, used + 2, (unsigned)sizeof(pending), TOP_DIM, pending);
    draw_message(canvas, row, view->message);
}

/* "1-15 of 9,812 by rate, filter: state established". */
static void draw_place(struct top_canvas *canvas, unsigned row, const struct top_frame *frame,
                       const struct top_view *view)
{
    static const char keys[] = " Enter explain  / filter  <> sort  h help  q quit";
    char text[LINE_MAX_BYTES], matched[TOP_TEXT_MAX];
    uint64_t last = frame->first + frame->count;
    snprintf(text, sizeof(text), "%" PRIu64 "-%" PRIu64 " of %s%s%s",
             frame->count > 0 ? frame->first + 1 : 0, last, top_text_count(frame->matched, matched),
             view->expr[0] ? ": " : "", view->expr);
    unsigned width = (unsigned)sizeof(keys) - 1;
    bool has_room = canvas->columns > 2 * width / 3 + width / 2;
    if (has_room)
        top_canvas_put(canvas, row, canvas->columns - width, width, TOP_DIM, keys);
    top_canvas_put(canvas, row, 0, canvas->columns - (has_room ? width : 0), TOP_BOLD, text);
}

static void draw_last_line(struct top_canvas *canvas, const struct top_frame *frame,
                           const struct top_view *view)
{
    unsigned row = canvas->rows - 1;
    if (view->mode == TOP_PROMPT)
        draw_prompt(canvas, row, view);
    else if (frame->problem[0] != '\0')
        top_canvas_put(canvas, row, 0, canvas->columns, TOP_RED, frame->problem);
    else
        draw_place(canvas, row, frame, view);
}

/* --- texts ------------------------------------------------------------------------------------ */

static const char help[] = "Up, Down, PgUp, PgDn, Home, End   move; j, k, g, G as well\n"
                           "Enter      explain the connection in words; q or Esc comes back\n"
                           "/          filter: an expression as tcpctl ls takes it, such as\n"
                           "           state established and program = nginx; Esc keeps the old\n"
                           "           one, an empty one shows all\n"
                           "<, >       sort by the column to the left, to the right\n"
                           "I S A      sort by id, state, peer's address\n"
                           "B D U      by bytes per second: all, received, sent\n"
                           "T C        by round-trip time, congestion window\n"
                           "Q W X      by receive queue, send queue, retransmits\n"
                           "P          by program\n"
                           "r          reverse the order\n"
                           "Space      stop refreshing, and go on\n"
                           "Ctrl-L     draw the screen again\n"
                           "h, ?       this help\n"
                           "q          quit\n"
                           "\n"
                           "Rates are payload bytes per second: received in order, and\n"
                           "acknowledged by the peer. K, M and G are 2^10, 2^20, 2^30.\n"
                           "Listeners and TIME_WAIT are in the bar, and listed with the filters\n"
                           "state listening and state time-wait.\n";

/* Folds text to the screen, and draws what lies behind the first lines. Returns all lines. */
static size_t draw_folded(struct top_canvas *canvas, const char *text, size_t first)
{
    size_t line = 0;
    while (*text != '\0') {
        size_t len = strcspn(text, "\n"), indent = 0;
        do {
            char piece[LINE_MAX_BYTES];
            unsigned room = canvas->columns > indent ? canvas->columns - (unsigned)indent : 1;
            size_t taken = fold(text, len, room);
            snprintf(piece, sizeof(piece), "%.*s", (int)taken, text);
            if (line >= first && line - first + 2 < canvas->rows)
                top_canvas_put(canvas, (unsigned)(line - first) + 1, (unsigned)indent,
                               canvas->columns, TOP_NORMAL, piece);
            line++;
            taken +=
                strspn(text + taken, " ") < len - taken ? strspn(text + taken, " ") : len - taken;
            text += taken;
            len -= taken;
            indent = canvas->columns > 40 ? 11 : 1; /* under what is explained */
        } while (len > 0);
        text += *text == '\n';
    }
    return line;
}

static void draw_text(struct top_canvas *canvas, const struct top_frame *frame,
                      struct top_view *view)
{
    bool is_help = view->mode == TOP_HELP;
    char title[LINE_MAX_BYTES];
    bool is_there =
        !is_help && frame->explanation != NULL && frame->explained_id == view->explained_id;
    const char *text = is_help ? help : (is_there ? frame->explanation : "...\n");
    size_t room = canvas->rows > 2 ? canvas->rows - 2 : 1;
    size_t lines = draw_folded(canvas, text, SIZE_MAX);
    if (view->text_first + room > lines)
        view->text_first = lines > room ? lines - room : 0;
    draw_folded(canvas, text, view->text_first);
    if (is_help)
        snprintf(title, sizeof(title), "Keys of tcpctl top");
    else
        snprintf(title, sizeof(title), "tcpctl explain %" PRIu64, view->explained_id);
    top_canvas_paint(canvas, 0, 0, canvas->columns, TOP_REVERSE);
    top_canvas_put(canvas, 0, 0, canvas->columns, TOP_REVERSE_BOLD, title);
    const char *keys =
        lines > room ? "q or Esc: back   Up, Down, PgUp, PgDn: scroll" : "q or Esc: back";
    bool has_problem = frame->problem[0] != '\0';
    top_canvas_put(canvas, canvas->rows - 1, 0, canvas->columns, has_problem ? TOP_RED : TOP_DIM,
                   has_problem ? frame->problem : keys);
}

/* ---------------------------------------------------------------------------------------------- */

void top_layout(struct top_canvas *canvas, const struct top_frame *frame, struct top_view *view)
{
    if (canvas->rows == 0 || canvas->columns == 0)
        return;
    if (view->mode == TOP_EXPLAIN || view->mode == TOP_HELP) {
        draw_text(canvas, frame, view);
        return;
    }
    draw_head(canvas, frame, view);
    draw_rows(canvas, head_rows(view), frame, view);
    draw_last_line(canvas, frame, view);
}
