/* Theory of operation: libmicrohttpd (MHD) runs without threads. The loop polls its epoll
 * descriptor, and a timer serves its timeouts. MHD only times out silence, so a client that drips
 * one byte per second could stay forever: each connection also has a deadline here, after which
 * its socket is shut down, and MHD finds it closed. Every answer closes its connection.
 *
 * MHD runs in turns, and makes one page in each. A connection that asks for another one meanwhile
 * is suspended, and asks again in the next turn. So is one whose page needs more turns, with what
 * it has so far kept as the request's context.
 *
 * A stream is a response without length. While there is nothing to send its connection is
 * suspended, until http_wake(). It has no deadline: what is written to it finds out when the viewer
 * has gone.
 *
 * At its limit of connections MHD accepts no more: then a timer looks whether somebody waits, and
 * shuts down those that have not sent a request yet. A scrape sends it as soon as it is connected.
 */
#include "watch/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/log.h"
#include "watch/http_accept.h"
#include "watch/http_listen.h"
#include "watch/http_target.h"

#define SLOTS_MAX (HTTP_CONNECTIONS_MAX + HTTP_STREAMS_MAX)
#define PRESSURE_CHECK_MS 20
/* How long it counts that somebody had to wait. */
#define PRESSED_MS 1000

/* One connection; fd -1: the slot is free. */
struct slot {
    int fd;
    uint64_t accepted_ms, deadline_ms; /* of the loop's clock */
    bool is_answered;
    struct MHD_Connection *suspended; /* NULL: it is not */
    struct http_stream *stream;       /* NULL: none */
    struct MHD_Connection *waiting;   /* for more of its stream; NULL: it is not */
};

struct http {
    uv_loop_t *loop;
    struct MHD_Daemon *daemon;
    http_page_fn *page;
    void *ctx;
    http_live_fn *live;
    void *live_ctx;
    char address[TE_ADDR_TEXT_MAX];
    uv_poll_t poll;
    uv_timer_t timer;
    unsigned open_handles;
    bool has_closed; /* a connection was closed during this run */
    struct turns *turns;
    struct fair_share *share;
    struct fair_job job;
    bool has_made_page; /* during this turn */
    int listen_fd;
    struct te_addr listening;
    bool checks_host;
    uint64_t pressed_until_ms;
    unsigned slots_max; /* streams have theirs if there is a live page */
    struct slot slots[SLOTS_MAX];
};

static struct slot *slot_find(struct http *http, int fd)
{
    for (unsigned i = 0; i < http->slots_max; i++)
        if (http->slots[i].fd == fd)
            return &http->slots[i];
    return NULL;
}

/* --- one request ------------------------------------------------------------------------------ */

/* Takes text over. */
static struct MHD_Response *response_of(char *text, size_t len)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
    if (response == NULL)
        free(text);
    return response;
}

static struct MHD_Response *response_new(struct http *http, const char *path,
                                         struct http_reply *reply)
{
    char *text = NULL;
    size_t len = 0;
    FILE *body = open_memstream(&text, &len);
    if (body == NULL)
        return NULL;
    http->page(http->ctx, path, body, reply);
    if (fclose(body) != 0) {
        free(text);
        return NULL;
    }
    return response_of(text, len);
}

static void add_headers(struct MHD_Response *response, const char *content_type)
{
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    MHD_add_response_header(response, "Content-Security-Policy",
                            "default-src 'none'; script-src 'self'; style-src 'self'; "
                            "connect-src 'self'; img-src 'self' data:; base-uri 'none'; "
                            "form-action 'none'; frame-ancestors 'none'");
}

static enum MHD_Result answer_text(struct MHD_Connection *connection, unsigned status,
                                   const char *text)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
    if (response == NULL)
        return MHD_NO;
    add_headers(response, "text/plain; charset=utf-8");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static void slot_answered(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct slot *slot = info != NULL ? info->socket_context : NULL;
    if (slot != NULL)
        slot->is_answered = true;
}

static bool is_header_too_long(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return info != NULL && info->header_size > HTTP_MEMORY_BYTES;
}

static enum MHD_Result on_accept(void *ctx, enum MHD_ValueKind kind, const char *key,
                                 const char *value)
{
    (void)kind;
    if (strcasecmp(key, MHD_HTTP_HEADER_ACCEPT) == 0 && value != NULL)
        http_accept_add(ctx, value);
    return MHD_YES;
}

