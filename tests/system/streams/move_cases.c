/* tcpc_stream_move(): a connection that was opened by a request goes on in a channel, whatever
 * state it is in. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "world.h"

#define TOTAL (24u * 1024 * 1024) /* more than all buffers on the way hold */
#define BY_REQUEST (1024u * 1024)

static enum tcpc_code move_to(struct tcpc_channel *channel, uint64_t id,
                              struct tcpc_stream **ret_stream)
{
    *ret_stream = NULL;
    return tcpc_stream_move(channel, world.client, id, ret_stream, &world.error);
}

static struct tcpc_stream *moved(uint64_t id)
{
    struct tcpc_stream *stream;
    world_check(move_to(world.channel, id, &stream));
    assert_int_equal(tcpc_stream_id(stream), id);
    return stream;
}

/* Nothing is in the slot that was meant for it: all of them can be used. */
static void check_no_slot_is_lost(void)
{
    struct tcpc_stream *streams[8];
    for (int i = 0; i < 8; i++)
        world_check(tcpc_stream_open(world.channel, NULL, &world.remote, PATIENCE_MS, &streams[i],
                                     &world.error));
    for (int i = 0; i < 8; i++)
        tcpc_stream_abort(streams[i]);
}

static void write_all(struct tcpc_stream *stream, const void *bytes, size_t len)
{
    size_t taken = 0;
    world_check(tcpc_stream_write(stream, bytes, len, PATIENCE_MS, &taken, &world.error));
    assert_int_equal(taken, len);
}

/* --- in flight -------------------------------------------------------------------------------- */

static void *send_much(void *arg)
{
    uint8_t *bytes = malloc(TOTAL);
    (void)arg;
    world_fill(bytes, 0, TOTAL, false);
    bool is_sent = send(world.peer, bytes, TOTAL, MSG_NOSIGNAL) == TOTAL;
    shutdown(world.peer, SHUT_WR);
    free(bytes);
    return is_sent ? "" : NULL;
}

static void *receive_much(void *arg)
{
    uint8_t *bytes = malloc(TOTAL + 1);
    (void)arg;
    ssize_t len = recv(world.peer, bytes, TOTAL + 1, MSG_WAITALL);
    bool is_right = len == TOTAL && world_is_right(bytes, 0, TOTAL, true);
    free(bytes);
    return is_right ? "" : NULL;
}

static void receive_by_requests(uint64_t id, uint8_t *bytes, size_t len)
{
    for (size_t done = 0, got; done < len; done += got) {
        got = len - done;
        world_check(tcpc_receive(world.client, id, bytes + done, &got, PATIENCE_MS, &world.error));
    }
}

/* What a fast peer has sent ahead may be more than a ring holds: then some is read before. */
static struct tcpc_stream *moved_in_time(uint64_t id, uint8_t *bytes, size_t *done)
{
    struct tcpc_stream *stream;
    enum tcpc_code code;
    while ((code = move_to(world.channel, id, &stream)) == TCPC_RESOURCES) {
        assert_true(*done < TOTAL / 2);
        receive_by_requests(id, bytes + *done, BY_REQUEST);
        *done += BY_REQUEST;
    }
    world_check(code);
    return stream;
}

/* Both directions are full while it moves: queues, windows, and bytes on their way. */
static void bytes_in_flight_both_ways(void **state)
{
    pthread_t sender, receiver;
    void *was_sent, *was_right;
    uint8_t *bytes = malloc(TOTAL);
    (void)state;
    uint64_t id = world_open();
    assert_int_equal(pthread_create(&sender, NULL, send_much, NULL), 0);
    world_fill(bytes, 0, TOTAL, true);
    uint64_t sent, received;
    assert_int_equal(tcpc_send(world.client, id, bytes, TOTAL, 0, &world.error), TCPC_AGAIN);
    tcpc_stream_offsets(world.client, id, &sent, &received);
    assert_in_range(sent, 1, TOTAL - 1);
    uint8_t *got = malloc(TOTAL);
    receive_by_requests(id, got, BY_REQUEST);
    size_t done = BY_REQUEST;
    struct tcpc_stream *stream = moved_in_time(id, got, &done);
    assert_int_equal(pthread_create(&receiver, NULL, receive_much, NULL), 0);
    write_all(stream, bytes + sent, TOTAL - sent);
    tcpc_stream_shutdown(stream);
    assert_int_equal(world_stream_read(stream, got + done, TOTAL - done), TOTAL - done);
    assert_true(world_is_right(got, 0, TOTAL, false));
    assert_int_equal(world_stream_read(stream, got, 1), 0);
    pthread_join(sender, &was_sent);
    pthread_join(receiver, &was_right);
    assert_non_null(was_sent);
    assert_non_null(was_right);
    tcpc_stream_close(stream);
    free(bytes);
    free(got);
}

