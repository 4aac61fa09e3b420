#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sp/sp_server.h"
#include "support.h"
#include "util/log.h"

#define HELD_MAX 16
#define FRAME_HEADER_BYTES 13 /* 01, be64 length, be32 id */
#define PIECE_BYTES ((size_t)9)
#define NEVER_MS (100 * T_PATIENCE_MS)
#define TIMEOUT_MS 60
#define TIMEOUT_MAX_MS 8000
#define ANSWER_BYTES ((size_t)100 * 1024)

/* A server whose requests say by their first byte what is to be done. */
struct env {
    struct t_loop loop;
    struct t_dir dir;
    struct sp_server_options options;
    struct sp_server *server;
    struct sp_request *held[HELD_MAX];
    unsigned held_count, requests, links_closed, drained;
    uint64_t too_long;
    char last[64];
    uint8_t answer[ANSWER_BYTES];
};

static void on_request(void *ctx, struct sp_link *link, struct sp_request *request,
                       const uint8_t *body, size_t len)
{
    struct env *env = ctx;
    const char *refusal = sp_link_refusal(link) != NULL ? sp_link_refusal(link) : "none";
    env->requests++;
    snprintf(env->last, sizeof(env->last), "%.*s", (int)len, (const char *)body);
    if (len > 0 && body[0] == 'h')
        env->held[env->held_count++] = request;
    else if (len > 0 && body[0] == 'b')
        sp_reply(request, env->answer, sizeof(env->answer));
    else if (len > 0 && body[0] == 'r')
        sp_reply(request, (const uint8_t *)refusal, strlen(refusal));
    else
        sp_reply(request, body, len);
}

static void on_too_long(void *ctx, struct sp_link *link, struct sp_request *request, uint64_t len)
{
    (void)link;
    ((struct env *)ctx)->too_long = len;
    sp_reply(request, (const uint8_t *)"long", 4);
}

static void on_link_drained(void *ctx, struct sp_link *link)
{
    (void)link;
    ((struct env *)ctx)->drained++;
}

static void on_link_closed(void *ctx, struct sp_link *link)
{
    (void)link;
    ((struct env *)ctx)->links_closed++;
}

static int try_start(struct env *env)
{
    const struct sp_server_callbacks callbacks = {env,  on_request,    on_too_long, on_link_drained,
                                                  NULL, on_link_closed};
    env->options.path = env->dir.socket;
    return sp_server_new(&env->loop.uv, &env->options, &callbacks, &env->server);
}

static int setup(void **state)
{
    struct env *env = calloc(1, sizeof(*env));
    t_loop_init(&env->loop);
    t_dir_init(&env->dir);
    sp_server_options_init(&env->options);
    env->options.links_reserve = 0; /* the tests may run as root */
    /* Never due, however slowly a busy machine runs us; tests of timeouts have their own. */
    env->options.hello_timeout_ms = NEVER_MS;
    env->options.message_timeout_ms = NEVER_MS;
    env->options.stall_timeout_ms = NEVER_MS;
    assert_int_equal(try_start(env), 0);
    *state = env;
    return 0;
}

static int teardown(void **state)
{
    struct env *env = *state;
    sp_server_free(env->server);
    for (unsigned i = 0; i < env->held_count; i++)
        sp_request_drop(env->held[i]);
    t_loop_done(&env->loop);
    t_dir_done(&env->dir);
    free(env);
    return 0;
}

static void restart(struct env *env)
{
    sp_server_free(env->server);
    env->server = NULL;
    t_turn(&env->loop);
    assert_int_equal(try_start(env), 0);
}

static int link_open(struct env *env)
{
    return t_connect_greeted(&env->loop, env->dir.socket);
}

static void ask(struct env *env, int fd, uint32_t id, const char *text)
{
    t_write_message(&env->loop, fd, id, text, strlen(text));
}

static void expect(struct env *env, int fd, uint32_t id, const char *text)
{
    static uint8_t body[T_MESSAGE_MAX];
    uint32_t got;
    size_t len = t_read_message(&env->loop, fd, &got, body);
    assert_int_equal(got, id);
    assert_int_equal(len, strlen(text));
    assert_memory_equal(body, text, len);
}

static const struct sp_counters *counters(const struct env *env)
{
    return sp_server_counters(env->server);
}

/* --- speaking --------------------------------------------------------------------------------- */

