/* The server's side of the live page: answers that take several turns, and streams. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support.h"
#include "watch/http.h"

#define TURNS 5
#define ANSWER_MAX ((size_t)256 * 1024)

struct env {
    struct t_loop loop;
    struct turns turns;
    struct http *http;
    struct http_stream *streams[HTTP_STREAMS_MAX]; /* the server's */
    unsigned stream_count, gone, freed, turns_taken;
    bool may_stream; /* as it was said last */
    char argument[64];
    int fd;
    char answer[ANSWER_MAX];
    size_t answer_len;
};

static void page(void *ctx, const char *path, FILE *body, struct http_reply *reply)
{
    (void)ctx;
    (void)path;
    (void)reply;
    fputs("the page\n", body);
}

static void on_gone(void *ctx)
{
    struct env *env = ctx;
    env->gone++;
}

static void work_free(void *work)
{
    *(unsigned *)work += 1;
}

static void answer_slowly(struct env *env, struct http_exchange *exchange)
{
    exchange->work = &env->freed;
    exchange->work_free = work_free;
    exchange->is_unfinished = ++env->turns_taken % TURNS != 0;
    fputs("part of turn\n", exchange->body);
}

static void answer_stream(struct env *env, struct http_exchange *exchange)
{
    env->may_stream = exchange->may_stream;
    if (!exchange->may_stream) {
        exchange->reply.status = 503;
        exchange->retry_after_s = 7;
        return;
    }
    exchange->stream = http_stream_new(on_gone, env);
    assert_non_null(exchange->stream);
    env->streams[env->stream_count++] = exchange->stream;
    exchange->reply.content_type = "text/event-stream";
}

static bool live(void *ctx, struct http_exchange *exchange)
{
    struct env *env = ctx;
    const char *argument = http_argument(exchange, "a");
    snprintf(env->argument, sizeof(env->argument), "%s", argument != NULL ? argument : "none");
    if (strcmp(exchange->path, "/slow") == 0)
        answer_slowly(env, exchange);
    else if (strcmp(exchange->path, "/stream") == 0)
        answer_stream(env, exchange);
    else if (strcmp(exchange->path, "/live") == 0)
        fputs("live\n", exchange->body);
    else
        return false;
    return true;
}

static int setup(void **state)
{
    struct env *env = calloc(1, sizeof(*env));
    struct http_options options = {
        .page = page, .ctx = env, .live = live, .live_ctx = env, .turns = &env->turns};
    char message[HTTP_MESSAGE_MAX] = "";
    t_loop_init(&env->loop);
    assert_true(turns_init(&env->turns, &env->loop.uv, 4));
    turns_start(&env->turns);
    assert_true(te_addr_parse("127.0.0.1", &options.address.addr));
    env->http = http_new(&env->loop.uv, &options, message);
    assert_string_equal(message, "");
    *state = env;
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    (void)handle;
}

static int teardown(void **state)
{
    struct env *env = *state;
    http_free(env->http);
    turns_close(&env->turns, on_closed, NULL);
    t_loop_done(&env->loop);
    turns_done(&env->turns);
    free(env);
    return 0;
}

static int ask_as(const struct env *env, const char *method, const char *target)
{
    char text[256];
    unsigned port = (unsigned)atoi(strrchr(http_address(env->http), ':') + 1);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int few = 4096;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &few, sizeof(few));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    int len =
        snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\nHost: localhost\r\n\r\n", method, target);
    assert_int_equal(send(fd, text, (size_t)len, 0), len);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static int ask(const struct env *env, const char *target)
{
    return ask_as(env, "GET", target);
}

/* Takes what has come; true at the end. */
static bool take(void *ctx)
{
    struct env *env = ctx;
    for (;;) {
        ssize_t len =
            recv(env->fd, env->answer + env->answer_len, ANSWER_MAX - 1 - env->answer_len, 0);
        if (len <= 0)
            return len == 0 || errno != EAGAIN;
        env->answer_len += (size_t)len;
        env->answer[env->answer_len] = '\0';
    }
}

static const char *answer_to(struct env *env, const char *target)
{
    env->fd = ask(env, target);
    env->answer_len = 0;
    t_turn_until(&env->loop, take, env);
    close(env->fd);
    return env->answer;
}

static const char *wanted;

static bool has_wanted(void *ctx)
{
    struct env *env = ctx;
    take(env);
    return env->answer_len > 0 && strstr(env->answer, wanted) != NULL;
}

static void expect(struct env *env, const char *text)
{
    wanted = text;
    t_turn_until(&env->loop, has_wanted, env);
}

