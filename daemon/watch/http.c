/* Theory of operation: libmicrohttpd (MHD) runs without threads. The loop polls its epoll
 * descriptor, and a timer serves its timeouts. MHD only times out silence, so a client that drips
 * one byte per second could stay forever: each connection also has a deadline here, after which
 * its socket is shut down, and MHD finds it closed. Every answer closes its connection.
 *
 * MHD runs in turns, and makes one page in each. A connection that asks for another one meanwhile
 * is suspended, and asks again in the next turn.
 *
 * At its limit of connections MHD accepts no more: then a timer looks whether somebody waits, and
 * shuts down those that have not sent a request yet. A scrape sends it as soon as it is connected.
 */
#include "watch/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/log.h"
#include "watch/http_accept.h"
#include "watch/http_host.h"

#define BACKLOG 128
#define PRESSURE_CHECK_MS 20
/* How long it counts that somebody had to wait. */
#define PRESSED_MS 1000
#define V4_OFFSET 12 /* of the IPv4 address in its mapped form */

/* One connection; fd -1: the slot is free. */
struct slot {
    int fd;
    uint64_t accepted_ms, deadline_ms; /* of the loop's clock */
    bool is_answered;
    struct MHD_Connection *suspended; /* NULL: it is not */
};

struct http {
    uv_loop_t *loop;
    struct MHD_Daemon *daemon;
    http_page_fn *page;
    void *ctx;
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
    struct slot slots[HTTP_CONNECTIONS_MAX];
};

static struct slot *slot_find(struct http *http, int fd)
{
    for (unsigned i = 0; i < HTTP_CONNECTIONS_MAX; i++)
        if (http->slots[i].fd == fd)
            return &http->slots[i];
    return NULL;
}

/* --- one request ------------------------------------------------------------------------------ */

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
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
    if (response == NULL)
        free(text);
    return response;
}

static void add_headers(struct MHD_Response *response, const char *content_type)
{
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "Content-Security-Policy",
                            "default-src 'none'; style-src 'unsafe-inline'");
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

/* What a request is for. */
struct target {
    char host[256]; /* empty: not said */
    const char *path;
    unsigned host_count; /* Host headers */
};

static enum MHD_Result on_header(void *ctx, enum MHD_ValueKind kind, const char *key,
                                 const char *value)
{
    struct target *target = ctx;
    (void)kind;
    if (strcasecmp(key, MHD_HTTP_HEADER_HOST) != 0)
        return MHD_YES;
    target->host_count++;
    snprintf(target->host, sizeof(target->host), "%s", value != NULL ? value : "");
    return MHD_YES;
}

/* In absolute-form the target itself names the host, which overrides the header (RFC 9112 3.2.2).
 */
static void target_find(struct MHD_Connection *connection, const char *url,
                        struct target *ret_target)
{
    static const char scheme[] = "http://";
    *ret_target = (struct target){.path = url};
    MHD_get_connection_values(connection, MHD_HEADER_KIND, on_header, ret_target);
    if (strncasecmp(url, scheme, sizeof(scheme) - 1) != 0)
        return;
    const char *authority = url + sizeof(scheme) - 1;
    size_t len = strcspn(authority, "/?");
    ret_target->path = authority[len] == '/' ? authority + len : "/";
    snprintf(ret_target->host, sizeof(ret_target->host), "%.*s", (int)len, authority);
}