static enum MHD_Result answer_page(struct http *http, struct MHD_Connection *connection,
                                   const char *path)
{
    char accept[HTTP_ACCEPT_MAX] = "";
    struct http_reply reply = {
        .status = MHD_HTTP_OK, .content_type = "text/plain; charset=utf-8", .accept = accept};
    MHD_get_connection_values(connection, MHD_HEADER_KIND, on_accept, accept);
    struct MHD_Response *response = response_new(http, path, &reply);
    if (response == NULL)
        return MHD_NO;
    add_headers(response, reply.content_type);
    enum MHD_Result result = MHD_queue_response(connection, reply.status, response);
    MHD_destroy_response(response);
    return result;
}

static struct slot *slot_of(struct http *http, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info == NULL ? NULL : slot_find(http, info->connect_fd);
}

/* The connection asks again in the next turn. False: it cannot wait. */
static bool put_off(struct http *http, struct MHD_Connection *connection)
{
    struct slot *slot = slot_of(http, connection);
    if (http->turns == NULL || slot == NULL)
        return false;
    MHD_suspend_connection(connection);
    slot->suspended = connection;
    return true;
}

/* True: this turn's page is made already. The connection will ask again. */
static bool is_put_off(struct http *http, struct MHD_Connection *connection)
{
    if (http->has_made_page && put_off(http, connection))
        return true;
    http->has_made_page = true;
    return false;
}

/* --- the live page ---------------------------------------------------------------------------- */

/* What a stream's response calls back with. */
struct feed {
    struct http *http;
    struct slot *slot;
    struct MHD_Connection *connection;
    struct http_stream *stream;
};

static ssize_t on_feed(void *ctx, uint64_t position, char *bytes, size_t max)
{
    struct feed *feed = ctx;
    (void)position;
    if (feed->stream->len > 0)
        return (ssize_t)http_stream_read(feed->stream, bytes, max);
    if (feed->stream->is_ended)
        return MHD_CONTENT_READER_END_OF_STREAM;
    MHD_suspend_connection(feed->connection);
    feed->slot->waiting = feed->connection;
    return 0;
}

static void stream_drop(struct http_stream *stream)
{
    stream->on_gone(stream->ctx);
    http_stream_free(stream);
}

static void on_feed_end(void *ctx)
{
    struct feed *feed = ctx;
    feed->slot->stream = NULL;
    stream_drop(feed->stream);
    free(feed);
}

unsigned http_stream_count(const struct http *http)
{
    unsigned count = 0;
    for (unsigned i = 0; i < http->slots_max; i++)
        count += http->slots[i].stream != NULL;
    return count;
}

/* Lets the streams go on that have something to send, or with is_all all of them. */
static void resume_streams(struct http *http, bool is_all)
{
    for (unsigned i = 0; i < http->slots_max; i++) {
        struct slot *slot = &http->slots[i];
        if (slot->waiting == NULL)
            continue;
        if (!is_all && slot->stream->len == 0 && !slot->stream->is_ended)
            continue;
        MHD_resume_connection(slot->waiting);
        slot->waiting = NULL;
    }
}