/* The same for one that becomes a descriptor: what was received and not handed out is read there.
 */
static void to_a_descriptor(void **state)
{
    pthread_t sender;
    void *was_sent;
    int fd;
    uint8_t *got = malloc(TOTAL + 1);
    (void)state;
    uint64_t id = world_open();
    assert_int_equal(pthread_create(&sender, NULL, send_much, NULL), 0);
    receive_by_requests(id, got, BY_REQUEST + 1);
    world_check(tcpc_stream_fd(world.client, id, &fd, &world.error));
    ssize_t len = recv(fd, got + BY_REQUEST + 1, TOTAL - BY_REQUEST, MSG_WAITALL);
    assert_int_equal(len, TOTAL - BY_REQUEST - 1);
    assert_true(world_is_right(got, 0, TOTAL, false));
    pthread_join(sender, &was_sent);
    assert_non_null(was_sent);
    close(fd);
    free(got);
}

/* What nobody has read is read there, and what the library had fetched ahead is not read twice. */
static void unread_bytes_move_along(void **state)
{
    char bytes[5000], got[5000];
    size_t len = 2000;
    (void)state;
    uint64_t id = world_open();
    world_fill((uint8_t *)bytes, 0, sizeof(bytes), false);
    world_peer_send(bytes, sizeof(bytes));
    world_check(tcpc_receive(world.client, id, got, &len, PATIENCE_MS, &world.error));
    struct tcpc_stream *stream = moved(id);
    assert_int_equal(world_stream_read(stream, got + len, sizeof(got) - len), sizeof(got) - len);
    assert_memory_equal(got, bytes, sizeof(got));
    tcpc_stream_close(stream);
    world_peer_expect_end(); /* and no reset: all of it was read */
}

/* Bytes that nobody reads make the close a reset, as everywhere (RFC 2525 2.17). */
static void unread_bytes_count_at_the_close(void **state)
{
    (void)state;
    uint64_t id = world_open();
    world_peer_send("unread", 6);
    struct tcpc_stream *stream = moved(id);
    struct tcpc_span spans[2];
    size_t len;
    char byte;
    world_check(tcpc_stream_read(stream, &byte, 1, PATIENCE_MS, &len, &world.error));
    while (tcpc_stream_peek(stream, spans) < 5)
        ;
    tcpc_stream_close(stream);
    world_peer_expect_reset();
}

/* The handshake is not over: what is written follows it. */
static void while_it_opens(void **state)
{
    const struct tcpc_open open = {.remote = world.remote};
    struct tcpc_opened opened;
    (void)state;
    world_check(tcpc_open_active(world.client, &open, &opened, &world.error));
    struct tcpc_stream *stream = moved(opened.id);
    write_all(stream, "hello", 5);
    world_accept();
    world_peer_expect("hello", 5);
    tcpc_stream_close(stream);
    world_peer_expect_end();
}

/* --- half closed, closed ---------------------------------------------------------------------- */

static void half_closed_by_the_peer(void **state)
{
    char got[4];
    (void)state;
    uint64_t id = world_open();
    world_peer_send("bye", 3);
    shutdown(world.peer, SHUT_WR);
    struct tcpc_stream *stream = moved(id);
    assert_int_equal(world_stream_read(stream, got, sizeof(got)), 3);
    assert_memory_equal(got, "bye", 3);
    assert_true(tcpc_stream_is_at_end(stream));
    write_all(stream, "last", 4);
    world_peer_expect("last", 4);
    tcpc_stream_close(stream);
    world_peer_expect_end();
}

