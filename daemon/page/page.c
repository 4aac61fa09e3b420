#include "page/page.h"

#include <json.h>
#include <parse.h>
#include <stdlib.h>
#include <string.h>
#include <tcpengine/pressure.h>

#include "page/asset.h"
#include "page/bar.h"
#include "page/detail.h"
#include "page/diagram.h"
#include "page/rates.h"
#include "page/reply.h"
#include "page/tables.h"
#include "page/viewer.h"

#define PREFIX "/page/"
#define RETRY_AFTER_S 5
#define FRAME_MAX (65536 + 64)

struct page {
    struct page_options options;
    struct http *http;
    struct ask ask;
    uv_timer_t timer;
    struct fair_share *share;
    struct fair_job job; /* what the timer brings about, in turns */
    struct viewer_list viewers;
    unsigned viewer_count, watched_count;
    struct diagram_moves moves;
    uint64_t events_lost; /* the engine's count that viewers know of */
    struct rates rates;
    struct bar bar;
    bool is_counting; /* the bar */
    int64_t counted_at_us, told_at_us;
    struct te_totals told; /* with the last state event */
    struct capture_before before;
    uint8_t *frame; /* FRAME_MAX bytes, while a connection is watched */
};

static struct te_stack *stack_of(const struct page *page)
{
    return pump_stack(page->options.pump);
}

static int64_t now_us(const struct page *page)
{
    return pump_now_us(page->options.pump);
}

/* --- the state event -------------------------------------------------------------------------- */

static json_t *states_json(const struct te_totals *totals)
{
    json_t *object = json_object();
    for (unsigned state = 0; state < TE_STATE_COUNT; state++)
        json_put(object, te_state_name((enum te_state)state), json_number(totals->by_state[state]));
    return object;
}

static json_t *time_wait_json(const struct page *page, const struct te_totals *totals)
{
    const struct te_config *engine = page->options.engine;
    json_t *object = json_object();
    json_put(object, "count", json_number(totals->time_wait));
    json_put(object, "max", json_number(engine->time_wait_max));
    json_put(object, "msl_ms", json_integer(engine->msl_us / 1000));
    json_put(object, "remaining", bar_json(&page->bar));
    return object;
}

static json_t *memory_json(const struct te_stack *stack)
{
    struct te_memory_use use;
    json_t *object = json_object();
    te_memory(stack, &use);
    json_put(object, "used", json_number(use.used_bytes));
    json_put(object, "max", json_number(use.max_bytes));
    json_put(object, "level", json_text(te_memory_level_name(use.level)));
    return object;
}

/* All but what has moved, and the rates. */
static json_t *state_json(struct page *page, const struct te_totals *totals)
{
    json_t *object = json_object();
    json_put(object, "at_ms", json_integer(now_us(page) / 1000));
    json_put(object, "states", states_json(totals));
    json_put(object, "time_wait", time_wait_json(page, totals));
    json_put(object, "memory", memory_json(stack_of(page)));
    return object;
}

static bool is_news(const struct page *page, const struct te_totals *totals)
{
    return page->moves.count > 0 || page->told_at_us == 0 ||
           memcmp(totals->by_state, page->told.by_state, sizeof(totals->by_state)) != 0 ||
           totals->time_wait > 0 || /* the bar moves */
           te_stack_counters(stack_of(page))->segments_in != page->rates.last.segments_in ||
           te_stack_counters(stack_of(page))->segments_out != page->rates.last.segments_out ||
           now_us(page) - page->told_at_us >= PAGE_QUIET_US;
}

static uint64_t take_lost(struct page *page)
{
    uint64_t all = te_stack_counters(stack_of(page))->events_lost;
    uint64_t lost = all - page->events_lost + page->moves.lost;
    page->events_lost = all;
    return lost;
}

