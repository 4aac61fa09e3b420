/* What a client of a channel asks, and for which news it sleeps. The test is the daemon: it reads
 * and writes the memory that both would share. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <tcpclient/stream.h>
#include <time.h>
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

/* The daemon refuses the first slot's opening, for a limit that it names. */
static void *refuse(void *arg)
{
    struct channel_slot *slot = channel_slot_at(channel.head, 0);
    const uint64_t *hint = arg;
    while (atomic_load(&slot->asked) == atomic_load(&slot->answered))
        ;
    atomic_store(&slot->id, *hint);
    atomic_store(&slot->code, (uint32_t)TCPC_RESOURCES);
    atomic_store(&slot->state, (uint32_t)CHANNEL_ENDED);
    atomic_store(&slot->answered, atomic_load(&slot->asked));
    channel_set_add(&channel.head->ready, 0);
    return NULL;
}

static void refused_for(uint64_t hint, const char *message, const char *advice)
{
    pthread_t daemon;
    struct tcpc_stream *stream;
    set_up(NULL);
    assert_int_equal(pthread_create(&daemon, NULL, refuse, &hint), 0);
    assert_int_equal(tcpc_stream_open(&channel, NULL, &remote, 60000, &stream, &error),
                     TCPC_RESOURCES);
    assert_int_equal(pthread_join(daemon, NULL), 0);
    assert_string_equal(error.message, message);
    assert_string_equal(error.hint, advice);
    assert_int_equal(error.hint_code, hint);
    tear_down(NULL);
}

static void a_refusal_names_the_limit(void **state)
{
    static const char *const limit = "insufficient resources: a limit of the daemon is reached";
    tear_down(state);
    refused_for(TCPC_HINT_CONNECTIONS_PER_UID, limit,
                "close connections that are no longer needed, or raise "
                "connections_per_uid_percent");
    refused_for(TCPC_HINT_OBJECTS_PER_UID, limit,
                "close some of them, or raise objects_per_uid_max");
    refused_for(TCPC_HINT_NONE, "insufficient resources", "");
    set_up(state);
}

/* --- spinning --------------------------------------------------------------------------------- */

static struct tcpc_stream *rung_later;

/* The daemon, a moment later: it does not ring, as nobody sleeps. */
static void *show_bytes(void *arg)
{
    const struct timespec moment = {.tv_nsec = 20000000};
    (void)arg;
    nanosleep(&moment, NULL);
    atomic_store(&slot_of(rung_later)->received, 1);
    channel_set_add(&channel.head->ready, rung_later->slot);
    return NULL;
}

static void who_looks_does_not_sleep(void **state)
{
    char byte;
    size_t len;
    pthread_t daemon;
    (void)state;
    channel.spin_us = 60000000;
    struct tcpc_stream *stream = rung_later = opened();
    assert_null(tcpc_channel_next(&channel));
    atomic_store(&channel.head->client_wants, UINT32_MAX); /* written before every sleep */
    assert_int_equal(pthread_create(&daemon, NULL, show_bytes, NULL), 0);
    assert_int_equal(tcpc_stream_read(stream, &byte, 1, 60000, &len, &error), TCPC_OK);
    assert_int_equal(len, 1);
    assert_false(sleeps());
    assert_int_equal(atomic_load(&channel.head->client_wants), UINT32_MAX);
    pthread_join(daemon, NULL);
}

/* The daemon, once somebody is about to sleep. */
static void *show_bytes_to_sleeper(void *arg)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    while (atomic_load(&channel.head->client_wants) == UINT32_MAX)
        nanosleep(&moment, NULL);
    return show_bytes(arg);
}

static void who_has_looked_in_vain_sleeps(void **state)
{
    char byte;
    size_t len;
    pthread_t daemon;
    (void)state;
    channel.spin_us = 1;
    struct tcpc_stream *stream = rung_later = opened();
    atomic_store(&channel.head->client_wants, UINT32_MAX);
    assert_int_equal(pthread_create(&daemon, NULL, show_bytes_to_sleeper, NULL), 0);
    assert_int_equal(tcpc_stream_read(stream, &byte, 1, 60000, &len, &error), TCPC_OK);
    assert_int_equal(len, 1);
    assert_int_equal(wanted(), CHANNEL_NEWS_MATTER);
    pthread_join(daemon, NULL);
}

/* --- options ---------------------------------------------------------------------------------- */

static struct tcpc_stream *answers_set;