static void test_echo(void **state)
{
    struct env *env = *state;
    int fd = link_open(env);
    ask(env, fd, 7, "echo");
    expect(env, fd, 7, "echo");
    ask(env, fd, 8, "");
    expect(env, fd, 8, "");
    assert_int_equal(counters(env)->requests, 2);
    assert_int_equal(counters(env)->replies, 2);
    close(fd);
}

static void test_hops_of_devices_are_echoed(void **state)
{
    struct env *env = *state;
    static const uint8_t frame[] = {1, 0, 0,    0, 0, 0, 0,    0, 13, 0, 0,
                                    0, 5, 0x11, 2, 3, 4, 0x80, 0, 0,  9, 'x'};
    uint8_t reply[sizeof(frame)];
    int fd = link_open(env);
    t_write(&env->loop, fd, frame, sizeof(frame));
    t_read(&env->loop, fd, reply, sizeof(reply));
    assert_memory_equal(reply, frame, sizeof(frame));
    close(fd);
}

static void test_too_many_hops_end_the_link(void **state)
{
    struct env *env = *state;
    uint8_t message[4 * (SP_HOPS_MAX + 2)] = {0};
    uint8_t frame[9 + sizeof(message)] = {1, 0, 0, 0, 0, 0, 0, 0, sizeof(message)};
    frame[9 + 4 * (SP_HOPS_MAX + 1)] = 0x80;
    int fd = link_open(env);
    t_write(&env->loop, fd, frame, sizeof(frame));
    t_expect_closed(&env->loop, fd);
    assert_int_equal(counters(env)->messages_malformed, 1);
}

static void test_two_clients_at_once(void **state)
{
    struct env *env = *state;
    int a = link_open(env), b = link_open(env);
    ask(env, a, 1, "held");
    ask(env, b, 2, "quick");
    expect(env, b, 2, "quick");
    sp_reply(env->held[--env->held_count], (const uint8_t *)"late", 4);
    expect(env, a, 1, "late");
    close(a);
    close(b);
}

static void test_answers_in_any_order(void **state)
{
    struct env *env = *state;
    int fd = link_open(env);
    ask(env, fd, 1, "h1");
    ask(env, fd, 2, "h2");
    while (env->held_count > 0)
        sp_reply(env->held[--env->held_count], NULL, 0);
    expect(env, fd, 2, "");
    expect(env, fd, 1, "");
    close(fd);
}

static void test_repeat_is_seen(void **state)
{
    struct env *env = *state;
    int fd = link_open(env);
    ask(env, fd, 1, "h");
    ask(env, fd, 1, "h");
    ask(env, fd, 2, "h");
    assert_true(sp_request_is_repeat(env->held[0], env->held[1]));
    assert_false(sp_request_is_repeat(env->held[0], env->held[2]));
    close(fd);
}

static void test_many_requests_in_one_write(void **state)
{
    struct env *env = *state;
    uint8_t bytes[500 * 14];
    size_t len = 0;
    int fd = link_open(env);
    for (uint32_t id = 0; id < 500; id++)
        len += t_frame(bytes + len, id, "x", 1);
    t_write(&env->loop, fd, bytes, len);
    for (uint32_t id = 0; id < 500; id++)
        expect(env, fd, id, "x");
    close(fd);
}

static bool has_two_requests(void *ctx)
{
    return ((struct env *)ctx)->requests >= 2;
}

static void test_a_flood_leaves_others_their_turn(void **state)
{
    struct env *env = *state;
    static uint8_t bytes[10000 * 14];
    size_t len = 0;
    env->requests = 0;
    int flood = link_open(env), honest = link_open(env);
    for (uint32_t id = 0; id < 10000; id++)
        len += t_frame(bytes + len, id, "x", 1);
    assert_true(send(flood, bytes, len, MSG_NOSIGNAL) > 100000);
    t_turn_until(&env->loop, has_two_requests, env);
    ask(env, honest, 1, "y"); /* takes one turn of the loop */
    t_turn(&env->loop);
    t_turn(&env->loop);
    assert_false(t_is_quiet(honest));
    assert_in_range(env->requests, 2, 1000); /* of 10,000: the flood is far from over */
    close(flood);
    close(honest);
}

/* --- malformed -------------------------------------------------------------------------------- */

static void test_garbage_for_a_greeting(void **state)
{
    struct env *env = *state;
    int fd = t_connect(env->dir.socket);
    t_write(&env->loop, fd, "GET / HTTP/1.1\r\n", 16);
    t_expect_closed(&env->loop, fd);
    assert_int_equal(counters(env)->hello_bad, 1);
}

