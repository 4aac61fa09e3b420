#include "stack_internal.h"
#include "support/fixture.h"
#include "support/test.h"
#include "tcp/conn/conn.h"
#include "tcp/listen/accept_share.h"
#include "tcp/listen/listener_table.h"

#define BACKLOG 16 /* the last 4 are closed to who has 4 */

static struct fixture f;
static struct te_listener *listener;
static struct te_conn conns[2 * BACKLOG];
static unsigned conn_count;

static int setup(void **state)
{
    struct te_listen listen = {.local = {.port = 80}, .backlog = BACKLOG};
    (void)state;
    conn_count = 0;
    fixture_init(&f);
    f.reborn = false; /* the tests keep pointers into the stack */
    fixture_start(&f);
    assert_int_equal(te_listener_new(f.stack, &listen, &listener), TE_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (unsigned i = 0; i < conn_count; i++)
        te_listener_remove(f.stack, &conns[i]);
    assert_true(te_accept_share_adds_up(f.stack, listener));
    fixture_stop(&f);
    return 0;
}

/* A handshake of remote is complete. */
static enum te_drop_reason complete(const char *remote)
{
    struct te_addr addr = fixture_addr(remote);
    enum te_drop_reason hindrance = te_listener_hindrance(f.stack, listener, &addr);
    struct te_conn *conn = &conns[conn_count];
    *conn = (struct te_conn){
        .state = TE_SYN_RCVD, .was_passive = true, .remote = {addr, (uint16_t)(4000 + conn_count)}};
    te_list_init(&conn->listener_link);
    te_listener_add_syn(listener, conn);
    assert_int_equal(te_listener_promote(f.stack, conn), hindrance); /* at both ends of it */
    if (hindrance == TE_DROP_NONE)
        conn_count++;
    else
        te_listener_remove(f.stack, conn);
    assert_true(te_accept_share_adds_up(f.stack, listener));
    return hindrance;
}

/* How many of at most 2 * BACKLOG get in. */
static unsigned complete_many(const char *remote)
{
    unsigned count = 0;
    while (count < BACKLOG && complete(remote) == TE_DROP_NONE)
        count++;
    return count;
}

static void one_remote_leaves_the_last_quarter(void **state)
{
    (void)state;
    assert_int_equal(complete_many("10.0.0.2"), 12);
    assert_int_equal(complete("10.0.0.2"), TE_DROP_ACCEPT_SHARE);
    assert_int_equal(complete_many("10.0.0.3"), 4);
    assert_int_equal(complete("10.0.0.4"), TE_DROP_ACCEPT_QUEUE_FULL);
}

/* Who has less than a quarter may have it whenever there is room. */
static void who_has_little_finds_room(void **state)
{
    (void)state;
    assert_int_equal(complete("10.0.0.3"), TE_DROP_NONE);
    assert_int_equal(complete_many("10.0.0.2"), 11);
    assert_int_equal(complete_many("10.0.0.3"), 3);
    assert_int_equal(complete("10.0.0.3"), TE_DROP_ACCEPT_SHARE); /* a quarter as well */
    assert_int_equal(complete("10.0.0.4"), TE_DROP_NONE);
    assert_int_equal(complete("10.0.0.4"), TE_DROP_ACCEPT_QUEUE_FULL);
}

/* Accepted and dead ones no longer count. */
static void what_leaves_makes_room(void **state)
{
    (void)state;
    assert_int_equal(complete_many("10.0.0.2"), 12);
    te_listener_accept(f.stack, &conns[0]);
    assert_int_equal(complete("10.0.0.2"), TE_DROP_NONE);
    te_listener_remove(f.stack, &conns[1]);
    assert_int_equal(complete("10.0.0.2"), TE_DROP_NONE);
    assert_int_equal(complete("10.0.0.2"), TE_DROP_ACCEPT_SHARE);
}

static void an_ipv6_remote_is_a_slash_64(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 12; i++)
        assert_int_equal(complete(i % 2 == 0 ? "2001:db8:1::2" : "2001:db8:1::ffff:3"),
                         TE_DROP_NONE);
    assert_int_equal(complete("2001:db8:1::4"), TE_DROP_ACCEPT_SHARE);
    assert_int_equal(complete("2001:db8:2::2"), TE_DROP_NONE);
}

static void the_percentage_is_configured(void **state)
{
    (void)state;
    f.stack->config.connections_per_remote_percent = 50;
    assert_int_equal(complete_many("10.0.0.2"), 8);
    f.stack->config.connections_per_remote_percent = 100; /* no share */
    assert_int_equal(complete_many("10.0.0.2"), 8);
    assert_int_equal(complete("10.0.0.2"), TE_DROP_ACCEPT_QUEUE_FULL);
}

static void without_a_limit_per_remote_there_is_no_share(void **state)
{
    (void)state;
    f.stack->config.connections_per_remote_max = 0;
    te_remotes_done(f.stack);
    assert_int_equal(complete_many("10.0.0.2"), BACKLOG);
}

/* Of three places, a quarter is none. */
static void a_short_queue_has_no_shares(void **state)
{
    (void)state;
    listener->backlog = 3;
    assert_int_equal(complete_many("10.0.0.2"), 3);
    listener->backlog = 4;
    assert_int_equal(complete("10.0.0.2"), TE_DROP_ACCEPT_SHARE);
    assert_int_equal(complete("10.0.0.3"), TE_DROP_NONE);
}

static void drift_is_found(void **state)
{
    struct te_addr two = fixture_addr("10.0.0.2"), three = fixture_addr("10.0.0.3");
    (void)state;
    assert_int_equal(complete("10.0.0.2"), TE_DROP_NONE);
    te_accept_share_count(f.stack, listener, &two, -1);
    assert_false(te_accept_share_adds_up(f.stack, listener));
    te_accept_share_count(f.stack, listener, &three, 1); /* as many, but another's */
    assert_false(te_accept_share_adds_up(f.stack, listener));
    te_accept_share_count(f.stack, listener, &three, -1);
    te_accept_share_count(f.stack, listener, &two, 1);
}

#define SHARE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHARE_TEST(one_remote_leaves_the_last_quarter),
        SHARE_TEST(who_has_little_finds_room),
        SHARE_TEST(what_leaves_makes_room),
        SHARE_TEST(an_ipv6_remote_is_a_slash_64),
        SHARE_TEST(the_percentage_is_configured),
        SHARE_TEST(without_a_limit_per_remote_there_is_no_share),
        SHARE_TEST(a_short_queue_has_no_shares),
        SHARE_TEST(drift_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
