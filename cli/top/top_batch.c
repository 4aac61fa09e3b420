#include "top_batch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tcpengine/units.h>
#include <time.h>

#include "json.h"
#include "terminal.h"
#include "top_layout.h"

/* Columns where there is no terminal: all of them fit. */
enum { WIDTH = 132, LINE_BYTES = 2048 };
#define FIRST_WAIT_US TE_SECOND /* for rates; less if it is quicker, but not much less */
#define FIRST_WAIT_MIN_US (400 * TE_MS)

static void sleep_us(int64_t us)
{
    struct timespec time = {.tv_sec = us / TE_SECOND, .tv_nsec = us % TE_SECOND * TE_NS_PER_US};
    nanosleep(&time, NULL);
}

/* --- JSON ------------------------------------------------------------------------------------- */

/* null for what is not known yet. */
static json_t *json_speed(int64_t speed)
{
    return speed >= 0 ? json_number((uint64_t)speed) : json_null();
}

static json_t *json_row(const struct top_row *row)
{
    json_t *object = json_object();
    json_put(object, "id", json_number(row->id));
    json_put(object, "state", json_state(row->state));
    json_put(object, "local", json_text(row->local));
    json_put(object, "remote", json_text(row->peer));
    json_put(object, "uid", json_number(row->uid));
    json_put(object, "pid", row->pid != 0 ? json_number(row->pid) : json_null());
    json_put(object, "program", json_text(row->program));
    json_put(object, "in_bytes_per_second", json_speed(row->rate_in));
    json_put(object, "out_bytes_per_second", json_speed(row->rate_out));
    json_put(object, "srtt_us", row->srtt_us > 0 ? json_integer(row->srtt_us) : json_null());
    json_put(object, "cwnd_bytes", json_number(row->cwnd_bytes));
    json_put(object, "receive_queue_bytes", json_number(row->receive_queue_bytes));
    json_put(object, "send_queue_bytes", json_number(row->send_queue_bytes));
    json_put(object, "retransmits", json_number(row->retransmits));
    return object;
}

static json_t *json_rates(const struct top_frame *frame)
{
    const struct top_rates *rates = &frame->rates;
    if (!frame->has_rates)
        return json_null();
    json_t *object = json_object();
    json_put(object, "in_bytes", json_number(rates->bytes_in));
    json_put(object, "out_bytes", json_number(rates->bytes_out));
    json_put(object, "in_segments", json_number(rates->segments_in));
    json_put(object, "out_segments", json_number(rates->segments_out));
    json_put(object, "retransmissions", json_number(rates->retransmissions));
    json_put(object, "opens", json_number(rates->opens));
    json_put(object, "closes", json_number(rates->closes));
    return object;
}

static void print_json(const struct top_frame *frame, const struct top_view *view)
{
    json_t *object = json_object(), *states = json_object(), *rows = json_array();
    for (unsigned i = 0; i < TCPC_STATE_COUNT; i++)
        json_put(states, tcpc_state_name((enum tcpc_state)i), json_number(frame->states[i]));
    for (size_t i = 0; i < frame->count; i++)
        json_append(rows, json_row(&frame->rows[i]));
    json_put(object, "time_ms", json_integer(frame->wall_us / 1000));
    json_put(object, "uptime_ms", json_integer(frame->uptime_us / 1000));
    json_put(object, "states", states);
    json_put(object, "sessions", json_number(frame->sessions));
    json_put(object, "memory_used_bytes", json_number(frame->memory_used_bytes));
    json_put(object, "memory_max_bytes", json_number(frame->memory_max_bytes));
    json_put(object, "per_second", json_rates(frame));
    json_put(object, "sort", json_text(top_column_info(view->sort)->name));
    json_put(object, "matched", json_number(frame->matched));
    json_put(object, "connections", rows);
    json_print_line(object);
}

/* --- text ------------------------------------------------------------------------------------- */

/* As on a screen of the right size, but for its last line. */
static void print_text(const struct top_frame *frame, struct top_view *view)
{
    struct top_canvas canvas;
    char line[LINE_BYTES];
    unsigned head = view->rows - top_layout_page(view) - 1;
    top_canvas_init(&canvas, view->rows, view->columns);
    top_layout(&canvas, frame, view);
    for (unsigned row = 0; row < head + (frame->count > 0 ? (unsigned)frame->count : 1); row++)
        printf("%s\n", top_canvas_text(&canvas, row, line, sizeof(line)));
    top_canvas_done(&canvas);
    putchar('\n');
}

/* The size of the screen that has so many rows of connections. */
static void set_size(struct top_view *view, unsigned rows)
{
    size_t width = terminal_width();
    view->columns = width > 0 ? (unsigned)width : WIDTH;
    view->rows = rows;
    while (view->rows < UINT32_MAX && (top_layout_page(view) < rows || view->rows < 24))
        view->rows++;
}

/* ---------------------------------------------------------------------------------------------- */

static void show(const struct cli *cli, const struct top_frame *frame, struct top_view *view)
{
    if (cli->is_json)
        print_json(frame, view);
    else
        print_text(frame, view);
    cli_flush();
}

static int64_t first_wait_us(const struct top_batch *batch)
{
    if (batch->every_us > FIRST_WAIT_US)
        return FIRST_WAIT_US;
    return batch->every_us < FIRST_WAIT_MIN_US ? FIRST_WAIT_MIN_US : batch->every_us;
}

int top_batch_run(struct cli *cli, struct top_fetch *fetch, struct top_view *view,
                  const struct top_batch *batch)
{
    const struct top_question question = {.sort = view->sort,
                                          .is_reversed = view->is_reversed,
                                          .filter = view->filter,
                                          .page = batch->rows};
    bool had_problem = false;
    set_size(view, batch->rows);
    top_frame_free(top_fetch_frame(fetch, &question)); /* what the first rates are since */
    sleep_us(first_wait_us(batch));
    for (uint64_t shown = 0; batch->count == 0 || shown < batch->count;) {
        struct top_frame *frame = top_fetch_frame(fetch, &question);
        bool has_problem = frame->problem[0] != '\0';
        if (has_problem && !had_problem)
            cli_note("top: %s", frame->problem);
        if (!has_problem) {
            show(cli, frame, view);
            shown++;
        }
        had_problem = has_problem;
        top_frame_free(frame);
        if (batch->count == 0 || shown < batch->count)
            sleep_us(batch->every_us);
    }
    return EXIT_DONE;
}