static void test_greeting_of_another_protocol(void **state)
{
    struct env *env = *state;
    int fd = t_connect(env->dir.socket);
    t_write(&env->loop, fd, "\0SP\0\x00\x31\0\0", 8);
    t_expect_closed(&env->loop, fd);
    assert_int_equal(counters(env)->hello_bad, 1);
}

static void test_greeting_byte_by_byte(void **state)
{
    struct env *env = *state;
    int fd = t_connect(env->dir.socket);
    for (int i = 0; i < 8; i++)
        t_write(&env->loop, fd, &"\0SP\0\x00\x30\0\0"[i], 1);
    uint8_t hello[8];
    t_read(&env->loop, fd, hello, sizeof(hello));
    ask(env, fd, 1, "x");
    expect(env, fd, 1, "x");
    close(fd);
}

static void test_no_greeting_in_time(void **state)
{
    struct env *env = *state;
    env->options.hello_timeout_ms = TIMEOUT_MS;
    restart(env);
    int fd = t_connect(env->dir.socket);
    assert_int_equal(t_expect_closed(&env->loop, fd), 8);
    assert_int_equal(counters(env)->hello_timeouts, 1);
}

static void test_unknown_frame_type(void **state)
{
    struct env *env = *state;
    int fd = link_open(env);
    t_write(&env->loop, fd, "\x02", 1);
    t_expect_closed(&env->loop, fd);
    assert_int_equal(counters(env)->messages_malformed, 1);
}

static void test_message_without_id(void **state)
{
    struct env *env = *state;
    for (uint8_t len = 0; len < 4; len++) {
        uint8_t frame[] = {1, 0, 0, 0, 0, 0, 0, 0, len, 0x80, 0, 0, 0};
        int fd = link_open(env);
        t_write(&env->loop, fd, frame, 9u + len);
        t_expect_closed(&env->loop, fd);
        assert_int_equal(counters(env)->messages_malformed, len + 1u);
    }
}

static void test_longest_message_passes(void **state)
{
    struct env *env = *state;
    static uint8_t body[SP_MESSAGE_MAX_BYTES], echo[T_MESSAGE_MAX];
    uint32_t id;
    int fd = link_open(env);
    size_t len = SP_REPLY_MAX_BYTES;
    memset(body, 'z', sizeof(body));
    t_write_message(&env->loop, fd, 3, body, len);
    assert_int_equal(t_read_message(&env->loop, fd, &id, echo), len);
    assert_memory_equal(body, echo, len);
    close(fd);
}

static void test_one_byte_too_long_is_answered(void **state)
{
    struct env *env = *state;
    static uint8_t body[SP_MESSAGE_MAX_BYTES];
    int fd = link_open(env);
    t_write_message(&env->loop, fd, 3, body, SP_MESSAGE_MAX_BYTES - 3);
    expect(env, fd, 3, "long");
    assert_int_equal(env->too_long, SP_MESSAGE_MAX_BYTES + 1);
    assert_int_equal(env->requests, 0);
    ask(env, fd, 4, "and the link goes on");
    expect(env, fd, 4, "and the link goes on");
    assert_int_equal(counters(env)->messages_too_long, 1);
    close(fd);
}

static void test_huge_length_costs_nothing(void **state)
{
    struct env *env = *state;
    uint8_t frame[9 + 36] = {1, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x80, 0, 0, 1};
    int fd = link_open(env);
    t_write(&env->loop, fd, frame, sizeof(frame));
    assert_int_equal(t_expect_closed(&env->loop, fd), 13 + 4); /* the answer */
    assert_true(env->too_long == 0x7fffffffffffffff);
}

static void test_cut_off_at_every_byte(void **state)
{
    struct env *env = *state;
    uint8_t bytes[64] = "\0SP\0\x00\x30\0";
    size_t len = 8 + t_frame(bytes + 8, 5, "abc", 3);
    for (size_t cut = 0; cut < len; cut++) {
        int fd = t_connect(env->dir.socket);
        t_write(&env->loop, fd, bytes, cut);
        t_turn(&env->loop);
        close(fd);
        t_turn(&env->loop);
    }
    assert_int_equal(env->requests, 0);
    for (size_t cut = 0; cut < len; cut++) { /* and in two halves it is whole */
        int fd = t_connect(env->dir.socket);
        t_write(&env->loop, fd, bytes, cut);
        t_turn(&env->loop);
        t_write(&env->loop, fd, bytes + cut, len - cut);
        uint8_t hello[8];
        t_read(&env->loop, fd, hello, sizeof(hello));
        expect(env, fd, 5, "abc");
        close(fd);
    }
    assert_int_equal(env->requests, len);
}