static void tell_state(struct page *page)
{
    const struct te_counters *counters = te_stack_counters(stack_of(page));
    struct te_totals totals;
    struct viewer *viewer;
    te_totals(stack_of(page), &totals);
    if (!is_news(page, &totals))
        return;
    json_t *event = state_json(page, &totals);
    uint64_t lost = take_lost(page);
    json_put(event, "moves", diagram_moves_json(&page->moves));
    json_put(event, "rates", rates_json(&page->rates, counters, page->moves.closes, now_us(page)));
    TAILQ_FOREACH(viewer, &page->viewers, in_page)
    viewer_send_lost(viewer, "state", event, lost);
    json_decref(event);
    diagram_clear(&page->moves);
    page->told = totals;
    page->told_at_us = now_us(page);
}

/* The first one, for one viewer: nothing has moved before its eyes. */
static void tell_first(struct page *page, struct viewer *viewer)
{
    struct te_totals totals;
    struct rates none = {.last_at_us = 0};
    te_totals(stack_of(page), &totals);
    json_t *event = state_json(page, &totals);
    json_put(event, "moves", json_array());
    json_put(event, "rates", rates_json(&none, te_stack_counters(stack_of(page)), 0, now_us(page)));
    viewer_send_lost(viewer, "state", event, 0);
    json_decref(event);
}

static void tell_hello(struct page *page, struct viewer *viewer)
{
    struct tcpc_response *response = ask_about(&page->ask, TCPC_OP_DAEMON_STATUS, 0);
    if (response == NULL || response->error.code != TCPC_OK) {
        tcpc_response_free(response);
        return;
    }
    const struct tcpc_daemon_status *daemon = &response->u.daemon;
    json_t *hello = json_object(), *tap = json_object(), *addresses = json_array();
    char boot[24];
    snprintf(boot, sizeof(boot), "%016llx", (unsigned long long)response->boot_id);
    json_put(tap, "name", json_text(daemon->tap));
    json_put(tap, "is_up", json_boolean(daemon->tap_up));
    for (size_t i = 0; i < daemon->address_count; i++)
        json_append(addresses, json_text(daemon->addresses[i]));
    json_put(hello, "version", json_text(daemon->version));
    json_put(hello, "boot_id", json_text(boot));
    json_put(hello, "uptime_ms", json_integer(now_us(page) / 1000));
    json_put(hello, "tap", tap);
    json_put(hello, "addresses", addresses);
    viewer_send(viewer, "hello", hello);
    json_decref(hello);
    tcpc_response_free(response);
}

/* --- a watched connection --------------------------------------------------------------------- */

static void tell_gone(struct viewer *viewer)
{
    json_t *gone = json_pack("{s:I}", "id", (json_int_t)viewer->watched->id);
    viewer_send(viewer, "gone", gone);
    json_decref(gone);
    viewer->is_told_gone = true;
}

static void tell_watched(struct page *page, struct viewer *viewer)
{
    struct watched *watched = viewer->watched;
    json_t *event;
    while ((event = watched_segment_json(watched, stack_of(page))) != NULL) {
        viewer_send(viewer, "segment", event);
        json_decref(event);
    }
    event = watched_sample_json(watched, stack_of(page), now_us(page));
    if (event != NULL)
        viewer_send(viewer, "sample", event);
    json_decref(event);
    if (watched->is_gone && !viewer->is_told_gone)
        tell_gone(viewer);
}

static void offer_segment(struct page *page, const struct capture_about *about, bool is_out)
{
    struct viewer *viewer;
    if (!about->is_tcp)
        return;
    TAILQ_FOREACH(viewer, &page->viewers, in_page)
    if (viewer->watched != NULL)
        watched_add(viewer->watched, about, is_out, now_us(page));
}

void page_before_input(struct page *page, const uint8_t *frame, size_t len)
{
    capture_note_before(stack_of(page), frame, len, &page->before);
}

void page_after_input(struct page *page, const uint8_t *frame, size_t len)
{
    struct capture_about about;
    capture_note_after(stack_of(page), frame, len, &page->before, &about);
    offer_segment(page, &about, false);
}

void page_before_output(struct page *page)
{
    te_trace_mark(stack_of(page), &page->before.marks);
}

