#include "top_full.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tcpengine/units.h>
#include <unistd.h>

#include "cli_clock.h"
#include "top_layout.h"
#include "top_screen.h"
#include "top_worker.h"

/* The second refresh comes soon, since only then there are rates. */
#define SECOND_AFTER_US (500 * TE_MS)
enum { FOREVER_MS = 1000 };

struct session {
    struct top_view *view;
    const struct top_full *full;
    struct top_worker *worker;
    struct top_frame *frame; /* what the screen shows; never NULL */
    uint64_t refreshes;      /* that came */
    int64_t next_at_us;
    bool is_over;
};

/* --- questions -------------------------------------------------------------------------------- */

static void ask(struct session *session, bool is_same_order)
{
    const struct top_view *view = session->view;
    const struct top_question question = {.sort = view->sort,
                                          .is_reversed = view->is_reversed,
                                          .filter = view->filter,
                                          .first = view->first,
                                          .page = top_layout_page(view),
                                          .selected = view->selected,
                                          .followed_id = view->followed_id,
                                          .explained_id = view->explained_id,
                                          .is_same_order = is_same_order};
    top_worker_ask(session->worker, &question);
    bool is_early = session->refreshes == 0 && session->full->every_us > SECOND_AFTER_US;
    if (!is_same_order)
        session->next_at_us = cli_now_us() + (is_early ? SECOND_AFTER_US : session->full->every_us);
}

static void ask_if_due(struct session *session)
{
    bool is_due = cli_now_us() >= session->next_at_us && !session->view->is_paused;
    if (is_due && !top_worker_is_busy(session->worker))
        ask(session, false);
}

/* --- answers ---------------------------------------------------------------------------------- */

static bool is_last(const struct session *session)
{
    return session->full->count > 0 && session->refreshes >= session->full->count;
}

/* An answer that is none leaves what is on the screen, and says why. */
static void take(struct session *session)
{
    struct top_frame *frame = top_worker_take(session->worker);
    if (frame == NULL)
        return;
    if (frame->problem[0] != '\0') {
        memcpy(session->frame->problem, frame->problem, sizeof(frame->problem));
        top_frame_free(frame);
        return;
    }
    top_frame_free(session->frame);
    session->frame = frame;
    session->refreshes++;
    session->is_over = is_last(session);
    if (!top_worker_is_busy(session->worker)) /* else a key has come since the question */
        top_view_take(session->view, frame);
}

/* --- keys ------------------------------------------------------------------------------------- */

static unsigned on_key(struct session *session, int key)
{
    if (key == TOP_SCREEN_GONE)
        return TOP_QUIT;
    if (key != TOP_SCREEN_RESIZED)
        return top_view_key(session->view, session->frame, key);
    unsigned rows, columns;
    top_screen_size(&rows, &columns);
    top_view_resize(session->view, rows, columns);
    return TOP_DRAW | TOP_ASK_ROWS | TOP_REDRAW;
}

/* All keys that have come. Returns what they ask for, together. */
static unsigned read_keys(struct session *session)
{
    unsigned effects = 0;
    int key;
    while ((effects & TOP_QUIT) == 0 && (key = top_screen_key()) != TOP_SCREEN_NONE)
        effects |= on_key(session, key);
    if (effects & TOP_QUIT)
        session->is_over = true;
    else if (effects & (TOP_ASK | TOP_ASK_ROWS))
        ask(session, (effects & TOP_ASK) == 0);
    return effects;
}

/* ---------------------------------------------------------------------------------------------- */

static void draw(struct session *session, bool is_anew)
{
    struct top_canvas canvas;
    top_canvas_init(&canvas, session->view->rows, session->view->columns);
    top_layout(&canvas, session->frame, session->view);
    top_screen_draw(&canvas, is_anew);
    top_canvas_done(&canvas);
}

/* Until a key, an answer, or the next refresh. SIGWINCH ends it as well. */
static void wait(struct session *session)
{
    struct pollfd inputs[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                              {.fd = top_worker_descriptor(session->worker), .events = POLLIN}};
    int64_t left_ms = (session->next_at_us - cli_now_us()) / TE_MS + 1;
    bool is_idle = session->view->is_paused || top_worker_is_busy(session->worker);
    if (is_idle || left_ms > FOREVER_MS)
        left_ms = FOREVER_MS;
    poll(inputs, 2, left_ms > 0 ? (int)left_ms : 0);
}

static void run(struct session *session)
{
    unsigned effects = 0;
    top_screen_size(&session->view->rows, &session->view->columns);
    ask(session, false);
    while (!session->is_over) {
        wait(session);
        take(session);
        effects = read_keys(session);
        ask_if_due(session);
        if (session->refreshes > 0 || session->frame->problem[0] != '\0')
            draw(session, (effects & TOP_REDRAW) != 0);
    }
}

int top_full_run(struct top_fetch *fetch, struct top_view *view, const struct top_full *full)
{
    struct session session = {.view = view,
                              .full = full,
                              .worker = top_worker_new(fetch),
                              .frame = calloc(1, sizeof(*session.frame))};
    if (session.worker == NULL || session.frame == NULL)
        cli_no_memory();
    run(&session);
    top_screen_close();
    top_frame_free(session.frame);
    if (!top_worker_free(session.worker))
        _exit(EXIT_DONE); /* it waits for a daemon that may never answer */
    top_fetch_done(fetch);
    return EXIT_DONE;
}