/* --- slow and silent -------------------------------------------------------------------------- */

static void test_dripping_message_ends_the_link(void **state)
{
    struct env *env = *state;
    env->options.message_timeout_ms = TIMEOUT_MS;
    restart(env);
    int fd = link_open(env), honest = link_open(env);
    uint8_t frame[64];
    size_t len = t_frame(frame, 1, "dripping", 8), sent = 0;
    while (sent < len && counters(env)->message_timeouts == 0) {
        send(fd, frame + sent++, 1, MSG_NOSIGNAL);
        t_turn_for(&env->loop, 20);
        ask(env, honest, 9, "x");
        expect(env, honest, 9, "x");
    }
    assert_int_equal(counters(env)->message_timeouts, 1);
    t_expect_closed(&env->loop, fd);
    close(honest);
}

static int64_t now_ms(void)
{
    return (int64_t)(uv_hrtime() / 1000000);
}

/* Tests that a client in time stays. On a busy machine the client itself may be late, and then
 * rightly be closed: attempt answers false, and is made again with twice the time. A client that
 * was in time by its own clock and is closed all the same fails the test at once. */
static void in_time(struct env *env, bool (*attempt)(struct env *env, unsigned timeout_ms))
{
    for (unsigned timeout_ms = TIMEOUT_MS; timeout_ms <= TIMEOUT_MAX_MS; timeout_ms *= 2) {
        env->options.hello_timeout_ms = timeout_ms;
        env->options.message_timeout_ms = timeout_ms;
        env->options.stall_timeout_ms = timeout_ms;
        restart(env);
        if (attempt(env, timeout_ms))
            return;
    }
    fail_msg("this machine is too busy to tell");
}

/* The timeout that counter counts has struck: rightly, when what began at start_ms took that long.
 */
static bool was_late(uint64_t counter, int64_t start_ms, unsigned timeout_ms)
{
    if (counter > 0)
        assert_true(now_ms() - start_ms >= timeout_ms);
    return counter > 0;
}

static bool idle_link_stays(struct env *env, unsigned timeout_ms)
{
    int64_t start_ms = now_ms();
    char hello[8];
    int fd = t_connect(env->dir.socket);
    send(fd, "\0SP\0\x00\x30\0\0", sizeof(hello), MSG_NOSIGNAL);
    for (t_turn(&env->loop); counters(env)->hello_timeouts == 0; t_turn(&env->loop))
        if (recv(fd, hello, sizeof(hello), 0) == (ssize_t)sizeof(hello))
            break;
    t_turn(&env->loop);
    bool is_late = was_late(counters(env)->hello_timeouts, start_ms, timeout_ms);
    if (!is_late) {
        t_turn_for(&env->loop, timeout_ms * 5 / 2);
        ask(env, fd, 1, "still here");
        expect(env, fd, 1, "still here");
    }
    close(fd);
    return !is_late;
}

static void test_idle_link_stays(void **state)
{
    in_time(*state, idle_link_stays);
}

/* Two messages in pieces of 9 bytes, with pauses: each in time, both together not. The second
 * begins in the piece that ends the first. */
static bool slow_but_steady_messages_stay(struct env *env, unsigned timeout_ms)
{
    uint8_t frames[32];
    size_t len = t_frame(frames, 1, "x", 1), first_len = len;
    bool is_late = false;
    env->options.hello_timeout_ms = NEVER_MS; /* not what this is about */
    restart(env);
    int fd = link_open(env);
    int64_t start_ms = now_ms(); /* of the message that is under way */
    len += t_frame(frames + len, 2, "y", 1);
    for (size_t at = 0; at < len && !is_late; at += PIECE_BYTES) {
        int64_t piece_ms = now_ms();
        t_write(&env->loop, fd, frames + at, at + PIECE_BYTES < len ? PIECE_BYTES : len - at);
        is_late = was_late(counters(env)->message_timeouts, start_ms, timeout_ms);
        if (at < first_len && at + PIECE_BYTES > first_len)
            start_ms = piece_ms;
        if (at + PIECE_BYTES < len)
            t_turn_for(&env->loop, timeout_ms * 2 / 5);
        is_late = is_late || was_late(counters(env)->message_timeouts, start_ms, timeout_ms);
    }
    if (!is_late) {
        expect(env, fd, 1, "x");
        expect(env, fd, 2, "y");
    }
    close(fd);
    return !is_late;
}