static void write_text(struct env *env, unsigned stream, const char *text)
{
    assert_true(http_stream_write(env->streams[stream], text, strlen(text)));
    http_wake(env->http);
}

static bool is_one_gone(void *ctx)
{
    struct env *env = ctx;
    return env->gone > 0;
}

/* --- tests ------------------------------------------------------------------------------------ */

static void test_live_page_is_asked_first(void **state)
{
    struct env *env = *state;
    assert_non_null(strstr(answer_to(env, "/live?a=b%20c+d&e"), "\r\n\r\nlive\n"));
    assert_string_equal(env->argument, "b c d");
    assert_non_null(strstr(answer_to(env, "/other"), "\r\n\r\nthe page\n"));
    assert_string_equal(env->argument, "none");
}

/* A zero byte would end the text, and what comes after it would be lost without a word. */
static void test_zero_bytes_are_no_ends(void **state)
{
    struct env *env = *state;
    assert_non_null(strstr(answer_to(env, "/live%00.css"), "\r\n\r\nthe page\n"));
    assert_non_null(strstr(answer_to(env, "/live?a=b%00c"), "\r\n\r\nlive\n"));
    assert_string_equal(env->argument, "b%00c");
}

/* What the last turn has written is the answer; what was kept between turns is freed once. */
static void test_answers_of_several_turns(void **state)
{
    struct env *env = *state;
    const char *answer = answer_to(env, "/slow");
    assert_non_null(strstr(answer, "\r\n\r\npart of turn\n"));
    assert_null(strstr(strstr(answer, "part") + 1, "part"));
    assert_int_equal(env->turns_taken, TURNS);
    assert_int_equal(env->freed, 1);
}

static void test_others_get_turns_in_between(void **state)
{
    struct env *env = *state;
    int slow = ask(env, "/slow");
    while (env->turns_taken == 0)
        t_turn(&env->loop);
    assert_non_null(strstr(answer_to(env, "/live"), "\r\n\r\nlive\n"));
    assert_true(t_expect_closed(&env->loop, slow) > 0);
    assert_int_equal(env->freed, 1);
}

static void test_client_leaves_an_unfinished_answer(void **state)
{
    struct env *env = *state;
    int slow = ask(env, "/slow");
    while (env->turns_taken == 0)
        t_turn(&env->loop);
    close(slow);
    answer_to(env, "/live");
    while (env->freed == 0)
        t_turn(&env->loop);
    assert_int_equal(env->freed, 1);
}

static void test_a_stream_goes_on(void **state)
{
    struct env *env = *state;
    env->fd = ask(env, "/stream");
    expect(env, "text/event-stream");
    write_text(env, 0, "first\n");
    expect(env, "first\n");
    write_text(env, 0, "second\n");
    expect(env, "second\n");
    assert_int_equal(env->gone, 0);
    env->streams[0]->is_ended = true;
    http_wake(env->http);
    t_turn_until(&env->loop, take, env);
    close(env->fd);
    t_turn_until(&env->loop, is_one_gone, env);
}

static void test_a_viewer_goes(void **state)
{
    struct env *env = *state;
    env->fd = ask(env, "/stream");
    expect(env, "text/event-stream");
    close(env->fd);
    for (unsigned i = 0; env->gone == 0 && i < 1000; i++) {
        write_text(env, 0, "x");
        t_turn_for(&env->loop, 1);
    }
    assert_int_equal(env->gone, 1);
}

/* One that does not read fills its buffer, and nothing else. */
static void test_a_slow_viewer_fills_its_own_buffer(void **state)
{
    struct env *env = *state;
    static char block[4096];
    unsigned written = 0;
    memset(block, 'x', sizeof(block));
    int fd = ask(env, "/stream");
    while (env->stream_count == 0)
        t_turn(&env->loop);
    for (unsigned i = 0; i < 1000; i++) {
        written += http_stream_write(env->streams[0], block, sizeof(block));
        http_wake(env->http);
        t_turn(&env->loop);
    }
    assert_in_range(written, 16, 128); /* its buffer, the kernel's, and what is on its way */
    assert_false(http_stream_write(env->streams[0], block, sizeof(block)));
    assert_non_null(strstr(answer_to(env, "/live"), "\r\n\r\nlive\n"));
    close(fd);
    t_turn_until(&env->loop, is_one_gone, env);
}

