/* The link's state machine, without a socket: what a check, a break and a silence do to it. */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "link.h"
#include "support/test.h"

struct world {
    struct tcpc_client client;
    unsigned wakes, recalls;
};

static void on_wake(struct tcpc_client *client)
{
    ((struct world *)(void *)client)->wakes++;
}

static void on_recall(struct tcpc_client *client)
{
    ((struct world *)(void *)client)->recalls++;
}

static const struct tcpci_link_ops ops = {.wake = on_wake, .recall = on_recall};

/* A client whose third link is being checked. */
static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    assert_non_null(world);
    world->client.link_ops = &ops;
    world->client.timeout_ms = 5000;
    world->client.link = LINK_CHECKING;
    world->client.link_number = 3;
    assert_int_equal(pthread_mutex_init(&world->client.lock, NULL), 0);
    assert_int_equal(tcpci_cond_init(&world->client.changed), 0);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    pthread_mutex_destroy(&world->client.lock);
    pthread_cond_destroy(&world->client.changed);
    free(world);
    return 0;
}

static void check(struct world *world, uint64_t link_number, enum tcpc_code code)
{
    const struct tcpc_error error = {.code = code, .message = "as the daemon said"};
    tcpci_link_checked(&world->client, link_number, &error);
}

static void a_good_check_opens_the_link(void **state)
{
    struct world *world = *state;
    check(world, 3, TCPC_OK);
    assert_int_equal(world->client.link, LINK_UP);
    assert_int_equal(world->wakes, 1);
    assert_int_equal(world->client.fatal.code, TCPC_OK);
}

static void a_lost_session_is_fatal(void **state)
{
    static const enum tcpc_code codes[] = {TCPC_SESSION, TCPC_NOT_FOUND, TCPC_PERMISSION};
    struct world *world = *state;
    for (unsigned i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        world->client.fatal.code = TCPC_OK;
        check(world, 3, codes[i]);
        assert_int_equal(world->client.fatal.code, TCPC_SESSION);
        assert_string_equal(world->client.fatal.message, "as the daemon said");
        assert_int_equal(world->wakes, i + 1); /* calls that wait for a link must notice */
        assert_int_equal(world->client.link, LINK_CHECKING);
    }
}

static void another_error_neither_opens_nor_kills(void **state)
{
    struct world *world = *state;
    check(world, 3, TCPC_DEADLINE);
    check(world, 3, TCPC_PROTOCOL);
    assert_int_equal(world->client.link, LINK_CHECKING);
    assert_int_equal(world->client.fatal.code, TCPC_OK);
    assert_int_equal(world->wakes, 0);
}

static void a_refused_link_is_remembered(void **state)
{
    struct world *world = *state;
    check(world, 3, TCPC_RESOURCES);
    assert_int_equal(world->client.link, LINK_CHECKING);
    assert_int_equal(world->client.refusal.code, TCPC_RESOURCES);
    assert_string_equal(world->client.refusal.message, "as the daemon said");
    check(world, 3, TCPC_OK); /* the next one was taken */
    assert_int_equal(world->client.link, LINK_UP);
    assert_int_equal(world->client.refusal.code, TCPC_OK);
}

static void a_late_check_changes_nothing(void **state)
{
    struct world *world = *state;
    check(world, 2, TCPC_OK); /* of the link before */
    assert_int_equal(world->client.link, LINK_CHECKING);
    world->client.link = LINK_DOWN;
    check(world, 3, TCPC_OK);
    assert_int_equal(world->client.link, LINK_DOWN);
    check(world, 3, TCPC_SESSION);
    assert_int_equal(world->client.fatal.code, TCPC_OK);
    assert_int_equal(world->wakes, 0);
}

static void a_check_does_not_revive_a_client(void **state)
{
    struct world *world = *state;
    world->client.fatal.code = TCPC_RESTARTED;
    check(world, 3, TCPC_OK);
    assert_int_equal(world->client.link, LINK_CHECKING);
    check(world, 3, TCPC_SESSION);
    assert_int_equal(world->client.fatal.code, TCPC_RESTARTED);
}