static void test_slow_but_steady_messages_stay(void **state)
{
    in_time(*state, slow_but_steady_messages_stay);
}

/* Asks for big answers until the server no longer reads. */
static unsigned flood_with_requests(struct env *env, int fd)
{
    uint8_t frame[32];
    size_t len = t_frame(frame, 1, "big", 3);
    unsigned count = 0;
    while (counters(env)->output_pauses == 0 && count < 1000) {
        if (send(fd, frame, len, MSG_NOSIGNAL) == (ssize_t)len)
            count++;
        t_turn(&env->loop);
    }
    return count;
}

static void test_client_that_never_reads_is_closed(void **state)
{
    struct env *env = *state;
    env->options.stall_timeout_ms = TIMEOUT_MS;
    restart(env);
    int fd = link_open(env), honest = link_open(env);
    flood_with_requests(env, fd);
    assert_int_equal(counters(env)->output_pauses, 1);
    for (int i = 0; i < 100 && counters(env)->output_stalls == 0; i++) {
        ask(env, honest, 9, "x");
        expect(env, honest, 9, "x");
        t_turn_for(&env->loop, 5);
    }
    assert_int_equal(counters(env)->output_stalls, 1);
    t_expect_closed(&env->loop, fd);
    close(honest);
}

/* A client that sees when the server last sent it something. */
struct watcher {
    struct env *env;
    int fd;
    size_t received, arrived; /* read so far; that, and what is there to be read */
    int64_t progress_ms;      /* before the turn in which bytes last arrived */
};

static void watcher_turn(struct watcher *watcher)
{
    int64_t before_ms = now_ms();
    int waiting = 0;
    t_turn(&watcher->env->loop);
    ioctl(watcher->fd, FIONREAD, &waiting);
    size_t arrived = watcher->received + (size_t)waiting;
    if (arrived > watcher->arrived)
        watcher->progress_ms = before_ms;
    watcher->arrived = arrived;
}

/* Waits, then reads one answer; false when the server has closed the link. */
static bool watcher_read_slowly(struct watcher *watcher, unsigned wait_ms)
{
    static uint8_t bytes[FRAME_HEADER_BYTES + ANSWER_BYTES];
    int64_t until_ms = now_ms() + wait_ms;
    while (now_ms() < until_ms)
        watcher_turn(watcher);
    for (size_t got = 0; got < sizeof(bytes);) {
        ssize_t n = recv(watcher->fd, bytes, sizeof(bytes) - got, 0);
        if (n == 0 || (n < 0 && errno != EAGAIN))
            return false;
        got += n > 0 ? (size_t)n : 0;
        watcher->received += n > 0 ? (size_t)n : 0;
        if (n < 0)
            watcher_turn(watcher);
    }
    return true;
}

/* Reads so slowly that the link stays full for longer than the timeout, though bytes go out in
 * time: the kernel lets the server write again when three quarters of the socket's buffer are free.
 */
static bool slow_reader_gets_everything(struct env *env, unsigned timeout_ms)
{
    env->drained = 0;
    env->options.output_pause_bytes = (size_t)512 * 1024;
    restart(env);
    struct watcher watcher = {.env = env, .fd = link_open(env), .progress_ms = now_ms()};
    int64_t begin_ms = watcher.progress_ms, full_ms = 0;
    unsigned count = flood_with_requests(env, watcher.fd);
    bool is_late = now_ms() - begin_ms > timeout_ms / 4;
    assert_true(count > 4);
    for (unsigned i = 0; i < count && !is_late; i++) {
        bool is_whole = watcher_read_slowly(&watcher, timeout_ms * 2 / 5);
        is_late = was_late(counters(env)->output_stalls, watcher.progress_ms, timeout_ms);
        assert_true(is_whole || is_late);
        if (env->drained == 0)
            full_ms = now_ms() - begin_ms;
    }
    if (!is_late) {
        assert_true(full_ms > timeout_ms);
        assert_true(env->drained > 0);
        ask(env, watcher.fd, 2, "x");
        expect(env, watcher.fd, 2, "x");
    }
    close(watcher.fd);
    return !is_late;
}

static void test_slow_reader_gets_everything(void **state)
{
    in_time(*state, slow_reader_gets_everything);
}

