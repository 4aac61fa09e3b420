/* Options of streams: at the opening, and afterwards. */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "world.h"

#define PORT 7002

static enum tcpc_code set(struct tcpc_stream *stream, const char *name, int64_t value)
{
    return tcpc_stream_set_option(stream, name, value, &world.error);
}

static void has_flags(const struct tcpc_stream *stream, bool nagle, bool keepalive)
{
    struct tcpc_response *response = world_status(tcpc_stream_id(stream));
    assert_int_equal(response->u.status.nagle, nagle);
    assert_int_equal(response->u.status.keepalive, keepalive);
    tcpc_response_free(response);
}

static void switches_on_and_off(void **state)
{
    (void)state;
    struct tcpc_stream *stream = world_open_stream(world.channel);
    has_flags(stream, true, false);
    world_check(set(stream, "nagle", 0));
    has_flags(stream, false, false);
    world_check(set(stream, "keepalive", 1));
    has_flags(stream, false, true);
    world_check(set(stream, "nagle", 1));
    world_check(set(stream, "keepalive", 0));
    has_flags(stream, true, false);
    tcpc_stream_close(stream);
}

/* Without sizes a ring is the largest that is of use: a fast peer does not fill it while the
 * program is woken. */
static void rings_of_nobodys_choice(void **state)
{
    char byte = 'a';
    size_t len;
    (void)state;
    struct tcpc_stream *stream = world_open_stream(world.channel);
    world_check(tcpc_stream_write(stream, &byte, 1, PATIENCE_MS, &len, &world.error));
    world_peer_expect("a", 1);
    world_peer_send("b", 1);
    assert_int_equal(world_stream_read(stream, &byte, 1), 1);
    struct tcpc_response *response = world_status(tcpc_stream_id(stream));
    assert_in_range(response->u.status.rcv_wnd, (4 << 20) / 10 * 9, 4 << 20);
    tcpc_response_free(response);
    tcpc_stream_close(stream);
}

static void has_timer(const struct tcpc_stream *stream, const char *timer, int64_t below_ms)
{
    struct tcpc_response *response = world_status(tcpc_stream_id(stream));
    assert_string_equal(response->u.status.connection.timer, timer);
    assert_in_range(response->u.status.connection.timer_ms, 0, below_ms);
    tcpc_response_free(response);
}

/* The times of keepalive: two hours by default. */
static void keepalive_times(void **state)
{
    (void)state;
    struct tcpc_stream *stream = world_open_stream(world.channel);
    world_check(set(stream, "keepalive_idle_ms", 600000));
    world_check(set(stream, "keepalive_interval_ms", 1000));
    world_check(set(stream, "keepalive_probes", 3));
    world_check(set(stream, "keepalive", 1));
    has_timer(stream, "keepalive", 600000);
    tcpc_stream_close(stream);
}

static void congestion_control(void **state)
{
    static const char *const names[] = {"reno", "bbr", "cubic"};
    (void)state;
    struct tcpc_stream *stream = world_open_stream(world.channel);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        world_check(tcpc_stream_set_congestion_control(stream, names[i], &world.error));
        struct tcpc_response *response = world_status(tcpc_stream_id(stream));
        assert_string_equal(response->u.status.congestion_control, names[i]);
        tcpc_response_free(response);
    }
    assert_int_equal(tcpc_stream_set_congestion_control(stream, "none", &world.error),
                     TCPC_INVALID_ARGUMENT);
    assert_non_null(strstr(world.error.message, "none"));
    assert_int_equal(tcpc_stream_set_congestion_control(stream, "longer than a slot", &world.error),
                     TCPC_INVALID_ARGUMENT);
    tcpc_stream_close(stream);
}

/* All that the daemon names, with values in and out of range: the codes of tcpc_set_option(). */
static void all_options_as_by_request(void **state)
{
    static const int64_t values[] = {INT64_MIN, -1, 0, 1, 2, 1000, 100000, INT64_MAX};
    struct tcpc_response *response;
    (void)state;
    struct tcpc_stream *stream = world_open_stream(world.channel);
    close(world.peer);
    uint64_t twin = world_open();
    world_check(tcpc_daemon_status(world.client, &response, &world.error));
    const struct tcpc_daemon_status *daemon = &response->u.daemon;
    assert_true(daemon->option_count >= 20);
    unsigned refused = 0, taken = 0;
    for (size_t i = 0; i < daemon->option_count; i++)
        for (size_t at = 0; at < sizeof(values) / sizeof(values[0]); at++) {
            const char *name = daemon->options[i].name;
            enum tcpc_code code =
                tcpc_set_option(world.client, twin, name, values[at], &world.error);
            if (set(stream, name, values[at]) != code)
                fail_msg("%s %" PRId64 ": %d by request", name, values[at], (int)code);
            taken += code == TCPC_OK;
            refused += code == TCPC_INVALID_ARGUMENT;
        }
    assert_true(taken >= daemon->option_count - 1 && refused >= daemon->option_count);
    tcpc_response_free(response);
    tcpc_stream_close(stream);
}