/* In one piece, as te_trace_frame() wants it. */
static size_t gather(struct page *page, const struct te_output *output)
{
    size_t len = 0;
    for (unsigned i = 0; i < output->iov_count; i++) {
        size_t more = output->iov[i].len;
        if (more > FRAME_MAX - len)
            more = FRAME_MAX - len;
        memcpy(page->frame + len, output->iov[i].base, more);
        len += more;
    }
    return len;
}

void page_after_output(struct page *page, const struct te_output *output)
{
    struct capture_about about;
    size_t len = gather(page, output);
    capture_note_output(stack_of(page), page->frame, len, &page->before, &about);
    offer_segment(page, &about, true);
}

/* The first who watches a connection needs what they all share. False: no memory. */
static bool begin_tracing(struct page *page)
{
    if (page->frame == NULL)
        page->frame = malloc(FRAME_MAX);
    if (page->frame == NULL)
        return false;
    page->options.set_tracing(page->options.ctx, true);
    return true;
}

static void end_tracing(struct page *page)
{
    page->options.set_tracing(page->options.ctx, false);
    free(page->frame);
    page->frame = NULL;
}

/* --- turns ------------------------------------------------------------------------------------ */

/* Goes on counting the bar, if it is time for it. True: not done yet. */
static bool count_bar(struct page *page)
{
    bool is_long = page->told.time_wait > BAR_STEP_ENTRIES;
    if (!page->is_counting && is_long && now_us(page) - page->counted_at_us < PAGE_BAR_US)
        return false;
    page->is_counting =
        !bar_step(&page->bar, stack_of(page), page->options.engine->msl_us, now_us(page));
    page->counted_at_us = now_us(page);
    return page->is_counting;
}

static struct turns *turns_of(const struct page *page)
{
    return rpc_turns(page->options.rpc);
}

static void on_turn(struct fair_job *job)
{
    struct page *page = job->owner;
    struct viewer *viewer;
    if (page->viewer_count == 0)
        return;
    if (count_bar(page)) {
        turns_queue(turns_of(page), page->share, job);
        return;
    }
    tell_state(page);
    TAILQ_FOREACH(viewer, &page->viewers, in_page)
    if (viewer->watched != NULL)
        tell_watched(page, viewer);
    http_wake(page->http);
}

static void on_timer(uv_timer_t *timer)
{
    struct page *page = timer->data;
    turns_queue(turns_of(page), page->share, &page->job);
}

/* --- viewers ---------------------------------------------------------------------------------- */

static void on_viewer_gone(void *ctx, struct viewer *viewer)
{
    struct page *page = ctx;
    TAILQ_REMOVE(&page->viewers, viewer, in_page);
    if (viewer->watched != NULL && --page->watched_count == 0)
        end_tracing(page);
    if (--page->viewer_count == 0)
        uv_timer_stop(&page->timer);
}

/* The first one begins what only viewers need. */
static void begin_watching(struct page *page)
{
    diagram_clear(&page->moves);
    page->events_lost = te_stack_counters(stack_of(page))->events_lost;
    page->rates =
        (struct rates){.last = *te_stack_counters(stack_of(page)), .last_at_us = now_us(page)};
    page->counted_at_us = page->told_at_us = 0;
    uv_timer_start(&page->timer, on_timer, PAGE_TICK_MS, PAGE_TICK_MS);
}

static void add_viewer(struct page *page, struct viewer *viewer)
{
    if (page->viewer_count++ == 0)
        begin_watching(page);
    TAILQ_INSERT_TAIL(&page->viewers, viewer, in_page);
    if (viewer->watched != NULL && page->watched_count++ == 0 && !begin_tracing(page))
        viewer->lost++; /* its segments */
    tell_hello(page, viewer);
    tell_first(page, viewer);
    if (viewer->watched != NULL)
        tell_watched(page, viewer);
}

