#include "stack_internal.h"
#include "support/fixture.h"
#include "support/test.h"
#include "tcp/listen/share.h"

#define CONN_MAX 200     /* 4 of them for root, 50 for one user */
#define LISTENERS_MAX 80 /* 4 of them for root, 20 for one user */

static struct fixture f;

static int setup(void **state)
{
    (void)state;
    fixture_init(&f);
    f.config.conn_max = CONN_MAX;
    f.config.connections_per_uid_percent = 25;
    f.config.listeners_max = LISTENERS_MAX;
    f.config.listeners_per_uid_percent = 25;
    f.config.root_reserve_percent = 5;
    fixture_start(&f);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_stop(&f);
    return 0;
}

static uint16_t next_port;

static enum te_err connect_as(uint32_t uid, uint64_t *ret_id)
{
    const struct te_open open = {.remote = {fixture_addr("10.0.0.9"), ++next_port}, .uid = uid};
    return te_open_active(f.stack, &open, ret_id, f.now_us);
}

static enum te_err listen_as(uint32_t uid, uint64_t *ret_id)
{
    const struct te_listen listen = {.local.port = ++next_port, .uid = uid};
    return te_open_passive(f.stack, &listen, ret_id, f.now_us);
}

/* How many of at most max succeed. */
static unsigned repeat(enum te_err (*open_as)(uint32_t uid, uint64_t *ret_id), uint32_t uid,
                       unsigned max)
{
    uint64_t id;
    unsigned count = 0;
    while (count < max && open_as(uid, &id) == TE_OK)
        count++;
    return count;
}

static void connections_of_one_user_end_at_its_share(void **state)
{
    (void)state;
    assert_int_equal(repeat(connect_as, 1001, 1000), 50);
    assert_int_equal(te_open_limit(f.stack, 1001, false), TE_LIMIT_CONNECTIONS_UID);
    assert_int_equal(te_open_limit(f.stack, 1001, true), TE_LIMIT_NONE);
    assert_int_equal(f.stack->counters.conn_uid_limit, 1);
    assert_int_equal(te_limit_value(f.stack, TE_LIMIT_CONNECTIONS_UID), 50);
    assert_string_equal(te_limit_key(TE_LIMIT_CONNECTIONS_UID), "connections_per_uid_percent");
    assert_int_equal(repeat(connect_as, 1002, 1000), 50);
    assert_int_equal(repeat(connect_as, 1003, 1000), 50);
    assert_int_equal(repeat(connect_as, 1004, 1000), 40); /* the last 10 are root's */
    assert_int_equal(te_open_limit(f.stack, 1005, false), TE_LIMIT_CONNECTIONS);
    assert_int_equal(f.stack->counters.conn_limit, 1);
    assert_int_equal(repeat(connect_as, 0, 1000), 10);
    assert_int_equal(te_open_limit(f.stack, 0, false), TE_LIMIT_CONNECTIONS);
}

static void listeners_of_one_user_end_at_its_share(void **state)
{
    uint64_t id;
    (void)state;
    assert_int_equal(repeat(listen_as, 1001, 1000), 20);
    assert_int_equal(te_open_limit(f.stack, 1001, true), TE_LIMIT_LISTENERS_UID);
    assert_int_equal(f.stack->counters.listener_limit, 1);
    assert_int_equal(repeat(listen_as, 1002, 1000), 20);
    assert_int_equal(repeat(listen_as, 1003, 1000), 20);
    assert_int_equal(repeat(listen_as, 1004, 1000), 16);
    assert_int_equal(te_open_limit(f.stack, 1005, true), TE_LIMIT_LISTENERS);
    assert_int_equal(listen_as(0, &id), TE_OK);
    assert_int_equal(repeat(listen_as, 0, 1000), 3);
    assert_int_equal(te_close(f.stack, id, f.now_us), TE_OK); /* what is closed may be had again */
    assert_int_equal(repeat(listen_as, 0, 1000), 1);
}

static void a_closed_one_no_longer_counts(void **state)
{
    uint64_t id;
    (void)state;
    assert_int_equal(listen_as(1001, &id), TE_OK);
    assert_int_equal(repeat(listen_as, 1001, 1000), 19);
    assert_int_equal(te_close(f.stack, id, f.now_us), TE_OK);
    assert_int_equal(repeat(listen_as, 1001, 1000), 1);
    assert_int_equal(connect_as(1001, &id), TE_OK);
    assert_int_equal(repeat(connect_as, 1001, 1000), 49);
    assert_int_equal(te_abort(f.stack, id, f.now_us), TE_OK);
    assert_int_equal(repeat(connect_as, 1001, 1000), 1);
}

static void shares_of_small_tables(void **state)
{
    (void)state;
    assert_int_equal(te_share(1000, 25), 250);
    assert_int_equal(te_share(1000, 100), 1000);
    assert_int_equal(te_share(50, 10), TE_SHARE_MIN);
    assert_int_equal(te_share(3, 10), 3);
    assert_int_equal(te_share(4000000, 50), 2000000);
}

/* --- what nobody is left to use --------------------------------------------------------------- */