/* Its end has come, or a reset. */
static bool has_left(const struct slot *slot)
{
    char byte;
    ssize_t len = recv(slot->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return len == 0 || (len < 0 && errno != EAGAIN && errno != EINTR);
}

/* Writing to a viewer finds out that it has gone, when there is something to write. Those that are
 * known to have gone before that make room. */
static void end_left_streams(struct http *http)
{
    for (unsigned i = 0; i < http->slots_max; i++) {
        struct slot *slot = &http->slots[i];
        if (slot->stream != NULL && has_left(slot))
            slot->stream->is_ended = true;
    }
    resume_streams(http, false);
}

/* Takes the stream over, also on failure. */
static enum MHD_Result answer_stream(struct http *http, struct MHD_Connection *connection,
                                     struct http_stream *stream, const char *content_type)
{
    struct slot *slot = slot_of(http, connection);
    struct feed *feed = malloc(sizeof(*feed));
    struct MHD_Response *response = NULL;
    if (feed != NULL && slot != NULL) {
        *feed = (struct feed){http, slot, connection, stream};
        response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, HTTP_STREAM_BYTES / 4,
                                                     on_feed, feed, on_feed_end);
    }
    if (response == NULL) {
        stream_drop(stream);
        free(feed);
        return MHD_NO;
    }
    int bytes = HTTP_STREAM_KERNEL_BYTES;
    setsockopt(slot->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
    MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, HTTP_STREAM_STALLED_S);
    slot->stream = stream;
    slot->deadline_ms = UINT64_MAX;
    add_headers(response, content_type);
    enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

static void exchange_free(struct http_exchange *exchange)
{
    if (exchange == NULL)
        return;
    if (exchange->work != NULL)
        exchange->work_free(exchange->work);
    free(exchange);
}

/* Takes text over. */
static enum MHD_Result exchange_finish(struct http *http, struct http_exchange *exchange,
                                       char *text, size_t len)
{
    struct MHD_Connection *connection = exchange->connection;
    struct http_stream *stream = exchange->stream;
    exchange->stream = NULL;
    if (stream != NULL && !exchange->is_head) {
        free(text);
        return answer_stream(http, connection, stream, exchange->reply.content_type);
    }
    if (stream != NULL)
        stream_drop(stream); /* MHD would end the body that it leaves out */
    struct MHD_Response *response = response_of(text, len);
    if (response == NULL)
        return MHD_NO;
    add_headers(response, exchange->reply.content_type);
    if (exchange->retry_after_s > 0) {
        char seconds[16];
        snprintf(seconds, sizeof(seconds), "%u", exchange->retry_after_s);
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
    }
    enum MHD_Result result = MHD_queue_response(connection, exchange->reply.status, response);
    MHD_destroy_response(response);
    return result;
}

/* One turn of it. */
static enum MHD_Result exchange_run(struct http *http, struct http_exchange *exchange,
                                    const char *path, bool *ret_is_ours)
{
    char *text = NULL;
    size_t len = 0;
    FILE *body = open_memstream(&text, &len);
    if (body == NULL)
        return MHD_NO;
    exchange->path = path;
    exchange->body = body;
    exchange->is_unfinished = false;
    exchange->may_stream = http_stream_count(http) < HTTP_STREAMS_MAX;
    *ret_is_ours = http->live(http->live_ctx, exchange);
    if (!exchange->may_stream)
        end_left_streams(http);
    bool is_whole = fclose(body) == 0;
    if (is_whole && *ret_is_ours && !exchange->is_unfinished)
        return exchange_finish(http, exchange, text, len);
    free(text);
    if (!is_whole || !*ret_is_ours)
        return is_whole ? MHD_YES : MHD_NO;
    return put_off(http, exchange->connection) ? MHD_YES : MHD_NO;
}

static enum MHD_Result answer_live(struct http *http, struct MHD_Connection *connection,
                                   const struct http_target *target, bool is_head,
                                   void **request_ctx)
{
    struct http_exchange *exchange = *request_ctx;
    bool is_ours = true;
    if (exchange == NULL)
        exchange = calloc(1, sizeof(*exchange));
    if (exchange == NULL)
        return MHD_NO;
    *request_ctx = exchange;
    exchange->connection = connection;
    exchange->is_head = is_head;
    exchange->reply = (struct http_reply){
        .status = MHD_HTTP_OK, .content_type = "text/plain; charset=utf-8", .accept = ""};
    enum MHD_Result result = exchange_run(http, exchange, target->path, &is_ours);
    return is_ours ? result : answer_page(http, connection, target->path);
}

/* The answer has been sent, or cannot be. */
static void on_completed(void *ctx, struct MHD_Connection *connection, void **request_ctx,
                         enum MHD_RequestTerminationCode code)
{
    (void)ctx;
    (void)connection;
    (void)code;
    exchange_free(*request_ctx);
    *request_ctx = NULL;
}

const char *http_argument(const struct http_exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_GET_ARGUMENT_KIND, name);
}

/* --- one request, at last --------------------------------------------------------------------- */

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_len, void **request_ctx)
{
    struct http *http = ctx;
    struct http_target target;
    const char *text;
    (void)upload;
    (void)upload_len;
    slot_answered(connection);
    if (is_header_too_long(connection))
        return answer_text(connection, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE,
                           "the header is too long\n");
    http_target_find(connection, url, &target);
    unsigned refusal =
        http_target_refuse(&target, version, http->checks_host ? &http->listening : NULL, &text);
    if (refusal != 0)
        return answer_text(connection, refusal, text);
    /* MHD leaves out the body of an answer to HEAD. */
    bool is_head = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && !is_head)
        return answer_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
                           "only GET and HEAD are supported\n");
    if (is_put_off(http, connection))
        return MHD_YES;
    if (http->live != NULL)
        return answer_live(http, connection, &target, is_head, request_ctx);
    return answer_page(http, connection, target.path);
}

/* --- connections and their deadlines ---------------------------------------------------------- */

