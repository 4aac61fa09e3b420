#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support.h"
#include "util/log.h"
#include "watch/http.h"

#define ANSWER_MAX 65536

struct env {
    struct t_loop loop;
    struct http *http;
    uint16_t port;
    unsigned pages;
    char path[64], accept[64];
    unsigned status; /* the page answers with it */
    char answer[ANSWER_MAX];
    size_t answer_len;
    int fd; /* of the request whose answer is awaited */
};

static void page(void *ctx, const char *path, FILE *body, struct http_reply *reply)
{
    struct env *env = ctx;
    assert_int_equal(reply->status, 200);
    env->pages++;
    snprintf(env->path, sizeof(env->path), "%s", path);
    snprintf(env->accept, sizeof(env->accept), "%s", reply->accept);
    reply->status = env->status;
    reply->content_type = "text/x-test";
    fputs("the page\n", body);
}

static struct te_endpoint loopback(uint16_t port)
{
    struct te_endpoint endpoint = {.port = port};
    assert_true(te_addr_parse("127.0.0.1", &endpoint.addr));
    return endpoint;
}

static struct http *serve(struct env *env, uint16_t port, char *ret_message)
{
    const struct http_options options = {.address = loopback(port), .page = page, .ctx = env};
    return http_new(&env->loop.uv, &options, ret_message);
}

static void serve_checking(struct env *env)
{
    char message[HTTP_MESSAGE_MAX];
    const struct http_options options = {
        .address = loopback(0), .page = page, .ctx = env, .checks_host = true};
    env->http = http_new(&env->loop.uv, &options, message);
    assert_non_null(env->http);
    env->port = (uint16_t)atoi(strrchr(http_address(env->http), ':') + 1);
}

static int setup(void **state)
{
    struct env *env = calloc(1, sizeof(*env));
    char message[HTTP_MESSAGE_MAX] = "";
    t_loop_init(&env->loop);
    log_set_level((enum log_level)0);
    env->status = 200;
    env->http = serve(env, 0, message);
    assert_string_equal(message, "");
    assert_non_null(env->http);
    env->port = (uint16_t)atoi(strrchr(http_address(env->http), ':') + 1);
    *state = env;
    return 0;
}

static int teardown(void **state)
{
    struct env *env = *state;
    http_free(env->http);
    t_loop_done(&env->loop);
    free(env);
    return 0;
}

static int client_open(const struct env *env)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(env->port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* True at the end of the answer, which is collected. */
static bool has_answered(void *ctx)
{
    struct env *env = ctx;
    char *end = env->answer + env->answer_len;
    ssize_t len = recv(env->fd, end, ANSWER_MAX - 1 - env->answer_len, 0);
    if (len > 0)
        env->answer_len += (size_t)len;
    env->answer[env->answer_len] = '\0';
    return len == 0 || (len < 0 && errno != EAGAIN);
}

/* The whole answer to text on fd, until the server closes it. */
static const char *exchange(struct env *env, int fd, const char *text)
{
    env->fd = fd;
    env->answer_len = 0;
    t_write(&env->loop, fd, text, strlen(text));
    t_turn_until(&env->loop, has_answered, env);
    close(fd);
    return env->answer;
}

static const char *get(struct env *env, const char *path)
{
    char request[128];
    snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);
    return exchange(env, client_open(env), request);
}

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static void assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("no '%s' in: %s", part, text);
}

/* --- requests --------------------------------------------------------------------------------- */

static void test_page_is_served_and_the_connection_closed(void **state)
{
    struct env *env = *state;
    const char *answer = get(env, "/metrics");
    assert_true(begins_with(answer, "HTTP/1.1 200 "));
    assert_contains(answer, "Content-Type: text/x-test\r\n");
    assert_contains(answer, "Content-Length: 9\r\n");
    assert_contains(answer, "Connection: close\r\n");
    assert_contains(answer, "\r\n\r\nthe page\n");
    assert_string_equal(env->path, "/metrics");
    assert_int_equal(env->pages, 1);
}

/* The page loads nothing and runs nothing, whatever it may contain. */
static void test_every_answer_has_the_protective_headers(void **state)
{
    struct env *env = *state;
    const char *answer = get(env, "/");
    assert_contains(answer, "Content-Security-Policy: default-src 'none'");
    assert_contains(answer, "X-Content-Type-Options: nosniff\r\n");
    assert_contains(answer, "Cache-Control: no-store\r\n");
}

static void test_status_is_the_pages(void **state)
{
    struct env *env = *state;
    env->status = 503;
    const char *answer = get(env, "/healthz");
    assert_true(begins_with(answer, "HTTP/1.1 503 "));
    assert_contains(answer, "the page\n");
}

static void test_other_methods_are_refused(void **state)
{
    struct env *env = *state;
    static const char *const requests[] = {
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
        "DELETE / HTTP/1.1\r\nHost: x\r\n\r\n", "OPTIONS / HTTP/1.1\r\nHost: x\r\n\r\n"};
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        const char *answer = exchange(env, client_open(env), requests[i]);
        assert_true(begins_with(answer, "HTTP/1.1 405 "));
        assert_contains(answer, "Allow: GET, HEAD\r\n");
    }
    assert_int_equal(env->pages, 0);
}