static void answer_stream(struct page *page, struct http_exchange *exchange)
{
    const char *text = http_argument(exchange, "connection");
    uint64_t connection = 0;
    if (text != NULL && !parse_id(text, &connection)) {
        reply_error(exchange, 400, "connection is a number");
        return;
    }
    struct viewer *viewer =
        exchange->may_stream ? viewer_new(connection, on_viewer_gone, page) : NULL;
    if (viewer == NULL) {
        reply_error(exchange, 503, "%u viewers watch already", HTTP_STREAMS_MAX);
        exchange->retry_after_s = RETRY_AFTER_S;
        return;
    }
    add_viewer(page, viewer);
    exchange->stream = viewer->stream;
    exchange->reply.content_type = "text/event-stream";
}

void page_on_event(struct page *page, const struct te_event *event)
{
    if (page != NULL && page->viewer_count > 0 && event->kind == TE_EVENT_STATE)
        diagram_add(&page->moves, &event->transition);
}

/* --- routes ----------------------------------------------------------------------------------- */

static void answer_diagram(struct page *page, struct http_exchange *exchange)
{
    (void)page;
    reply_json(exchange, diagram_edges_json());
}

static void answer_connections(struct page *page, struct http_exchange *exchange)
{
    table_connections(&page->ask, exchange);
}

static void answer_listeners(struct page *page, struct http_exchange *exchange)
{
    table_listeners(&page->ask, exchange);
}

static void answer_time_wait(struct page *page, struct http_exchange *exchange)
{
    table_time_wait(&page->ask, exchange);
}

static void answer_health(struct page *page, struct http_exchange *exchange)
{
    table_health(&page->ask, exchange);
}

static const struct {
    const char *name;
    void (*answer)(struct page *page, struct http_exchange *exchange);
} routes[] = {{"diagram.json", answer_diagram},    {"stream", answer_stream},
              {"connections", answer_connections}, {"listeners", answer_listeners},
              {"time-wait", answer_time_wait},     {"health", answer_health}};

static bool answer_asset(struct http_exchange *exchange, const char *name)
{
    const struct asset *asset = asset_find(name);
    if (asset == NULL)
        return false;
    exchange->reply.content_type = asset_type(asset);
    fwrite(asset->bytes, 1, asset->len, exchange->body);
    return true;
}

static void answer_named(struct page *page, struct http_exchange *exchange, const char *name)
{
    static const char connection[] = "connection/";
    uint64_t id;
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
        if (strcmp(routes[i].name, name) == 0) {
            routes[i].answer(page, exchange);
            return;
        }
    if (strncmp(name, connection, sizeof(connection) - 1) == 0 &&
        parse_id(name + sizeof(connection) - 1, &id))
        detail_reply(&page->ask, exchange, id);
    else if (!answer_asset(exchange, name))
        reply_error(exchange, 404, "the live page has nothing of that name");
}

bool page_answer(void *ctx, struct http_exchange *exchange)
{
    reply_is_whole(); /* whatever failed before is not this answer's */
    if (strcmp(exchange->path, "/") == 0)
        return answer_asset(exchange, "index.html");
    if (strncmp(exchange->path, PREFIX, sizeof(PREFIX) - 1) != 0)
        return false;
    answer_named(ctx, exchange, exchange->path + sizeof(PREFIX) - 1);
    return true;
}

/* --- life ------------------------------------------------------------------------------------- */

struct page *page_new(const struct page_options *options)
{
    struct page *page = calloc(1, sizeof(*page));
    if (page == NULL)
        return NULL;
    page->options = *options;
    TAILQ_INIT(&page->viewers);
    if (!ask_init(&page->ask, options->rpc)) {
        free(page);
        return NULL;
    }
    reply_init();
    page->job = (struct fair_job){.run = on_turn, .owner = page};
    page->share = fair_share_get(&turns_of(page)->fair, FAIR_USER_HTTP);
    uv_timer_init(options->loop, &page->timer);
    page->timer.data = page;
    return page;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void page_free(struct page *page)
{
    if (page == NULL)
        return;
    turns_drop(turns_of(page), &page->job);
    fair_share_put(page->share);
    ask_done(&page->ask);
    uv_close((uv_handle_t *)&page->timer, on_closed);
}

void page_set_http(struct page *page, struct http *http)
{
    page->http = http;
}