static void what_is_no_option(void **state)
{
    (void)state;
    struct tcpc_stream *stream = world_open_stream(world.channel);
    assert_int_equal(set(stream, "", 1), TCPC_INVALID_ARGUMENT);
    assert_int_equal(set(stream, "nodelay", 1), TCPC_INVALID_ARGUMENT);
    assert_non_null(strstr(world.error.message, "nodelay"));
    assert_int_equal(set(stream, "nagle, with far more behind it", 1), TCPC_INVALID_ARGUMENT);
    assert_int_equal(set(stream, "congestion_control", 1), TCPC_INVALID_ARGUMENT);
    has_flags(stream, true, false);
    tcpc_stream_close(stream);
}

static void where_there_is_nothing_to_set(void **state)
{
    const struct tcpc_endpoint local = {.port = PORT};
    struct tcpc_stream *listener;
    char byte;
    size_t len;
    (void)state;
    world_check(tcpc_stream_listen(world.channel, &local, 0, &listener, &world.error));
    assert_int_equal(set(listener, "nagle", 0), TCPC_BAD_STATE);
    tcpc_stream_close(listener);
    struct tcpc_stream *stream = world_open_stream(world.channel);
    const struct linger at_once = {.l_onoff = 1};
    setsockopt(world.peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(world.peer);
    world.peer = -1;
    assert_int_equal(tcpc_stream_read(stream, &byte, 1, PATIENCE_MS, &len, &world.error),
                     TCPC_RESET);
    assert_int_equal(set(stream, "nagle", 0), TCPC_BAD_STATE);
    tcpc_stream_close(stream);
}

/* Without waiting for the peer, and with bytes written before and after. */
static void while_it_opens(void **state)
{
    struct tcpc_stream *stream;
    size_t len;
    (void)state;
    world_check(tcpc_stream_open(world.channel, NULL, &world.remote, 0, &stream, &world.error));
    world_check(tcpc_stream_write(stream, "before ", 7, 0, &len, &world.error));
    world_check(set(stream, "nagle", 0));
    world_check(tcpc_stream_write(stream, "after", 5, 0, &len, &world.error));
    world_accept();
    world_peer_expect("before after", 12);
    has_flags(stream, false, false);
    tcpc_stream_close(stream);
}

/* Bytes that wait to be read, and room to write, are there afterwards as before. */
static void nothing_else_changes(void **state)
{
    struct tcpc_span spans[2];
    (void)state;
    struct tcpc_stream *stream = world_open_stream(world.channel);
    world_peer_send("unread", 6);
    while (tcpc_stream_peek(stream, spans) < 6)
        ;
    size_t room = tcpc_stream_reserve(stream, 1, spans);
    tcpc_stream_commit(stream, 0);
    world_check(set(stream, "delayed_ack", 0));
    assert_int_equal(tcpc_stream_peek(stream, spans), 6);
    assert_memory_equal(spans[0].bytes, "unread", 6);
    assert_int_equal(tcpc_stream_reserve(stream, 1, spans), room);
    tcpc_stream_commit(stream, 0);
    assert_int_equal(tcpc_stream_code(stream), TCPC_OK);
    tcpc_stream_abort(stream);
    world_peer_expect_reset();
}

/* --- at the opening --------------------------------------------------------------------------- */

static void the_first_bytes(void **state)
{
    char bytes[100000];
    struct tcpc_open open = {
        .remote = world.remote, .wait_ms = PATIENCE_MS, .data = bytes, .len = sizeof(bytes)};
    struct tcpc_stream *stream;
    size_t len;
    (void)state;
    world_fill((uint8_t *)bytes, 0, sizeof(bytes), true);
    world_check(tcpc_stream_open_with(world.channel, &open, &stream, &world.error));
    world_accept();
    world_peer_expect(bytes, sizeof(bytes));
    world_check(tcpc_stream_write(stream, "more", 4, PATIENCE_MS, &len, &world.error));
    world_peer_expect("more", 4);
    tcpc_stream_close(stream);
    world_peer_expect_end();
    open.len = 2 * 1024 * 1024;
    assert_int_equal(tcpc_stream_open_with(world.channel, &open, &stream, &world.error),
                     TCPC_INVALID_ARGUMENT);
    open = (struct tcpc_open){.remote = world.remote, .listener_id = 1};
    assert_int_equal(tcpc_stream_open_with(world.channel, &open, &stream, &world.error),
                     TCPC_INVALID_ARGUMENT);
    open = (struct tcpc_open){.is_passive = true, .local.port = PORT, .data = "x", .len = 1};
    assert_int_equal(tcpc_stream_open_with(world.channel, &open, &stream, &world.error),
                     TCPC_INVALID_ARGUMENT);
}

static uint64_t counter(const char *name)
{
    struct tcpc_response *response;
    uint64_t value = UINT64_MAX;
    world_check(tcpc_counters(world.client, &response, &world.error));
    for (size_t i = 0; i < response->u.counters.count; i++)
        if (strcmp(response->u.counters.rows[i].name, name) == 0)
            value = response->u.counters.rows[i].value;
    tcpc_response_free(response);
    assert_true(value != UINT64_MAX);
    return value;
}

/* The first one asks for a cookie, and the next ones have it. */
static void with_the_syn(void **state)
{
    const struct tcpc_open open = {.remote = world.remote,
                                   .wait_ms = PATIENCE_MS,
                                   .fast_open = true,
                                   .data = "words",
                                   .len = 5};
    const int queue = 16;
    (void)state;
    uint64_t before = counter("fast_open_active");
    setsockopt(world.listener, IPPROTO_TCP, TCP_FASTOPEN, &queue, sizeof(queue));
    for (unsigned i = 0; i < 3; i++) {
        struct tcpc_stream *stream;
        world_check(tcpc_stream_open_with(world.channel, &open, &stream, &world.error));
        world_accept();
        world_peer_expect("words", 5);
        world_peer_send("answer", 6);
        char got[6];
        assert_int_equal(world_stream_read(stream, got, 6), 6);
        assert_int_equal(counter("fast_open_active") - before, i);
        tcpc_stream_close(stream);
        world_peer_expect_end();
        close(world.peer);
    }
    world.peer = -1;
}

static void connect_fast(const struct tcpc_stream *listener)
{
    struct sockaddr_in address;
    socklen_t len = sizeof(address);
    int probe = world.peer; /* its other end is the engine's address */
    assert_int_equal(getpeername(probe, (struct sockaddr *)&address, &len), 0);
    address.sin_port = htons(tcpc_stream_local(listener).port);
    world.peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(sendto(world.peer, "words", 5, MSG_FASTOPEN | MSG_NOSIGNAL,
                            (struct sockaddr *)&address, len),
                     5);
    close(probe);
}

static void peers_data_with_their_syn(void **state)
{
    const struct tcpc_open open = {.is_passive = true, .local.port = PORT, .fast_open = true};
    struct tcpc_stream *listener, *stream;
    (void)state;
    uint64_t before = counter("fast_open_passive");
    tcpc_stream_close(world_open_stream(world.channel));
    world_check(tcpc_stream_open_with(world.channel, &open, &listener, &world.error));
    for (unsigned i = 0; i < 3; i++) {
        char got[5];
        connect_fast(listener);
        world_check(tcpc_stream_accept(listener, PATIENCE_MS, &stream, &world.error));
        assert_int_equal(world_stream_read(stream, got, 5), 5);
        assert_memory_equal(got, "words", 5);
        assert_int_equal(counter("fast_open_passive") - before, i);
        tcpc_stream_close(stream);
    }
    tcpc_stream_close(listener);
}

/* A listener for one peer alone: nobody else is let in. */
static void for_one_peer(void **state)
{
    const struct tcpc_open open = {
        .is_passive = true, .local.port = PORT, .remote.address = "192.0.2.77"};
    struct tcpc_stream *listener;
    struct sockaddr_in address;
    socklen_t len = sizeof(address);
    (void)state;
    struct tcpc_stream *stream = world_open_stream(world.channel);
    assert_int_equal(getpeername(world.peer, (struct sockaddr *)&address, &len), 0);
    world_check(tcpc_stream_open_with(world.channel, &open, &listener, &world.error));
    address.sin_port = htons(PORT);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, len), -1);
    assert_int_equal(errno, ECONNREFUSED);
    close(fd);
    tcpc_stream_close(listener);
    tcpc_stream_close(stream);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        CASE(switches_on_and_off),
        CASE(rings_of_nobodys_choice),
        CASE(keepalive_times),
        CASE(congestion_control),
        CASE(all_options_as_by_request),
        CASE(what_is_no_option),
        CASE(where_there_is_nothing_to_set),
        CASE(while_it_opens),
        CASE(nothing_else_changes),
        CASE(the_first_bytes),
        CASE(with_the_syn),
        CASE(peers_data_with_their_syn),
        CASE(for_one_peer),
    };
    world_init(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