static void fill_with_listeners(void)
{
    for (uint32_t uid = 1001; uid <= 1003; uid++)
        assert_int_equal(repeat(listen_as, uid, 1000), 20);
    assert_int_equal(repeat(listen_as, 1004, 1000), 16);
}

static void abandoned_listeners_yield(void **state)
{
    uint64_t id;
    (void)state;
    fill_with_listeners();
    assert_int_equal(listen_as(1005, &id), TE_ERR_RESOURCES); /* all are in use */
    te_set_client_present(f.stack, 1002, false);
    assert_int_equal(listen_as(1005, &id), TE_OK);
    assert_int_equal(te_owner_find(f.stack, 1002)->listeners, 19);
    assert_int_equal(f.stack->counters.limit_yields, 1);
    te_set_client_present(f.stack, 1002, true);
    assert_int_equal(listen_as(1005, &id), TE_ERR_RESOURCES); /* a program has come for them */
}

static void nobody_drives_out_who_has_less(void **state)
{
    uint64_t id;
    (void)state;
    assert_int_equal(listen_as(1005, &id), TE_OK);
    te_set_client_present(f.stack, 1005, false);
    for (uint32_t uid = 1001; uid <= 1003; uid++)
        assert_int_equal(repeat(listen_as, uid, 1000), 20);
    assert_int_equal(repeat(listen_as, 1004, 1000), 15); /* and not 1005's */
    assert_int_equal(te_owner_find(f.stack, 1005)->listeners, 1);
    te_set_client_present(f.stack, 1003, false); /* 1004 has 15, and gets what makes them equal */
    assert_int_equal(repeat(listen_as, 1004, 1000), 3);
    assert_int_equal(te_owner_find(f.stack, 1003)->listeners, 17);
    assert_int_equal(te_owner_find(f.stack, 1005)->listeners, 1);
}

static void what_a_session_keeps_does_not_yield(void **state)
{
    uint64_t id, kept[2];
    (void)state;
    assert_int_equal(listen_as(1002, &kept[0]), TE_OK);
    assert_int_equal(connect_as(1002, &kept[1]), TE_OK);
    te_set_kept(f.stack, kept[0], true);
    te_set_kept(f.stack, kept[1], true);
    te_set_client_present(f.stack, 1002, false);
    assert_int_equal(repeat(listen_as, 1001, 1000), 20);
    assert_int_equal(repeat(listen_as, 1003, 1000), 20);
    assert_int_equal(repeat(listen_as, 1004, 1000), 20);
    assert_int_equal(repeat(listen_as, 1006, 1000), 15);
    assert_int_equal(listen_as(1005, &id), TE_ERR_RESOURCES);
    te_set_kept(f.stack, kept[0], false);
    assert_int_equal(listen_as(1005, &id), TE_OK);
    assert_int_equal(te_status(f.stack, kept[0], &(struct te_status){0}), TE_ERR_NO_CONNECTION);
    assert_int_equal(te_status(f.stack, kept[1], &(struct te_status){0}), TE_OK);
}

static void abandoned_connections_yield(void **state)
{
    uint64_t id;
    (void)state;
    for (uint32_t uid = 1001; uid <= 1003; uid++)
        assert_int_equal(repeat(connect_as, uid, 1000), 50);
    assert_int_equal(repeat(connect_as, 1004, 1000), 40);
    assert_int_equal(connect_as(1005, &id), TE_ERR_RESOURCES);
    te_set_client_present(f.stack, 1001, false);
    assert_int_equal(repeat(connect_as, 1005, 1000), 25); /* until both have 25 */
    assert_int_equal(te_owner_find(f.stack, 1001)->connections, 25);
    assert_int_equal(f.stack->counters.limit_yields, 25);
    assert_int_equal(repeat(connect_as, 0, 1000), 10 + 8); /* its own, and as above: 17 to 18 */
}

/* Root has used its reserve: more than one has to go before there is room for another user. */
static void as_many_yield_as_needed(void **state)
{
    uint64_t id;
    (void)state;
    for (uint32_t uid = 1001; uid <= 1003; uid++)
        assert_int_equal(repeat(connect_as, uid, 1000), 50);
    assert_int_equal(repeat(connect_as, 1004, 1000), 40);
    assert_int_equal(repeat(connect_as, 0, 1000), 10);
    te_set_client_present(f.stack, 1001, false);
    assert_int_equal(connect_as(1005, &id), TE_OK);
    assert_int_equal(te_owner_find(f.stack, 1001)->connections, 39);
}

#define SHARE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHARE_TEST(connections_of_one_user_end_at_its_share),
        SHARE_TEST(listeners_of_one_user_end_at_its_share),
        SHARE_TEST(a_closed_one_no_longer_counts),
        SHARE_TEST(shares_of_small_tables),
        SHARE_TEST(abandoned_listeners_yield),
        SHARE_TEST(nobody_drives_out_who_has_less),
        SHARE_TEST(what_a_session_keeps_does_not_yield),
        SHARE_TEST(abandoned_connections_yield),
        SHARE_TEST(as_many_yield_as_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