/* The same header as for GET, and no body. */
static void test_head_is_get_without_the_body(void **state)
{
    struct env *env = *state;
    const char *answer = exchange(env, client_open(env), "HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(begins_with(answer, "HTTP/1.1 200 "));
    assert_contains(answer, "Content-Length: 9\r\n");
    assert_contains(answer, "Content-Type: text/x-test\r\n");
    assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
    assert_string_equal(env->path, "/a");
}

static void test_what_the_client_accepts(void **state)
{
    struct env *env = *state;
    get(env, "/a");
    assert_string_equal(env->accept, "");
    exchange(env, client_open(env),
             "GET /a HTTP/1.1\r\nHost: x\r\naccept: a/b;q=0.5\r\n"
             "Accept-Encoding: gzip\r\nAccept: c/d\r\n\r\n");
    assert_string_equal(env->accept, "a/b;q=0.5,c/d");
}

static void test_absolute_form_names_the_same_page(void **state)
{
    static const char *const rows[][2] = {{"http://x/a", "/a"},
                                          {"HTTP://x:80/a/b?c", "/a/b"},
                                          {"http://x", "/"},
                                          {"http://x?c", "/"}};
    struct env *env = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_true(begins_with(get(env, rows[i][0]), "HTTP/1.1 200 "));
        assert_string_equal(env->path, rows[i][1]);
    }
}

static const char *ask_host(struct env *env, const char *target, const char *headers)
{
    char request[256];
    snprintf(request, sizeof(request), "GET %s\r\n%s\r\n", target, headers);
    return exchange(env, client_open(env), request);
}

static void test_requests_for_others_are_misdirected(void **state)
{
    static const char *const ours[][2] = {
        {"/ HTTP/1.1", "Host: localhost\r\n"},
        {"/ HTTP/1.1", "Host: 127.0.0.1:9409\r\n"},
        {"/ HTTP/1.1", "Host: \t [::1]:9409 \t\r\n"}, /* RFC 9112 5.1 */
        {"/ HTTP/1.0", ""},                           /* which knows no Host */
        {"http://localhost/ HTTP/1.1", "Host: evil.example\r\n"} /* ignored: RFC 9112 3.2.2 */};
    static const char *const foreign[][2] = {
        {"/ HTTP/1.1", "Host: evil.example\r\n"},
        {"/ HTTP/1.1", ""},
        {"/ HTTP/1.1", "Host:\r\n"},
        {"/ HTTP/1.0", "Host: evil.example\r\n"},
        {"http://evil.example/ HTTP/1.1", "Host: localhost\r\n"}};
    struct env *env = *state;
    http_free(env->http);
    serve_checking(env);
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        assert_true(begins_with(ask_host(env, ours[i][0], ours[i][1]), "HTTP/1.1 200 ") ||
                    begins_with(env->answer, "HTTP/1.0 200 "));
    assert_int_equal(env->pages, 5);
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
        assert_memory_equal(ask_host(env, foreign[i][0], foreign[i][1]) + 8, " 421 ", 5);
    assert_true(begins_with(ask_host(env, "/ HTTP/1.1", "Host: localhost\r\nHost: localhost\r\n"),
                            "HTTP/1.1 400 "));
    assert_int_equal(env->pages, 5);
}

/* As many as fit: arguments, headers and cookies cost MHD memory of their own. */
static void test_many_small_things_fit_the_header(void **state)
{
    static char request[HTTP_MEMORY_BYTES + 1];
    static const char *const parts[][3] = {
        {"GET /a?", "b&", " HTTP/1.1\r\nHost: x\r\n\r\n"},
        {"GET /a HTTP/1.1\r\nHost: x\r\n", "X: 1\r\n", "\r\n"},
        {"GET /a HTTP/1.1\r\nHost: x\r\nCookie: ", "c=1; ", "c=2\r\n\r\n"}};
    struct env *env = *state;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        size_t len = (size_t)snprintf(request, sizeof(request), "%s", parts[i][0]);
        size_t part = strlen(parts[i][1]), end = HTTP_MEMORY_BYTES - strlen(parts[i][2]);
        for (; len + part <= end; len += part)
            memcpy(request + len, parts[i][1], part);
        strcpy(request + len, parts[i][2]);
        assert_true(begins_with(exchange(env, client_open(env), request), "HTTP/1.1 200 "));
        assert_string_equal(env->path, "/a");
    }
    assert_int_equal(env->pages, 3);
}

static void test_garbage_is_no_request(void **state)
{
    struct env *env = *state;
    const char *answer = exchange(env, client_open(env), "\x16\x03\x01 hello\r\n\r\n");
    assert_false(begins_with(answer, "HTTP/1.1 200 "));
    assert_int_equal(env->pages, 0);
    assert_true(begins_with(get(env, "/"), "HTTP/1.1 200 "));
}

