#include "support/lone_conn.h"
#include "support/test.h"
#include "tcp/conn/graveyard.h"

static struct lone l;

static void start(uint32_t capacity)
{
    fixture_init(&l.f);
    l.f.config.history_conn_max = capacity;
    lone_start_configured(&l);
}

static int teardown(void **state)
{
    (void)state;
    lone_stop(&l);
    return 0;
}

static void put(uint64_t id)
{
    te_graveyard_put(l.stack, (struct te_grave){.id = id, .uid = (uint32_t)id + 1});
}

static void expect(uint64_t id)
{
    const struct te_grave *grave = te_graveyard_find(l.stack, id);
    assert_non_null(grave);
    assert_int_equal(grave->id, id);
    assert_int_equal(grave->uid, id + 1);
    assert_ptr_equal(te_graveyard_history(l.stack, id), &grave->history);
}

static void expect_none(uint64_t id)
{
    assert_null(te_graveyard_find(l.stack, id));
    assert_null(te_graveyard_history(l.stack, id));
}

static void test_empty(void **state)
{
    (void)state;
    start(4);
    expect_none(1);
    expect_none(4);
}

static void test_the_oldest_makes_room(void **state)
{
    (void)state;
    start(3); /* four buckets */
    for (uint64_t id = 1; id <= 100; id++) {
        put(id);
        for (uint64_t at = 1; at <= 101; at++) {
            if (at <= id && at + 3 > id)
                expect(at);
            else
                expect_none(at);
        }
    }
}

/* All in one bucket: graves are taken from the end of its chain. */
static void test_ids_of_one_bucket(void **state)
{
    (void)state;
    start(4);
    for (uint64_t i = 1; i <= 10; i++)
        put(4 * i);
    expect_none(4 * 6);
    for (uint64_t i = 7; i <= 10; i++)
        expect(4 * i);
}

static void test_room_for_one(void **state)
{
    (void)state;
    start(1);
    put(5);
    expect(5);
    put(6);
    expect(6);
    expect_none(5);
}

static void test_no_room_at_all(void **state)
{
    (void)state;
    start(0);
    put(5);
    expect_none(5);
    te_graveyard_bury(l.stack, l.conn);
    expect_none(l.conn->id);
}

static void test_a_connection_is_copied(void **state)
{
    (void)state;
    start(4);
    const struct te_transition birth = {.from = TE_CLOSED, .to = TE_SYN_SENT};
    te_history_add(&l.conn->history, &birth, &l.stack->config.allocator);
    te_graveyard_bury(l.stack, l.conn);
    assert_int_equal(l.conn->history.count, 0); /* it has moved */
    const struct te_grave *grave = te_graveyard_find(l.stack, l.conn->id);
    assert_non_null(grave);
    assert_int_equal(grave->uid, 1000);
    assert_int_equal(grave->local.port, 80);
    assert_int_equal(grave->remote.port, LONE_PORT);
    assert_true(te_addr_equal(&grave->remote.addr, &l.conn->remote.addr));
    assert_int_equal(grave->history.count, 1);
    assert_int_equal(grave->history.first[0].to, TE_SYN_SENT);
}

static void test_a_listener_is_copied(void **state)
{
    (void)state;
    start(4);
    struct te_listener listener = {
        .id = 9, .uid = 7, .local = {.port = 80}, .remote = {.port = 1}, .history = {.count = 2}};
    te_graveyard_bury_listener(l.stack, &listener);
    const struct te_grave *grave = te_graveyard_find(l.stack, 9);
    assert_non_null(grave);
    assert_int_equal(grave->uid, 7);
    assert_int_equal(grave->local.port, 80);
    assert_int_equal(grave->remote.port, 1);
    assert_int_equal(grave->history.count, 2);
}

static void add_transitions(struct te_history_log *log, unsigned count)
{
    const struct te_transition transition = {.from = TE_CLOSED, .to = TE_SYN_SENT};
    for (unsigned i = 0; i < count; i++)
        te_history_add(log, &transition, &l.stack->config.allocator);
}

/* The grave has room for it from the start: the connection's memory is given back. */
static void test_a_long_history_fits_into_a_grave(void **state)
{
    (void)state;
    start(1);
    int64_t held = l.f.heap.held_bytes;
    add_transitions(&l.conn->history, TE_HISTORY_MAX);
    int64_t longer = l.f.heap.held_bytes;
    assert_true(longer > held);
    te_graveyard_bury(l.stack, l.conn);
    assert_int_equal(l.f.heap.held_bytes, held);
    struct te_transition copy[TE_HISTORY_MAX];
    const struct te_history_log *history = &te_graveyard_find(l.stack, l.conn->id)->history;
    assert_int_equal(te_history_copy(history, copy), TE_HISTORY_MAX);
    assert_int_equal(copy[TE_HISTORY_MAX - 1].to, TE_SYN_SENT);
    put(l.conn->id + 1);
    l.f.heap.allocations_left = 0;
    add_transitions(te_graveyard_history(l.stack, l.conn->id + 1), TE_HISTORY_MAX);
    l.f.heap.allocations_left = -1;
    assert_int_equal(te_graveyard_history(l.stack, l.conn->id + 1)->count, TE_HISTORY_MAX);
    assert_int_equal(l.f.heap.held_bytes, held);
}

static void test_without_graves_a_long_history_goes(void **state)
{
    (void)state;
    start(0);
    int64_t held = l.f.heap.held_bytes;
    add_transitions(&l.conn->history, TE_HISTORY_MAX);
    te_graveyard_bury(l.stack, l.conn);
    assert_int_equal(l.f.heap.held_bytes, held);
    assert_int_equal(l.conn->history.count, 0);
}

/* The last transition of a TIME_WAIT entry finds its history here. */
static void test_a_history_goes_on_in_its_grave(void **state)
{
    (void)state;
    start(4);
    put(5);
    const struct te_transition last = {.from = TE_TIME_WAIT, .to = TE_CLOSED};
    te_history_add(te_graveyard_history(l.stack, 5), &last, &l.stack->config.allocator);
    assert_int_equal(te_graveyard_find(l.stack, 5)->history.count, 1);
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_empty),
        TEST(test_the_oldest_makes_room),
        TEST(test_ids_of_one_bucket),
        TEST(test_room_for_one),
        TEST(test_no_room_at_all),
        TEST(test_a_connection_is_copied),
        TEST(test_a_listener_is_copied),
        TEST(test_a_history_goes_on_in_its_grave),
        TEST(test_a_long_history_fits_into_a_grave),
        TEST(test_without_graves_a_long_history_goes),
    };
    return cmocka_run_group_tests_name("graveyard", tests, NULL, NULL);
}