static void test_streams_leave_room(void **state)
{
    struct env *env = *state;
    int fds[HTTP_STREAMS_MAX];
    for (unsigned i = 0; i < HTTP_STREAMS_MAX; i++) {
        fds[i] = ask(env, "/stream");
        while (env->stream_count == i)
            t_turn(&env->loop);
        assert_int_equal(http_stream_count(env->http), i + 1);
    }
    const char *refusal = answer_to(env, "/stream");
    assert_false(env->may_stream);
    assert_non_null(strstr(refusal, "503"));
    assert_non_null(strstr(refusal, "Retry-After: 7\r\n"));
    int others[HTTP_CONNECTIONS_MAX]; /* silent, and still there is room for as many */
    for (unsigned i = 0; i < HTTP_CONNECTIONS_MAX - 1; i++)
        others[i] = ask_as(env, "GE", "");
    for (unsigned i = 0; i < 20; i++)
        assert_non_null(strstr(answer_to(env, "/live"), "\r\n\r\nlive\n"));
    assert_int_equal(env->gone, 0);
    for (unsigned i = 0; i < HTTP_CONNECTIONS_MAX - 1; i++)
        close(others[i]);
    for (unsigned i = 0; i < HTTP_STREAMS_MAX; i++)
        close(fds[i]);
}

/* Nothing is written to it, which would find it out: one more that comes does. */
static void test_who_has_gone_makes_room(void **state)
{
    struct env *env = *state;
    int fds[HTTP_STREAMS_MAX];
    for (unsigned i = 0; i < HTTP_STREAMS_MAX; i++) {
        fds[i] = ask(env, "/stream");
        while (env->stream_count == i)
            t_turn(&env->loop);
    }
    close(fds[3]);
    t_turn_for(&env->loop, 20);
    assert_int_equal(http_stream_count(env->http), HTTP_STREAMS_MAX);
    assert_non_null(strstr(answer_to(env, "/stream"), "503"));
    http_wake(env->http);
    t_turn_until(&env->loop, is_one_gone, env);
    assert_int_equal(http_stream_count(env->http), HTTP_STREAMS_MAX - 1);
    for (unsigned i = 0; i < HTTP_STREAMS_MAX; i++)
        if (i != 3)
            close(fds[i]);
}

/* Its header, and no body: not even the end of one. */
static void test_head_of_a_stream(void **state)
{
    struct env *env = *state;
    env->fd = ask_as(env, "HEAD", "/stream");
    t_turn_until(&env->loop, take, env);
    close(env->fd);
    assert_non_null(strstr(env->answer, "text/event-stream"));
    assert_string_equal(strstr(env->answer, "\r\n\r\n"), "\r\n\r\n");
    t_turn_until(&env->loop, is_one_gone, env);
}

/* Some wait for their turn, some for more of their stream. */
static void test_free_while_they_wait(void **state)
{
    struct env *env = *state;
    int stream = ask(env, "/stream"), slow = ask(env, "/slow");
    while (env->stream_count == 0 || env->turns_taken == 0)
        t_turn(&env->loop);
    http_free(env->http);
    env->http = NULL;
    assert_int_equal(env->gone, 1);
    assert_int_equal(env->freed, 1);
    t_expect_closed(&env->loop, stream);
    t_expect_closed(&env->loop, slow);
}

static void test_buffer_wraps_around(void **state)
{
    static char in[HTTP_STREAM_BYTES], out[HTTP_STREAM_BYTES];
    struct http_stream *stream = http_stream_new(on_gone, NULL);
    (void)state;
    for (size_t i = 0; i < sizeof(in); i++)
        in[i] = (char)(i * 7);
    assert_true(http_stream_write(stream, in, 40000));
    assert_int_equal(http_stream_read(stream, out, 30000), 30000);
    assert_true(http_stream_write(stream, in + 40000, 20000));
    assert_false(http_stream_write(stream, in, HTTP_STREAM_BYTES - 29999));
    assert_true(http_stream_write(stream, in, HTTP_STREAM_BYTES - 30000));
    assert_int_equal(http_stream_read(stream, out, sizeof(out)), HTTP_STREAM_BYTES);
    assert_memory_equal(out, in + 30000, 30000);
    assert_memory_equal(out + 30000, in, HTTP_STREAM_BYTES - 30000);
    assert_int_equal(http_stream_read(stream, out, sizeof(out)), 0);
    http_stream_free(stream);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_live_page_is_asked_first),
        TEST(test_zero_bytes_are_no_ends),
        TEST(test_answers_of_several_turns),
        TEST(test_others_get_turns_in_between),
        TEST(test_client_leaves_an_unfinished_answer),
        TEST(test_a_stream_goes_on),
        TEST(test_a_viewer_goes),
        TEST(test_a_slow_viewer_fills_its_own_buffer),
        TEST(test_streams_leave_room),
        TEST(test_who_has_gone_makes_room),
        TEST(test_head_of_a_stream),
        TEST(test_free_while_they_wait),
        cmocka_unit_test(test_buffer_wraps_around),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
