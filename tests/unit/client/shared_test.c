/* What a client of a channel asks, and for which news it sleeps. The test is the daemon: it reads
 * and writes the memory that both would share. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <tcpclient/stream.h>
#include <unistd.h>

#include "shared.h"
#include "support/test.h"

enum { SLOTS = 3 };

static struct tcpc_channel channel;
static int daemon_fd;
static struct tcpc_error error;
static const struct tcpc_endpoint remote = {.address = "192.0.2.1", .port = 7};

static int set_up(void **state)
{
    const struct channel_hello hello = {
        .slot_count = SLOTS, .send_bytes = CHANNEL_RING_MIN, .receive_bytes = CHANNEL_RING_MIN};
    int fds[2];
    (void)state;
    memset(&channel, 0, sizeof(channel));
    assert_true(channel_layout_init(&hello, &channel.layout));
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
    channel.fd = fds[0];
    channel.bell_fd = -1; /* the daemon never sleeps */
    daemon_fd = fds[1];
    channel.url = strdup("ipc://nobody");
    channel.head = calloc(1, channel.layout.total_bytes);
    channel.streams = calloc(SLOTS, sizeof(*channel.streams));
    assert_true(channel.url != NULL && channel.head != NULL && channel.streams != NULL);
    for (uint32_t i = 0; i < SLOTS; i++)
        channel.streams[i].next_free = i + 1;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    close(channel.fd);
    close(daemon_fd);
    free(channel.url);
    free(channel.head);
    free(channel.streams);
    return 0;
}

/* --- the daemon ------------------------------------------------------------------------------- */

static struct channel_slot *slot_of(const struct tcpc_stream *stream)
{
    return channel_slot_at(channel.head, stream->slot);
}

static void show(const struct tcpc_stream *stream, enum channel_state shown)
{
    atomic_store(&slot_of(stream)->state, (uint32_t)shown);
    channel_set_add(&channel.head->ready, stream->slot);
}

static void answer(const struct tcpc_stream *stream, enum channel_state shown)
{
    show(stream, shown);
    atomic_store(&slot_of(stream)->answered, atomic_load(&slot_of(stream)->asked));
}

static enum channel_op op_of(const struct tcpc_stream *stream)
{
    return (enum channel_op)atomic_load(&slot_of(stream)->op);
}

static bool is_waiting(const struct tcpc_stream *stream)
{
    return atomic_load(&slot_of(stream)->asked) != atomic_load(&slot_of(stream)->answered);
}

static enum channel_news wanted(void)
{
    return (enum channel_news)atomic_load(&channel.head->client_wants);
}

static bool sleeps(void)
{
    return atomic_load(&channel.head->client_sleeps) != 0;
}

/* --- the tests -------------------------------------------------------------------------------- */

static struct tcpc_stream *open_now(void)
{
    struct tcpc_stream *stream;
    assert_int_equal(tcpc_stream_open(&channel, NULL, &remote, 0, &stream, &error), TCPC_OK);
    return stream;
}

static struct tcpc_stream *opened(void)
{
    struct tcpc_stream *stream = open_now();
    answer(stream, CHANNEL_OPEN);
    assert_ptr_equal(tcpc_channel_next(&channel), stream);
    return stream;
}

static void a_loop_sleeps_until_something_opens(void **state)
{
    (void)state;
    struct tcpc_stream *stream = open_now();
    answer(stream, CHANNEL_OPENING);
    assert_ptr_equal(tcpc_channel_next(&channel), stream);
    assert_null(tcpc_channel_next(&channel));
    assert_true(sleeps());
    assert_int_equal(wanted(), CHANNEL_NEWS_OPENED);
}

static void a_read_sleeps_until_it_matters(void **state)
{
    char byte;
    size_t len;
    (void)state;
    struct tcpc_stream *stream = opened();
    assert_int_equal(tcpc_stream_read(stream, &byte, 1, 1, &len, &error), TCPC_AGAIN);
    assert_int_equal(wanted(), CHANNEL_NEWS_MATTER);
}

static void an_open_sleeps_until_it_is_open(void **state)
{
    struct tcpc_stream *stream;
    (void)state;
    assert_int_equal(tcpc_stream_open(&channel, NULL, &remote, 1, &stream, &error), TCPC_AGAIN);
    assert_int_equal(wanted(), CHANNEL_NEWS_OPENED);
}

static void who_gives_up_waits_for_the_answer(void **state)
{
    (void)state;
    struct tcpc_stream *stream = open_now();
    tcpc_stream_abort(stream);
    assert_int_equal(op_of(stream), CHANNEL_OP_OPEN); /* that is still to be looked at */
    assert_null(tcpc_channel_next(&channel));
    assert_int_equal(wanted(), CHANNEL_NEWS_ANSWER);
    answer(stream, CHANNEL_OPENING);
    assert_null(tcpc_channel_next(&channel));
    assert_int_equal(op_of(stream), CHANNEL_OP_ABORT);
    assert_true(is_waiting(stream));
    assert_int_equal(wanted(), CHANNEL_NEWS_OPENED); /* of its end nobody need hear */
}

static void a_slot_comes_back(void **state)
{
    (void)state;
    struct tcpc_stream *stream = opened();
    uint32_t slot = stream->slot;
    tcpc_stream_close(stream);
    assert_int_equal(op_of(stream), CHANNEL_OP_CLOSE);
    answer(stream, CHANNEL_FREE);
    assert_null(tcpc_channel_next(&channel));
    assert_int_equal(open_now()->slot, slot);
}

static void who_needs_a_slot_takes_one_that_has_ended(void **state)
{
    struct tcpc_stream *streams[SLOTS];
    (void)state;
    for (unsigned i = 0; i < SLOTS; i++)
        streams[i] = opened();
    tcpc_stream_close(streams[1]);
    answer(streams[1], CHANNEL_FREE);
    assert_int_equal(open_now()->slot, streams[1]->slot);
}

static void without_a_slot_nobody_waits_in_vain(void **state)
{
    struct tcpc_stream *stream;
    (void)state;
    for (unsigned i = 0; i < SLOTS; i++)
        opened();
    assert_int_equal(tcpc_stream_open(&channel, NULL, &remote, 0, &stream, &error), TCPC_RESOURCES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_loop_sleeps_until_something_opens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_read_sleeps_until_it_matters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_open_sleeps_until_it_is_open, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_gives_up_waits_for_the_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_slot_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_needs_a_slot_takes_one_that_has_ended, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(without_a_slot_nobody_waits_in_vain, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