static void on_connection(void *ctx, struct MHD_Connection *connection, void **connection_ctx,
                          enum MHD_ConnectionNotificationCode code)
{
    struct http *http = ctx;
    struct slot *slot = *connection_ctx;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        http->has_closed = true;
        if (slot != NULL)
            *slot = (struct slot){.fd = -1};
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    slot = slot_find(http, -1);
    if (info == NULL || slot == NULL)
        return; /* MHD's own timeout must do */
    slot->fd = info->connect_fd;
    slot->is_answered = false;
    slot->accepted_ms = uv_now(http->loop);
    slot->deadline_ms = slot->accepted_ms + HTTP_DEADLINE_MS;
    *connection_ctx = slot;
}

static void shut_late_ones(struct http *http)
{
    for (unsigned i = 0; i < http->slots_max; i++) {
        struct slot *slot = &http->slots[i];
        if (slot->fd >= 0 && slot->deadline_ms <= uv_now(http->loop))
            shutdown(slot->fd, SHUT_RDWR);
    }
}

/* --- making room ------------------------------------------------------------------------------ */

static bool is_full(struct http *http)
{
    return slot_find(http, -1) == NULL;
}

static bool has_somebody_waiting(const struct http *http)
{
    struct pollfd ready = {.fd = http->listen_fd, .events = POLLIN};
    return poll(&ready, 1, 0) > 0;
}

/* Ends the connections that are idle: all of them, since more may wait than we know. */
static void make_room(struct http *http)
{
    uint64_t now_ms = uv_now(http->loop);
    uint64_t idle_ms = now_ms < http->pressed_until_ms ? HTTP_IDLE_PRESSED_MS : HTTP_IDLE_MS;
    if (!is_full(http) || !has_somebody_waiting(http))
        return;
    for (unsigned i = 0; i < http->slots_max; i++) {
        struct slot *slot = &http->slots[i];
        uint64_t age_ms = now_ms - slot->accepted_ms;
        if (slot->stream != NULL)
            continue;
        if (age_ms < (slot->is_answered ? HTTP_STALLED_MS : idle_ms))
            continue;
        shutdown(slot->fd, SHUT_RDWR);
        http->pressed_until_ms = now_ms + PRESSED_MS;
    }
}

/* Milliseconds until there is work that no descriptor announces; UINT64_MAX: never. A connection
 * past its deadline has been shut down, which its descriptor announces. */
static uint64_t next_delay_ms(struct http *http)
{
    MHD_UNSIGNED_LONG_LONG mhd_ms;
    uint64_t delay_ms = UINT64_MAX, now_ms = uv_now(http->loop);
    if (MHD_get_timeout(http->daemon, &mhd_ms) == MHD_YES)
        delay_ms = mhd_ms;
    for (unsigned i = 0; i < http->slots_max; i++) {
        const struct slot *slot = &http->slots[i];
        if (slot->fd >= 0 && slot->stream == NULL && slot->deadline_ms > now_ms &&
            slot->deadline_ms - now_ms < delay_ms)
            delay_ms = slot->deadline_ms - now_ms;
    }
    return is_full(http) && delay_ms > PRESSURE_CHECK_MS ? PRESSURE_CHECK_MS : delay_ms;
}

static void on_timer(uv_timer_t *timer);

/* At its connection limit MHD takes the listening socket out of its epoll set. It only puts it back
 * at the start of a run, before closing what has ended: hence one more run after each close. */
static void run(struct http *http)
{
    for (unsigned i = 0; i <= http->slots_max; i++) {
        http->has_closed = false;
        MHD_run(http->daemon);
        if (!http->has_closed)
            break;
    }
    uint64_t delay_ms = next_delay_ms(http);
    if (delay_ms == UINT64_MAX)
        uv_timer_stop(&http->timer);
    else
        uv_timer_start(&http->timer, on_timer, delay_ms, 0);
}

/* Lets those that were put off ask again. True if there were any. */
static bool resume_all(struct http *http)
{
    bool has_any = false;
    for (unsigned i = 0; i < http->slots_max; i++) {
        if (http->slots[i].suspended == NULL)
            continue;
        MHD_resume_connection(http->slots[i].suspended);
        http->slots[i].suspended = NULL;
        has_any = true;
    }
    return has_any;
}

static void on_poll(uv_poll_t *poll, int status, int events);

static void on_turn(struct fair_job *job)
{
    struct http *http = job->owner;
    http->has_made_page = false;
    run(http);
    if (resume_all(http))
        turns_queue(http->turns, http->share, job);
    else
        uv_poll_start(&http->poll, UV_READABLE, on_poll);
}