static void test_late_answers_beyond_the_cap_end_the_link(void **state)
{
    struct env *env = *state;
    int fd = link_open(env);
    for (uint32_t i = 0; i < HELD_MAX; i++)
        ask(env, fd, i, "h");
    assert_int_equal(env->held_count, HELD_MAX);
    while (env->held_count > 0)
        sp_reply(env->held[--env->held_count], env->answer, sizeof(env->answer));
    assert_int_equal(counters(env)->output_overflows, 1);
    t_expect_closed(&env->loop, fd);
}

/* --- ends ------------------------------------------------------------------------------------- */

static bool is_link_gone(void *ctx)
{
    return ((struct env *)ctx)->links_closed > 0;
}

static void test_reply_after_the_links_end(void **state)
{
    struct env *env = *state;
    int fd = link_open(env);
    ask(env, fd, 1, "h");
    ask(env, fd, 2, "h");
    close(fd);
    t_turn_until(&env->loop, is_link_gone, env);
    sp_reply(env->held[0], (const uint8_t *)"x", 1);
    sp_request_drop(env->held[1]);
    env->held_count = 0;
    assert_int_equal(sp_server_link_count(env->server), 0);
}

static void test_thousand_abrupt_connects(void **state)
{
    struct env *env = *state;
    for (int i = 0; i < 1000; i++) {
        close(t_connect(env->dir.socket));
        if (i % 10 == 0)
            t_turn(&env->loop);
    }
    int fd = link_open(env);
    ask(env, fd, 1, "alive");
    expect(env, fd, 1, "alive");
    close(fd);
}

static void test_server_ends_with_open_links(void **state)
{
    struct env *env = *state;
    int fd = link_open(env);
    ask(env, fd, 1, "h");
    sp_server_free(env->server);
    env->server = NULL;
    assert_int_equal(env->links_closed, 1);
    t_expect_closed(&env->loop, fd);
    assert_int_equal(access(env->dir.socket, F_OK), -1);
}

static void test_stop_listening_keeps_links(void **state)
{
    struct env *env = *state;
    int fd = link_open(env);
    sp_server_stop_listening(env->server);
    assert_int_equal(t_try_connect(env->dir.socket), -1);
    ask(env, fd, 1, "x");
    expect(env, fd, 1, "x");
    close(fd);
}

/* --- limits ----------------------------------------------------------------------------------- */

static void test_links_of_one_uid_are_limited(void **state)
{
    struct env *env = *state;
    int fds[17];
    for (int i = 0; i < 16; i++)
        fds[i] = link_open(env);
    fds[16] = t_connect(env->dir.socket);
    t_expect_closed(&env->loop, fds[16]);
    assert_int_equal(counters(env)->links_refused_uid, 1);
    close(fds[0]);
    t_turn_until(&env->loop, is_link_gone, env);
    fds[0] = link_open(env);
    for (int i = 0; i < 16; i++)
        close(fds[i]);
}

static void restart_for_one_link(struct env *env, int64_t refused_timeout_ms)
{
    env->options.links_per_uid_max = 1;
    env->options.refused_timeout_ms = refused_timeout_ms;
    restart(env);
}

static void test_a_refused_link_is_answered_then_closed(void **state)
{
    struct env *env = *state;
    restart_for_one_link(env, TIMEOUT_MS);
    int fd = link_open(env), late = link_open(env);
    assert_int_equal(sp_server_link_count(env->server), 1);
    ask(env, late, 1, "r"); /* answered with the refusal: on_request */
    expect(env, late, 1, "too many of this uid: links_per_uid_max is 1");
    t_expect_closed(&env->loop, late);
    ask(env, fd, 1, "r");
    expect(env, fd, 1, "none");
    close(fd);
}

/* Neither asking, nor a message that never ends, nor silence keeps it longer. */
static void test_a_refused_link_cannot_stay(void **state)
{
    static const uint8_t begun[] = {1, 0, 0, 0, 0, 0, 0, 1};
    struct env *env = *state;
    restart_for_one_link(env, TIMEOUT_MS);
    int fd = link_open(env), slow = link_open(env), silent = t_connect(env->dir.socket);
    ask(env, slow, 1, "x");
    expect(env, slow, 1, "x");
    t_write(&env->loop, slow, begun, sizeof(begun));
    t_expect_closed(&env->loop, slow);
    t_expect_closed(&env->loop, silent);
    assert_int_equal(counters(env)->message_timeouts + counters(env)->hello_timeouts, 0);
    close(fd);
}