static void a_broken_link_recalls_its_requests_once(void **state)
{
    struct world *world = *state;
    tcpci_link_lost(&world->client, 2);
    assert_int_equal(world->client.link, LINK_CHECKING);
    assert_int_equal(world->recalls, 0);
    tcpci_link_lost(&world->client, 3);
    assert_int_equal(world->client.link, LINK_DOWN);
    assert_int_equal(world->recalls, 1);
    int64_t lost_at_ms = world->client.lost_at_ms;
    assert_int_not_equal(lost_at_ms, 0);
    tcpci_link_lost(&world->client, 3);
    assert_int_equal(world->recalls, 1);
    assert_true(world->client.lost_at_ms == lost_at_ms);
}

/* What counts is when the daemon was lost, not its latest link. */
static void the_first_loss_counts(void **state)
{
    struct world *world = *state;
    world->client.lost_at_ms = 17;
    tcpci_link_lost(&world->client, 3);
    assert_int_equal(world->client.lost_at_ms, 17);
}

static void patience_is_half_of_the_timeout(void **state)
{
    struct world *world = *state;
    static const uint32_t timeouts_ms[][2] = {
        {5000, 2500}, {2000, 1000}, {1000, 500}, {999, 500}, {1, 500}, {TCPC_WAIT_FOREVER, 10000}};
    for (unsigned i = 0; i < sizeof(timeouts_ms) / sizeof(timeouts_ms[0]); i++) {
        world->client.timeout_ms = timeouts_ms[i][0];
        assert_int_equal(tcpci_link_patience_ms(&world->client), timeouts_ms[i][1]);
    }
}

static void a_mute_link_is_lost_after_the_patience(void **state)
{
    struct world *world = *state;
    tcpci_link_note_mute(&world->client, 3); /* nng took the newest request */
    assert_int_equal(world->client.link, LINK_CHECKING);
    world->client.untaken_since_ms = tcpci_clock_ms() - 1000;
    tcpci_link_note_mute(&world->client, 3);
    assert_int_equal(world->client.link, LINK_CHECKING);
    world->client.untaken_since_ms = tcpci_clock_ms() - 2500;
    tcpci_link_note_mute(&world->client, 2);
    assert_int_equal(world->client.link, LINK_CHECKING);
    tcpci_link_note_mute(&world->client, 3);
    assert_int_equal(world->client.link, LINK_DOWN);
    assert_int_equal(world->recalls, 1);
}

static void the_first_link_is_waited_for(void **state)
{
    struct world *world = *state;
    struct tcpc_error error;
    world->client.url = (char *)"tcp://not-probed";
    int64_t now_ms = tcpci_clock_ms();
    assert_int_equal(tcpci_link_wait(&world->client, now_ms, &error), TCPC_OK);
    world->client.link_number = 0;
    assert_int_equal(tcpci_link_wait(&world->client, now_ms + 30, &error), TCPC_DEADLINE);
    assert_true(tcpci_clock_ms() >= now_ms + 30);
    world->client.url = (char *)"ipc:///no/such/file";
    assert_int_equal(tcpci_link_wait(&world->client, tcpci_clock_ms() + 60000, &error),
                     TCPC_UNREACHABLE);
    assert_string_equal(error.errno_name, "ENOENT");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_good_check_opens_the_link),
        TEST(a_lost_session_is_fatal),
        TEST(another_error_neither_opens_nor_kills),
        TEST(a_refused_link_is_remembered),
        TEST(a_late_check_changes_nothing),
        TEST(a_check_does_not_revive_a_client),
        TEST(a_broken_link_recalls_its_requests_once),
        TEST(the_first_loss_counts),
        TEST(patience_is_half_of_the_timeout),
        TEST(a_mute_link_is_lost_after_the_patience),
        TEST(the_first_link_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