static void run_in_turn(struct http *http)
{
    if (http->turns == NULL) {
        run(http);
        return;
    }
    uv_poll_stop(&http->poll);
    turns_queue(http->turns, http->share, &http->job);
}

void http_wake(struct http *http)
{
    resume_streams(http, false);
    run_in_turn(http);
}

static void on_timer(uv_timer_t *timer)
{
    shut_late_ones(timer->data);
    make_room(timer->data);
    run_in_turn(timer->data);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    run_in_turn(poll->data);
}

/* --- life ------------------------------------------------------------------------------------- */

static void on_mhd_log(void *ctx, const char *format, va_list arguments)
{
    static struct log_limit limit;
    char text[256];
    (void)ctx;
    vsnprintf(text, sizeof(text), format, arguments);
    text[strcspn(text, "\n")] = '\0';
    log_write_limited(&limit, LOG_LEVEL_DEBUG, "HTTP: %s", text);
}

/* Takes fd over, also on failure. */
static bool daemon_start(struct http *http, int fd)
{
    http->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request,
        http, MHD_OPTION_EXTERNAL_LOGGER, on_mhd_log, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, http->slots_max, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)HTTP_POOL_BYTES, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)(HTTP_DEADLINE_MS / 1000),
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, http, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, http, MHD_OPTION_UNESCAPE_CALLBACK, http_target_unescape, NULL,
        MHD_OPTION_END);
    http->listen_fd = fd;
    if (http->daemon == NULL)
        close(fd);
    return http->daemon != NULL;
}

static bool handles_start(struct http *http)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL || uv_poll_init(http->loop, &http->poll, info->epoll_fd) < 0)
        return false;
    uv_timer_init(http->loop, &http->timer);
    http->open_handles = 2;
    http->poll.data = http->timer.data = http;
    uv_poll_start(&http->poll, UV_READABLE, on_poll);
    return true;
}

static struct http *http_alloc(uv_loop_t *loop, const struct http_options *options)
{
    struct http *http = calloc(1, sizeof(*http));
    if (http == NULL)
        return NULL;
    http->loop = loop;
    http->page = options->page;
    http->ctx = options->ctx;
    http->live = options->live;
    http->live_ctx = options->live_ctx;
    http->slots_max = options->live != NULL ? SLOTS_MAX : HTTP_CONNECTIONS_MAX;
    http->turns = options->turns;
    http->job = (struct fair_job){.run = on_turn, .owner = http};
    if (http->turns != NULL)
        http->share = fair_share_get(&http->turns->fair, FAIR_USER_HTTP);
    http->listening = options->address.addr;
    http->checks_host = options->checks_host;
    for (unsigned i = 0; i < http->slots_max; i++)
        http->slots[i].fd = -1;
    return http;
}

struct http *http_new(uv_loop_t *loop, const struct http_options *options, char *ret_message)
{
    struct te_endpoint address = options->address;
    char text[TE_ADDR_TEXT_MAX];
    te_endpoint_format(&address, text);
    int fd = http_listen(&address);
    if (fd < 0) {
        http_listen_failed(text, ret_message);
        return NULL;
    }
    address.port = http_listen_port(fd);
    struct http *http = http_alloc(loop, options);
    if (http == NULL || !daemon_start(http, fd)) {
        snprintf(ret_message, HTTP_MESSAGE_MAX, "cannot start the HTTP server at %s", text);
        if (http == NULL)
            close(fd);
        free(http);
        return NULL;
    }
    te_endpoint_format(&address, http->address);
    if (!handles_start(http)) {
        snprintf(ret_message, HTTP_MESSAGE_MAX, "cannot watch the HTTP server at %s", text);
        MHD_stop_daemon(http->daemon);
        free(http);
        return NULL;
    }
    return http;
}

static void on_closed(uv_handle_t *handle)
{
    struct http *http = handle->data;
    if (--http->open_handles == 0)
        free(http);
}

void http_free(struct http *http)
{
    if (http == NULL)
        return;
    uv_poll_stop(&http->poll);
    resume_all(http); /* MHD stops no suspended ones */
    resume_streams(http, true);
    if (http->turns != NULL) {
        turns_drop(http->turns, &http->job);
        fair_share_put(http->share);
    }
    uv_close((uv_handle_t *)&http->poll, on_closed);
    uv_close((uv_handle_t *)&http->timer, on_closed);
    MHD_stop_daemon(http->daemon);
}

const char *http_address(const struct http *http)
{
    return http->address;
}