/* The daemon: answers a SET, and nothing else. */
static void *answer_set(void *arg)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    struct channel_slot *slot = slot_of(answers_set);
    (void)arg;
    while (!is_waiting(answers_set))
        nanosleep(&moment, NULL);
    bool is_right = op_of(answers_set) == CHANNEL_OP_SET && atomic_load(&slot->id) == 42 &&
                    strncmp(slot->option, "keepalive_probes", sizeof(slot->option)) == 0 &&
                    slot->text[0] == '\0';
    atomic_store(&slot->argument, is_right ? (uint32_t)TCPC_BAD_STATE : TCPC_OK);
    answer(answers_set, CHANNEL_OPEN);
    return NULL;
}

static void an_option_is_asked_for(void **state)
{
    pthread_t daemon;
    (void)state;
    struct tcpc_stream *stream = answers_set = opened();
    slot_of(stream)->local = (struct channel_endpoint){.addr = {[15] = 1}, .port = 80};
    slot_of(stream)->remote.port = 7;
    atomic_store(&slot_of(stream)->id, 4711);
    assert_int_equal(pthread_create(&daemon, NULL, answer_set, NULL), 0);
    assert_int_equal(tcpc_stream_set_option(stream, "keepalive_probes", 42, &error),
                     TCPC_BAD_STATE);
    pthread_join(daemon, NULL);
    assert_int_equal(tcpc_stream_code(stream), TCPC_OK);
    assert_int_equal(tcpc_stream_id(stream), 4711);
    assert_string_equal(tcpc_stream_local(stream).address, "::1");
    assert_int_equal(tcpc_stream_local(stream).port, 80);
    assert_int_equal(tcpc_stream_remote(stream).port, 7);
}

static void what_no_slot_can_say_is_not_asked(void **state)
{
    (void)state;
    struct tcpc_stream *stream = opened();
    uint32_t asked = atomic_load(&slot_of(stream)->asked);
    assert_int_equal(tcpc_stream_set_option(stream, "a_name_of_25_bytes_in_all", 1, &error),
                     TCPC_INVALID_ARGUMENT);
    assert_int_equal(tcpc_stream_set_congestion_control(stream, "a_word_of_21_bytes_so", &error),
                     TCPC_INVALID_ARGUMENT);
    assert_int_equal(atomic_load(&slot_of(stream)->asked), asked);
}

/* A slot in which a connection was moved and others before: nothing of that is asked for again. */
static void a_plain_open_asks_for_nothing_more(void **state)
{
    struct tcpc_stream *stream;
    (void)state;
    for (uint32_t i = 0; i < SLOTS; i++) {
        struct channel_slot *slot = channel_slot_at(channel.head, i);
        atomic_store(&slot->id, 4711);
        atomic_store(&slot->argument, 17);
    }
    stream = open_now();
    assert_int_equal(op_of(stream), CHANNEL_OP_OPEN);
    assert_int_equal(atomic_load(&slot_of(stream)->id), 0);
    assert_int_equal(atomic_load(&slot_of(stream)->argument), 0);
    assert_int_equal(atomic_load(&slot_of(stream)->written), 0);
}

static void first_bytes_are_there_before_the_request(void **state)
{
    const struct tcpc_open open = {.remote = remote, .fast_open = true, .data = "hello", .len = 5};
    struct tcpc_stream *stream;
    size_t len;
    (void)state;
    assert_int_equal(tcpc_stream_open_with(&channel, &open, &stream, &error), TCPC_OK);
    struct channel_slot *slot = slot_of(stream);
    uint8_t *ring = channel_send_ring(&channel.layout, channel.head, stream->slot);
    assert_int_equal(atomic_load(&slot->id), CHANNEL_OPEN_FAST);
    assert_int_equal(atomic_load(&slot->written), 5);
    assert_int_equal(atomic_load(&slot->writes), 0);
    assert_int_equal(tcpc_stream_write(stream, " all", 4, 0, &len, &error), TCPC_OK);
    assert_memory_equal(ring, "hello all", 9);
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
        cmocka_unit_test_setup_teardown(a_refusal_names_the_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_looks_does_not_sleep, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_has_looked_in_vain_sleeps, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_option_is_asked_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_no_slot_can_say_is_not_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_plain_open_asks_for_nothing_more, set_up, tear_down),
        cmocka_unit_test_setup_teardown(first_bytes_are_there_before_the_request, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