static void half_closed_by_us(void **state)
{
    char got[5];
    size_t len;
    (void)state;
    uint64_t id = world_open();
    world_check(tcpc_send(world.client, id, "all", 3, PATIENCE_MS, &world.error));
    world_check(tcpc_shutdown(world.client, id, &world.error));
    struct tcpc_stream *stream = moved(id);
    world_peer_expect("all", 3);
    world_peer_expect_end();
    assert_int_equal(tcpc_stream_write(stream, "x", 1, PATIENCE_MS, &len, &world.error),
                     TCPC_CONNECTION_CLOSING);
    assert_int_equal(len, 0);
    world_peer_send("still", 5);
    assert_int_equal(world_stream_read(stream, got, sizeof(got)), 5);
    assert_memory_equal(got, "still", 5);
    tcpc_stream_close(stream);
}

/* Whoever has closed it has given it up. */
static void closed_already(void **state)
{
    struct tcpc_stream *stream;
    enum tcpc_state at;
    (void)state;
    uint64_t id = world_open();
    world_check(tcpc_close(world.client, id, 0, &at, &world.error));
    assert_int_equal(move_to(world.channel, id, &stream), TCPC_BAD_STATE);
    world_peer_expect_end();
    check_no_slot_is_lost();
}

/* In TIME_WAIT: there is nothing to send or to receive. */
static void closed_by_both(void **state)
{
    struct tcpc_stream *stream;
    enum tcpc_state at;
    (void)state;
    uint64_t id = world_open();
    world_check(tcpc_close(world.client, id, 0, &at, &world.error));
    world_peer_expect_end();
    close(world.peer);
    world.peer = -1;
    do {
        struct tcpc_response *response = world_status(id);
        at = response->u.status.connection.state;
        tcpc_response_free(response);
    } while (at != TCPC_TIME_WAIT);
    assert_int_equal(move_to(world.channel, id, &stream), TCPC_BAD_STATE);
}

static void aborted_already(void **state)
{
    struct tcpc_stream *stream;
    (void)state;
    uint64_t id = world_open();
    world_check(tcpc_abort(world.client, id, &world.error));
    world_peer_expect_reset();
    assert_int_equal(move_to(world.channel, id, &stream), TCPC_NOT_FOUND);
    check_no_slot_is_lost();
}