static void test_header_beyond_its_memory_is_refused(void **state)
{
    struct env *env = *state;
    static char request[2 * HTTP_MEMORY_BYTES];
    int len = snprintf(request, sizeof(request), "GET / HTTP/1.1\r\nHost: x\r\nX-Long: ");
    memset(request + len, 'x', sizeof(request) - 5 - (size_t)len);
    memcpy(request + sizeof(request) - 5, "\r\n\r\n", 5);
    const char *answer = exchange(env, client_open(env), request);
    assert_false(begins_with(answer, "HTTP/1.1 200 "));
    assert_int_equal(env->pages, 0);
}

/* --- limits ----------------------------------------------------------------------------------- */

/* Silent clients take every place; the next one is served as soon as one of them goes. */
static void test_connections_are_limited(void **state)
{
    struct env *env = *state;
    int silent[HTTP_CONNECTIONS_MAX];
    for (unsigned i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
        silent[i] = client_open(env);
        t_turn(&env->loop);
    }
    int fd = client_open(env);
    t_write(&env->loop, fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27);
    t_turn_for(&env->loop, 50);
    assert_int_equal(env->pages, 0);
    close(silent[0]);
    assert_true(begins_with(exchange(env, fd, ""), "HTTP/1.1 200 "));
    for (unsigned i = 1; i < HTTP_CONNECTIONS_MAX; i++)
        close(silent[i]);
}

/* Nobody has to go for it: the idle ones make room, however many wait before it. */
static void test_idle_connections_make_room(void **state)
{
    enum { IDLE = 40 };
    struct env *env = *state;
    int idle[IDLE];
    for (unsigned i = 0; i < IDLE; i++)
        idle[i] = client_open(env);
    t_write(&env->loop, idle[0], "GET / HTTP/1.1\r\nX-Slow: ", 24); /* a request, but never whole */
    uint64_t before_ms = uv_hrtime() / 1000000;
    int fd = client_open(env);
    t_write(&env->loop, fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27);
    assert_true(begins_with(exchange(env, fd, ""), "HTTP/1.1 200 "));
    /* Far less than their deadline, which each eight of them had to be waited for. */
    assert_true(uv_hrtime() / 1000000 - before_ms < HTTP_DEADLINE_MS);
    for (unsigned i = 0; i < IDLE; i++)
        close(idle[i]);
}

/* Where nobody waits an idle connection keeps its place. */
static void test_idle_connections_stay_when_nobody_waits(void **state)
{
    struct env *env = *state;
    int idle[HTTP_CONNECTIONS_MAX];
    for (unsigned i = 0; i < HTTP_CONNECTIONS_MAX; i++)
        idle[i] = client_open(env);
    t_turn_for(&env->loop, 3 * HTTP_IDLE_MS);
    for (unsigned i = 0; i < HTTP_CONNECTIONS_MAX; i++)
        assert_true(begins_with(exchange(env, idle[i], "GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
                                "HTTP/1.1 200 "));
}

/* --- life ------------------------------------------------------------------------------------- */

static void test_address_names_the_port_that_was_chosen(void **state)
{
    struct env *env = *state;
    assert_true(env->port != 0);
    assert_true(begins_with(http_address(env->http), "127.0.0.1:"));
}

static void test_port_in_use_is_told(void **state)
{
    struct env *env = *state;
    char message[HTTP_MESSAGE_MAX] = "";
    assert_null(serve(env, env->port, message));
    assert_contains(message, http_address(env->http));
    assert_contains(message, "the port is in use");
    assert_contains(message, "--http");
}

static void test_port_is_free_again_at_once(void **state)
{
    struct env *env = *state;
    char message[HTTP_MESSAGE_MAX] = "";
    get(env, "/"); /* leaves TIME_WAIT behind at the port */
    http_free(env->http);
    env->http = serve(env, env->port, message);
    assert_string_equal(message, "");
    assert_non_null(env->http);
    assert_true(begins_with(get(env, "/"), "HTTP/1.1 200 "));
}

static void test_free_closes_connections(void **state)
{
    struct env *env = *state;
    int fd = client_open(env);
    t_turn_for(&env->loop, 5);
    http_free(env->http);
    env->http = NULL;
    t_expect_closed(&env->loop, fd);
    http_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_page_is_served_and_the_connection_closed),
        TEST(test_every_answer_has_the_protective_headers),
        TEST(test_status_is_the_pages),
        TEST(test_what_the_client_accepts),
        TEST(test_other_methods_are_refused),
        TEST(test_head_is_get_without_the_body),
        TEST(test_absolute_form_names_the_same_page),
        TEST(test_requests_for_others_are_misdirected),
        TEST(test_many_small_things_fit_the_header),
        TEST(test_idle_connections_make_room),
        TEST(test_idle_connections_stay_when_nobody_waits),
        TEST(test_garbage_is_no_request),
        TEST(test_header_beyond_its_memory_is_refused),
        TEST(test_connections_are_limited),
        TEST(test_address_names_the_port_that_was_chosen),
        TEST(test_port_in_use_is_told),
        TEST(test_port_is_free_again_at_once),
        TEST(test_free_closes_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