static void test_refused_links_are_limited(void **state)
{
    struct env *env = *state;
    int refused[4];
    env->options.refused_uid_max = 4;
    restart_for_one_link(env, NEVER_MS);
    int fd = link_open(env);
    for (int i = 0; i < 4; i++)
        refused[i] = link_open(env);
    assert_int_equal(t_expect_closed(&env->loop, t_connect(env->dir.socket)), 0);
    assert_int_equal(counters(env)->links_refused_uid, 5);
    ask(env, refused[3], 1, "r");
    expect(env, refused[3], 1, "too many of this uid: links_per_uid_max is 1");
    env->links_closed = 0;
    close(refused[0]);
    t_turn_until(&env->loop, is_link_gone, env);
    refused[0] = link_open(env); /* told again, as one fewer is being told */
    for (int i = 0; i < 4; i++)
        close(refused[i]);
    close(fd);
}

static void test_refused_links_in_all_are_limited(void **state)
{
    struct env *env = *state;
    env->options.refused_max = 2;
    env->options.links_max = env->options.links_per_uid_max = 1;
    env->options.refused_timeout_ms = NEVER_MS;
    restart(env);
    int fds[3] = {link_open(env), link_open(env), link_open(env)};
    assert_int_equal(t_expect_closed(&env->loop, t_connect(env->dir.socket)), 0);
    ask(env, fds[2], 1, "r");
    expect(env, fds[2], 1, "too many in all: links_max is 1");
    for (int i = 0; i < 3; i++)
        close(fds[i]);
}

static void test_links_in_all_are_limited(void **state)
{
    struct env *env = *state;
    int fds[4];
    env->options.links_max = 3;
    restart(env);
    for (int i = 0; i < 3; i++)
        fds[i] = link_open(env);
    fds[3] = t_connect(env->dir.socket);
    t_expect_closed(&env->loop, fds[3]);
    assert_int_equal(counters(env)->links_refused_all, 1);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
}

static void test_no_descriptors_left(void **state)
{
    struct env *env = *state;
    struct rlimit before, few;
    int old = link_open(env), fd = t_connect(env->dir.socket);
    getrlimit(RLIMIT_NOFILE, &before);
    few = before;
    few.rlim_cur = (rlim_t)fd + 1; /* every number up to it is taken */
    while (open("/dev/null", O_RDONLY) >= 0 && few.rlim_cur < 200)
        few.rlim_cur++;
    setrlimit(RLIMIT_NOFILE, &few);
    while (open("/dev/null", O_RDONLY) >= 0)
        ;
    t_expect_closed(&env->loop, fd); /* told, and not left hanging */
    assert_true(counters(env)->links_refused_files >= 1);
    ask(env, old, 1, "x");
    expect(env, old, 1, "x");
    setrlimit(RLIMIT_NOFILE, &before);
    for (int i = old + 1; i < 256; i++)
        if (i != uv_backend_fd(&env->loop.uv))
            close(i);
    fd = link_open(env);
    ask(env, fd, 2, "again");
    expect(env, fd, 2, "again");
    close(fd);
    close(old);
}

/* --- the socket's file ------------------------------------------------------------------------ */