static void reset_by_the_peer(void **state)
{
    const struct linger at_once = {.l_onoff = 1};
    struct tcpc_stream *stream;
    char byte;
    size_t len = 1;
    (void)state;
    uint64_t id = world_open();
    setsockopt(world.peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(world.peer);
    world.peer = -1;
    assert_int_equal(tcpc_receive(world.client, id, &byte, &len, PATIENCE_MS, &world.error),
                     TCPC_RESET);
    assert_int_equal(move_to(world.channel, id, &stream), TCPC_RESET);
    check_no_slot_is_lost();
}

static void nothing_to_move(void **state)
{
    const struct tcpc_open open = {.local.port = 7001};
    struct tcpc_opened listener;
    struct tcpc_stream *stream;
    (void)state;
    world_check(tcpc_listen(world.client, &open, &listener, &world.error));
    assert_int_equal(move_to(world.channel, listener.id, &stream), TCPC_BAD_STATE);
    assert_int_equal(move_to(world.channel, UINT64_MAX, &stream), TCPC_NOT_FOUND);
    assert_int_equal(move_to(world.channel, 0, &stream), TCPC_NOT_FOUND);
    check_no_slot_is_lost();
}

/* --- whose it is ------------------------------------------------------------------------------ */

static struct tcpc_channel *channel_of_nobody(void)
{
    assert_int_equal(setegid(65534), 0);
    assert_int_equal(seteuid(65534), 0);
    struct tcpc_channel *channel = world_channel(0);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(setegid(0), 0);
    return channel;
}

/* The client may use it, but the channel is somebody else's. */
static void by_another_user(void **state)
{
    struct tcpc_stream *stream;
    (void)state;
    uint64_t id = world_open();
    struct tcpc_channel *channel = channel_of_nobody();
    assert_int_equal(move_to(channel, id, &stream), TCPC_PERMISSION);
    tcpc_channel_free(channel);
    world_check(tcpc_send(world.client, id, "mine", 4, PATIENCE_MS, &world.error));
    world_peer_expect("mine", 4);
    stream = moved(id);
    tcpc_stream_close(stream);
    world_peer_expect_end();
}

static void twice(void **state)
{
    struct tcpc_stream *stream, *again;
    (void)state;
    uint64_t id = world_open();
    struct tcpc_channel *other = world_channel(0);
    stream = moved(id);
    assert_int_equal(move_to(world.channel, id, &again), TCPC_BAD_STATE);
    assert_int_equal(move_to(other, id, &again), TCPC_BAD_STATE);
    write_all(stream, "first", 5);
    world_peer_expect("first", 5);
    tcpc_channel_free(other);
    write_all(stream, "second", 6);
    world_peer_expect("second", 6);
    tcpc_stream_close(stream);
    world_peer_expect_end();
}

/* The daemon takes a moment to see that a channel has ended. */
static struct tcpc_stream *moved_in_the_end(struct tcpc_channel *channel, uint64_t id)
{
    struct tcpc_stream *stream;
    enum tcpc_code code;
    while ((code = move_to(channel, id, &stream)) == TCPC_BAD_STATE)
        ;
    world_check(code);
    return stream;
}

/* It comes back at the end of a channel, unread bytes and all, and can go into the next one. */
static void from_one_channel_to_the_next(void **state)
{
    char got[7];
    (void)state;
    uint64_t id = world_open();
    world_check(tcpc_send(world.client, id, "one ", 4, PATIENCE_MS, &world.error));
    world_peer_send("abcdefg", 7);
    for (int i = 0; i < 3; i++) {
        struct tcpc_channel *channel = world_channel(0);
        struct tcpc_stream *stream = moved_in_the_end(channel, id);
        write_all(stream, "more ", 5);
        assert_int_equal(world_stream_read(stream, got + 2 * i, 2), 2);
        tcpc_channel_free(channel);
    }
    world_peer_expect("one more more more ", 19);
    struct tcpc_stream *stream = moved_in_the_end(world.channel, id);
    assert_int_equal(world_stream_read(stream, got + 6, 1), 1);
    assert_memory_equal(got, "abcdefg", 7);
    tcpc_stream_close(stream);
    world_peer_expect_end();
}

/* Then requests go on where the streams are. */
static void back_to_requests(void **state)
{
    char got[4];
    size_t len = sizeof(got);
    enum tcpc_code code;
    (void)state;
    uint64_t id = world_open();
    struct tcpc_channel *channel = world_channel(0);
    struct tcpc_stream *stream;
    world_check(move_to(channel, id, &stream));
    world_peer_send("left", 4);
    write_all(stream, "stream ", 7);
    tcpc_channel_free(channel);
    while ((code = tcpc_send(world.client, id, "request", 7, PATIENCE_MS, &world.error)) ==
           TCPC_BAD_STATE)
        ;
    world_check(code);
    world_peer_expect("stream request", 14);
    world_check(tcpc_receive(world.client, id, got, &len, PATIENCE_MS, &world.error));
    assert_int_equal(len, sizeof(got));
    assert_memory_equal(got, "left", sizeof(got));
}

/* --- one direction ---------------------------------------------------------------------------- */

static struct tcpc_stream *borrowed(uint64_t id, enum tcpc_way way)
{
    struct tcpc_stream *stream = NULL;
    world_check(tcpc_stream_borrow(world.channel, world.client, id, way, &stream, &world.error));
    return stream;
}

static void receive_exactly(uint64_t id, const char *text)
{
    uint8_t got[64];
    receive_by_requests(id, got, strlen(text));
    assert_memory_equal(got, text, strlen(text));
}

/* Requests receive meanwhile, and send before and after it; more often than there are slots. */
static void borrowed_to_send(void **state)
{
    (void)state;
    uint64_t id = world_open();
    for (int i = 0; i < 20; i++) {
        world_check(tcpc_send(world.client, id, "before ", 7, PATIENCE_MS, &world.error));
        struct tcpc_stream *stream = borrowed(id, TCPC_SENDS);
        write_all(stream, "stream ", 7);
        world_peer_send("to requests", 11);
        receive_exactly(id, "to requests");
        world_peer_expect("before stream ", 14);
        write_all(stream, "and ", 4);
        world_check(tcpc_stream_give_back(stream, &world.error));
        world_check(tcpc_send(world.client, id, "after", 5, PATIENCE_MS, &world.error));
        world_peer_expect("and after", 9);
    }
    check_no_slot_is_lost();
}

/* Requests send meanwhile, more than the ring holds. */
static void borrowed_to_receive(void **state)
{
    uint8_t *bytes = malloc(TOTAL);
    char got[7];
    pthread_t receiver;
    void *was_right;
    (void)state;
    uint64_t id = world_open();
    world_peer_send("request", 7);
    receive_exactly(id, "request");
    world_fill(bytes, 0, TOTAL, true);
    struct tcpc_stream *stream = borrowed(id, TCPC_RECEIVES);
    assert_int_equal(pthread_create(&receiver, NULL, receive_much, NULL), 0);
    world_check(tcpc_send(world.client, id, bytes, TOTAL, PATIENCE_MS, &world.error));
    world_peer_send("stream?", 7);
    assert_int_equal(world_stream_read(stream, got, 6), 6);
    world_check(tcpc_stream_give_back(stream, &world.error));
    receive_exactly(id, "?");
    world_check(tcpc_shutdown(world.client, id, &world.error));
    pthread_join(receiver, &was_right);
    assert_non_null(was_right);
    check_no_slot_is_lost();
    free(bytes);
}

/* What is on its way, both ways, goes back as well. */
static void given_back_with_all_that_it_holds(void **state)
{
    pthread_t sender, receiver;
    void *was_sent, *was_right;
    uint8_t *bytes = malloc(TOTAL), *got = malloc(TOTAL);
    size_t taken;
    (void)state;
    uint64_t id = world_open();
    world_fill(bytes, 0, TOTAL, true);
    assert_int_equal(pthread_create(&sender, NULL, send_much, NULL), 0);
    size_t done = 0;
    struct tcpc_stream *stream = moved_in_time(id, got, &done);
    world_check(tcpc_stream_write(stream, bytes, TOTAL, 0, &taken, &world.error));
    assert_in_range(taken, 1, TOTAL - 1);
    assert_int_equal(world_stream_read(stream, got + done, BY_REQUEST), BY_REQUEST);
    done += BY_REQUEST;
    world_check(tcpc_stream_give_back(stream, &world.error));
    assert_int_equal(pthread_create(&receiver, NULL, receive_much, NULL), 0);
    world_check(
        tcpc_send(world.client, id, bytes + taken, TOTAL - taken, PATIENCE_MS, &world.error));
    world_check(tcpc_shutdown(world.client, id, &world.error));
    receive_by_requests(id, got + done, TOTAL - done);
    assert_true(world_is_right(got, 0, TOTAL, false));
    pthread_join(sender, &was_sent);
    pthread_join(receiver, &was_right);
    assert_non_null(was_sent);
    assert_non_null(was_right);
    free(bytes);
    free(got);
}

static void what_cannot_go_back(void **state)
{
    (void)state;
    struct tcpc_stream *stream = world_open_stream(world.channel);
    assert_int_equal(tcpc_stream_give_back(stream, &world.error), TCPC_BAD_STATE);
    write_all(stream, "still", 5);
    world_peer_expect("still", 5);
    tcpc_stream_close(stream);
    world_peer_expect_end();
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        CASE(bytes_in_flight_both_ways),
        CASE(to_a_descriptor),
        CASE(unread_bytes_move_along),
        CASE(unread_bytes_count_at_the_close),
        CASE(while_it_opens),
        CASE(half_closed_by_the_peer),
        CASE(half_closed_by_us),
        CASE(closed_already),
        CASE(closed_by_both),
        CASE(aborted_already),
        CASE(reset_by_the_peer),
        CASE(nothing_to_move),
        CASE(by_another_user),
        CASE(twice),
        CASE(from_one_channel_to_the_next),
        CASE(back_to_requests),
        CASE(borrowed_to_send),
        CASE(borrowed_to_receive),
        CASE(given_back_with_all_that_it_holds),
        CASE(what_cannot_go_back),
    };
    world_init(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