/* 0, or the status that refuses the request, and *ret_text. */
static unsigned target_refuse(const struct http *http, const struct target *target,
                              const char *version, const char **ret_text)
{
    bool may_lack_host = strcmp(version, MHD_HTTP_VERSION_1_0) == 0;
    *ret_text = "more than one Host\n";
    if (target->host_count > 1)
        return MHD_HTTP_BAD_REQUEST;
    if (!http->checks_host || (target->host[0] == '\0' && may_lack_host))
        return 0;
    /* DEVIATION: RFC 9112 3.2 has 400 for a missing Host. To whoever asks, both cases are alike. */
    *ret_text = "this server answers for localhost and its own addresses only\n";
    return http_host_is_ours(target->host, &http->listening) ? 0 : MHD_HTTP_MISDIRECTED_REQUEST;
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

/* True: this turn's page is made already. The connection will ask again. */
static bool is_put_off(struct http *http, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct slot *slot = info == NULL ? NULL : slot_find(http, info->connect_fd);
    if (!http->has_made_page || http->turns == NULL || slot == NULL) {
        http->has_made_page = true;
        return false;
    }
    MHD_suspend_connection(connection);
    slot->suspended = connection;
    return true;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_len, void **request_ctx)
{
    struct http *http = ctx;
    struct target target;
    const char *text;
    (void)upload;
    (void)upload_len;
    (void)request_ctx;
    slot_answered(connection);
    if (is_header_too_long(connection))
        return answer_text(connection, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE,
                           "the header is too long\n");
    target_find(connection, url, &target);
    unsigned refusal = target_refuse(http, &target, version, &text);
    if (refusal != 0)
        return answer_text(connection, refusal, text);
    /* MHD leaves out the body of an answer to HEAD. */
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return answer_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
                           "only GET and HEAD are supported\n");
    if (is_put_off(http, connection))
        return MHD_YES;
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
    for (unsigned i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
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
    for (unsigned i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
        struct slot *slot = &http->slots[i];
        uint64_t age_ms = now_ms - slot->accepted_ms;
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
    for (unsigned i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
        const struct slot *slot = &http->slots[i];
        if (slot->fd >= 0 && slot->deadline_ms > now_ms && slot->deadline_ms - now_ms < delay_ms)
            delay_ms = slot->deadline_ms - now_ms;
    }
    return is_full(http) && delay_ms > PRESSURE_CHECK_MS ? PRESSURE_CHECK_MS : delay_ms;
}

static void on_timer(uv_timer_t *timer);

/* At its connection limit MHD takes the listening socket out of its epoll set. It only puts it back
 * at the start of a run, before closing what has ended: hence one more run after each close. */
static void run(struct http *http)
{
    for (unsigned i = 0; i <= HTTP_CONNECTIONS_MAX; i++) {
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
    for (unsigned i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
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

static socklen_t sockaddr_make(const struct te_endpoint *endpoint, struct sockaddr_storage *ret)
{
    memset(ret, 0, sizeof(*ret));
    if (te_addr_is_v4(&endpoint->addr)) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
        v4->sin_family = AF_INET;
        v4->sin_port = htons(endpoint->port);
        memcpy(&v4->sin_addr, endpoint->addr.bytes + V4_OFFSET, sizeof(v4->sin_addr));
        return sizeof(*v4);
    }
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(endpoint->port);
    memcpy(&v6->sin6_addr, endpoint->addr.bytes, sizeof(v6->sin6_addr));
    return sizeof(*v6);
}

static uint16_t bound_port(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof(address);
    if (getsockname(fd, (struct sockaddr *)&address, &len) < 0)
        return 0;
    /* The port is at the same offset in both families. */
    return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

static int listen_open(const struct te_endpoint *endpoint)
{
    struct sockaddr_storage address;
    socklen_t len = sockaddr_make(endpoint, &address);
    int on = 1;
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&address, len) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static void listen_failed(const char *address, char *ret_message)
{
    const char *advice = "give another ADDRESS:PORT with --http, or --http off";
    if (errno == EADDRINUSE)
        snprintf(ret_message, HTTP_MESSAGE_MAX, "cannot serve HTTP at %s: the port is in use; %s",
                 address, advice);
    else
        snprintf(ret_message, HTTP_MESSAGE_MAX, "cannot serve HTTP at %s: %s; %s", address,
                 strerror(errno), advice);
}

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
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_POOL_BYTES, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)(HTTP_DEADLINE_MS / 1000), MHD_OPTION_NOTIFY_CONNECTION, on_connection, http,
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
    http->turns = options->turns;
    http->job = (struct fair_job){.run = on_turn, .owner = http};
    if (http->turns != NULL)
        http->share = fair_share_get(&http->turns->fair, FAIR_USER_HTTP);
    http->listening = options->address.addr;
    http->checks_host = options->checks_host;
    for (unsigned i = 0; i < HTTP_CONNECTIONS_MAX; i++)
        http->slots[i].fd = -1;
    return http;
}

struct http *http_new(uv_loop_t *loop, const struct http_options *options, char *ret_message)
{
    struct te_endpoint address = options->address;
    char text[TE_ADDR_TEXT_MAX];
    te_endpoint_format(&address, text);
    int fd = listen_open(&address);
    if (fd < 0) {
        listen_failed(text, ret_message);
        return NULL;
    }
    address.port = bound_port(fd);
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