static void test_mode_and_directory(void **state)
{
    struct env *env = *state;
    struct stat st;
    assert_int_equal(stat(env->dir.socket, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(st.st_mode & 0777, 0660);
    assert_int_equal(stat(env->dir.path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0755);
}

static void test_missing_directory_is_made(void **state)
{
    struct env *env = *state;
    struct stat st;
    char directory[96];
    sp_server_free(env->server);
    env->server = NULL;
    snprintf(directory, sizeof(directory), "%s/run", env->dir.path);
    snprintf(env->dir.socket, sizeof(env->dir.socket), "%s/run/socket", env->dir.path);
    assert_int_equal(try_start(env), 0);
    assert_int_equal(stat(directory, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0750);
}

static void test_live_daemon_is_left_alone(void **state)
{
    struct env *env = *state;
    struct sp_server *first = env->server;
    log_set_level((enum log_level)0);
    assert_int_equal(try_start(env), -EADDRINUSE);
    env->server = first;
    int fd = link_open(env);
    ask(env, fd, 1, "x");
    expect(env, fd, 1, "x");
    close(fd);
}

static void test_stale_file_is_replaced(void **state)
{
    struct env *env = *state;
    char saved[96];
    snprintf(saved, sizeof(saved), "%s/saved", env->dir.path);
    assert_int_equal(rename(env->dir.socket, saved), 0);
    sp_server_free(env->server); /* removes nothing: the file is not at its place */
    assert_int_equal(rename(saved, env->dir.socket), 0);
    assert_int_equal(try_start(env), 0);
    int fd = link_open(env);
    close(fd);
}

static void test_file_that_is_no_socket_is_kept(void **state)
{
    struct env *env = *state;
    struct stat st;
    sp_server_free(env->server);
    env->server = NULL;
    close(open(env->dir.socket, O_CREAT | O_WRONLY, 0600));
    log_set_level((enum log_level)0);
    assert_true(try_start(env) < 0);
    assert_int_equal(stat(env->dir.socket, &st), 0);
    assert_true(S_ISREG(st.st_mode));
}

static void test_another_daemons_file_is_kept(void **state)
{
    struct env *env = *state;
    struct sp_server *first = env->server;
    unlink(env->dir.socket);
    assert_int_equal(try_start(env), 0);
    sp_server_free(first);
    int fd = link_open(env);
    close(fd);
}

static void test_path_too_long(void **state)
{
    struct env *env = *state;
    const struct sp_server_callbacks callbacks = {env,  on_request,    on_too_long, on_link_drained,
                                                  NULL, on_link_closed};
    struct sp_server *server;
    char path[200];
    memset(path, 'x', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    env->options.path = path;
    log_set_level((enum log_level)0);
    assert_int_equal(sp_server_new(&env->loop.uv, &env->options, &callbacks, &server),
                     -ENAMETOOLONG);
}

static void test_peer_is_known(void **state)
{
    struct sp_peer peer;
    int fds[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    assert_true(sp_peer_find(fds[0], SP_PEER_NO_GROUP, &peer));
    assert_int_equal(peer.uid, geteuid());
    assert_int_equal(peer.pid, getpid());
    assert_true(peer.is_admin);
    close(fds[0]);
    close(fds[1]);
    assert_false(sp_peer_find(-1, SP_PEER_NO_GROUP, &peer));
}

static void test_groups_are_found(void **state)
{
    gid_t gid = 99;
    (void)state;
    assert_true(sp_group_find("root", &gid));
    assert_int_equal(gid, 0);
    assert_true(sp_group_find("1234", &gid));
    assert_int_equal(gid, 1234);
    assert_false(sp_group_find("no such group", &gid));
    assert_false(sp_group_find("12x", &gid));
    assert_false(sp_group_find("", &gid));
    assert_int_equal(gid, 1234);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_echo),
        TEST(test_hops_of_devices_are_echoed),
        TEST(test_too_many_hops_end_the_link),
        TEST(test_two_clients_at_once),
        TEST(test_answers_in_any_order),
        TEST(test_repeat_is_seen),
        TEST(test_many_requests_in_one_write),
        TEST(test_a_flood_leaves_others_their_turn),
        TEST(test_garbage_for_a_greeting),
        TEST(test_greeting_of_another_protocol),
        TEST(test_greeting_byte_by_byte),
        TEST(test_no_greeting_in_time),
        TEST(test_unknown_frame_type),
        TEST(test_message_without_id),
        TEST(test_longest_message_passes),
        TEST(test_one_byte_too_long_is_answered),
        TEST(test_huge_length_costs_nothing),
        TEST(test_cut_off_at_every_byte),
        TEST(test_dripping_message_ends_the_link),
        TEST(test_idle_link_stays),
        TEST(test_slow_but_steady_messages_stay),
        TEST(test_client_that_never_reads_is_closed),
        TEST(test_slow_reader_gets_everything),
        TEST(test_late_answers_beyond_the_cap_end_the_link),
        TEST(test_reply_after_the_links_end),
        TEST(test_thousand_abrupt_connects),
        TEST(test_server_ends_with_open_links),
        TEST(test_stop_listening_keeps_links),
        TEST(test_links_of_one_uid_are_limited),
        TEST(test_a_refused_link_is_answered_then_closed),
        TEST(test_a_refused_link_cannot_stay),
        TEST(test_refused_links_are_limited),
        TEST(test_refused_links_in_all_are_limited),
        TEST(test_links_in_all_are_limited),
        TEST(test_no_descriptors_left),
        TEST(test_mode_and_directory),
        TEST(test_missing_directory_is_made),
        TEST(test_live_daemon_is_left_alone),
        TEST(test_stale_file_is_replaced),
        TEST(test_file_that_is_no_socket_is_kept),
        TEST(test_another_daemons_file_is_kept),
        TEST(test_path_too_long),
        cmocka_unit_test(test_peer_is_known),
        cmocka_unit_test(test_groups_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
