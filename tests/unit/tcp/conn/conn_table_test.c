#include <string.h>

#include "support/lone_conn.h"
#include "support/test.h"
#include "tcp/conn/conn_table.h"
#include "tcp/life.h"

#define BUCKETS_MIN 64

static struct lone l;
static struct te_conn_table *table;

static int setup(void **state)
{
    (void)state;
    lone_start(&l);
    table = &l.stack->conns;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    lone_stop(&l);
    return 0;
}

static void fill_to(uint32_t count)
{
    while (table->count < count)
        lone_more(&l, (uint16_t)(10000 + table->count));
}

static struct te_conn *find(uint16_t local_port, const char *remote, uint16_t remote_port)
{
    struct te_endpoint local = lone_endpoint("10.0.0.1", local_port);
    struct te_endpoint peer = lone_endpoint(remote, remote_port);
    return te_conn_table_find(l.stack, &local, &peer);
}

/* --- finding ---------------------------------------------------------------------------------- */

static void test_found_by_its_whole_tuple(void **state)
{
    (void)state;
    assert_ptr_equal(find(80, "10.0.0.2", LONE_PORT), l.conn);
    assert_null(find(81, "10.0.0.2", LONE_PORT));
    assert_null(find(80, "10.0.0.3", LONE_PORT));
    assert_null(find(80, "10.0.0.2", LONE_PORT + 1));
    struct te_endpoint wrong = lone_endpoint("10.0.0.9", 80);
    assert_null(te_conn_table_find(l.stack, &wrong, &l.conn->remote));
}

static void test_found_by_id(void **state)
{
    (void)state;
    struct te_conn *second = lone_more(&l, 8081);
    assert_ptr_equal(te_conn_table_find_id(l.stack, l.conn->id), l.conn);
    assert_ptr_equal(te_conn_table_find_id(l.stack, second->id), second);
    assert_null(te_conn_table_find_id(l.stack, second->id + 1));
    assert_null(te_conn_table_find_id(l.stack, l.conn->id + BUCKETS_MIN)); /* the same bucket */
    assert_null(te_conn_table_find_id(l.stack, 0));
}

static void test_the_same_ports_over_ipv6_are_another_tuple(void **state)
{
    (void)state;
    struct te_conn *v6 = lone_more_v6(&l, LONE_PORT);
    assert_ptr_equal(find(80, "10.0.0.2", LONE_PORT), l.conn);
    assert_ptr_equal(te_conn_table_find(l.stack, &v6->local, &v6->remote), v6);
}

/* --- removal ---------------------------------------------------------------------------------- */

static void test_without_its_tuple_the_id_still_finds_it(void **state)
{
    (void)state;
    te_conn_table_remove_tuple(l.stack, l.conn);
    assert_null(find(80, "10.0.0.2", LONE_PORT));
    assert_ptr_equal(te_conn_table_find_id(l.stack, l.conn->id), l.conn);
    assert_int_equal(table->count, 1);
    l.conn->is_remains = true; /* so that its end does not remove the tuple again */
}

/* Three in one chain by id: first, middle and last are taken out. */
static void test_removal_from_any_place_of_a_chain(void **state)
{
    (void)state;
    fill_to(3);
    l.stack->next_id = l.conn->id + BUCKETS_MIN;
    struct te_conn *middle = lone_more(&l, 9001);
    l.stack->next_id = l.conn->id + 2 * BUCKETS_MIN;
    struct te_conn *first = lone_more(&l, 9002);
    uint64_t last_id = l.conn->id;
    uint64_t middle_id = middle->id;
    uint64_t first_id = first->id;
    te_conn_destroy(l.stack, middle);
    assert_null(te_conn_table_find_id(l.stack, middle_id));
    assert_ptr_equal(te_conn_table_find_id(l.stack, first_id), first);
    assert_ptr_equal(te_conn_table_find_id(l.stack, last_id), l.conn);
    te_conn_destroy(l.stack, l.conn);
    assert_ptr_equal(te_conn_table_find_id(l.stack, first_id), first);
    te_conn_destroy(l.stack, first);
    assert_null(te_conn_table_find_id(l.stack, first_id));
    assert_int_equal(table->count, 2);
}

static void test_states_are_counted(void **state)
{
    (void)state;
    assert_int_equal(table->state_count[TE_CLOSED], 1);
    fill_to(3);
    assert_int_equal(table->state_count[TE_CLOSED], 3);
    te_conn_table_count_state(table, TE_CLOSED, TE_SYN_SENT);
    assert_int_equal(table->state_count[TE_CLOSED], 2);
    assert_int_equal(table->state_count[TE_SYN_SENT], 1);
    l.conn->state = TE_SYN_SENT;
    te_conn_destroy(l.stack, l.conn);
    assert_int_equal(table->state_count[TE_SYN_SENT], 0);
    assert_int_equal(table->state_count[TE_CLOSED], 2);
}

/* --- the limit -------------------------------------------------------------------------------- */

static void test_conn_max(void **state)
{
    (void)state;
    l.stack->config.conn_max = 3;
    fill_to(3);
    struct te_conn_birth birth = {.local = lone_endpoint("10.0.0.1", 80),
                                  .remote = lone_endpoint("10.0.0.2", 1)};
    enum te_err err = TE_OK;
    int64_t held_bytes = l.f.heap.held_bytes;
    assert_null(te_conn_new(l.stack, &birth, &err));
    assert_int_equal(err, TE_ERR_RESOURCES);
    assert_int_equal(l.f.heap.held_bytes, held_bytes);
    assert_int_equal(table->count, 3);
    assert_null(find(80, "10.0.0.2", 1));
    te_conn_destroy(l.stack, l.conn);
    assert_non_null(te_conn_new(l.stack, &birth, &err));
}

/* --- size ------------------------------------------------------------------------------------- */

static void check_all_found(uint32_t count)
{
    uint64_t cursor = 0;
    uint32_t seen = 0;
    for (struct te_conn *conn; (conn = te_conn_table_walk(table, &cursor)) != NULL; seen++) {
        assert_ptr_equal(te_conn_table_find_id(l.stack, conn->id), conn);
        assert_ptr_equal(te_conn_table_find(l.stack, &conn->local, &conn->remote), conn);
    }
    assert_int_equal(seen, count);
}

static void test_doubles_when_full(void **state)
{
    (void)state;
    fill_to(BUCKETS_MIN);
    assert_int_equal(table->growth.bucket_count, BUCKETS_MIN);
    assert_int_equal(table->growth.moved, 0);
    for (uint32_t more = 1; more < BUCKETS_MIN / TE_GROWTH_STEP; more++) {
        fill_to(BUCKETS_MIN + more);
        assert_int_equal(table->growth.bucket_count, BUCKETS_MIN);
        assert_int_equal(table->growth.moved, more * TE_GROWTH_STEP);
        check_all_found(BUCKETS_MIN + more);
    }
    fill_to(BUCKETS_MIN + BUCKETS_MIN / TE_GROWTH_STEP);
    assert_int_equal(table->growth.bucket_count, 2 * BUCKETS_MIN);
    assert_int_equal(table->growth.moved, 0);
    check_all_found(BUCKETS_MIN + BUCKETS_MIN / TE_GROWTH_STEP);
    fill_to(1000);
    assert_int_equal(table->growth.bucket_count, 1024);
    check_all_found(1000);
}

/* No addition moves more, at any size. */
static void test_no_addition_moves_many_buckets(void **state)
{
    uint32_t most = 0;
    (void)state;
    for (uint32_t count = 2; count <= 6200; count++) {
        struct te_growth before = table->growth;
        fill_to(count);
        uint32_t moved = table->growth.moved - before.moved;
        if (table->growth.bucket_count != before.bucket_count)
            moved += before.bucket_count;
        most = moved > most ? moved : most;
        assert_true(table->count <= 2 * table->growth.bucket_count);
    }
    assert_int_equal(most, TE_GROWTH_STEP);
    assert_int_equal(table->growth.bucket_count, 8192);
    check_all_found(6200);
}

/* Each is found, by its id and by its tuple, while others go, and the table can go in between. */
static void test_removal_while_it_grows(void **state)
{
    (void)state;
    int64_t held_bytes = l.f.heap.held_bytes;
    fill_to(BUCKETS_MIN + BUCKETS_MIN / TE_GROWTH_STEP / 2);
    assert_true(table->growth.moved > 0);
    for (uint32_t left = table->count; left > 0; left--) {
        uint64_t cursor = 0;
        check_all_found(left);
        te_conn_destroy(l.stack, te_conn_table_walk(table, &cursor));
    }
    assert_int_equal(l.f.heap.held_bytes, held_bytes - (int64_t)sizeof(struct te_conn));
    lone_more(&l, 1);
    check_all_found(1);
}

static void test_shrinks_when_empty(void **state)
{
    (void)state;
    int64_t held_bytes = l.f.heap.held_bytes;
    fill_to(1000);
    uint64_t cursor = 0;
    for (struct te_conn *conn; (conn = te_conn_table_walk(table, &cursor)) != NULL; cursor = 0)
        te_conn_destroy(l.stack, conn);
    assert_int_equal(table->count, 0);
    assert_int_equal(table->growth.bucket_count, BUCKETS_MIN);
    assert_int_equal(l.f.heap.held_bytes, held_bytes - (int64_t)sizeof(struct te_conn));
}

/* The connection gets its memory; then neither array does, or only one of them. */
static void test_stays_small_when_memory_is_refused(void **state)
{
    (void)state;
    fill_to(BUCKETS_MIN);
    l.f.heap.allocations_left = 1;
    lone_more(&l, 1);
    assert_int_equal(table->growth.bucket_count, BUCKETS_MIN);
    l.f.heap.allocations_left = 2;
    lone_more(&l, 2);
    assert_int_equal(table->growth.bucket_count, BUCKETS_MIN);
    l.f.heap.allocations_left = -1;
    check_all_found(BUCKETS_MIN + 2);
    lone_more(&l, 3); /* memory is back: now it grows */
    assert_int_equal(table->growth.moved, TE_GROWTH_STEP);
    check_all_found(BUCKETS_MIN + 3);
    fill_to(BUCKETS_MIN + 2 + BUCKETS_MIN / TE_GROWTH_STEP);
    assert_int_equal(table->growth.bucket_count, 2 * BUCKETS_MIN);
    check_all_found(BUCKETS_MIN + 2 + BUCKETS_MIN / TE_GROWTH_STEP);
}

/* --- restored --------------------------------------------------------------------------------- */

static void test_buckets_max_is_what_conn_max_needs(void **state)
{
    (void)state;
    l.stack->config.conn_max = 1;
    assert_int_equal(te_conn_table_buckets_max(l.stack), BUCKETS_MIN);
    l.stack->config.conn_max = 1000;
    assert_int_equal(te_conn_table_buckets_max(l.stack), 1024);
    l.stack->config.conn_max = 1024;
    assert_int_equal(te_conn_table_buckets_max(l.stack), 1024);
    l.stack->config.conn_max = 1025;
    assert_int_equal(te_conn_table_buckets_max(l.stack), 2048);
}

static void test_set_buckets(void **state)
{
    (void)state;
    te_conn_destroy(l.stack, l.conn); /* it is for an empty table */
    l.f.heap.allocations_left = 1;
    assert_false(te_conn_table_set_buckets(l.stack, 256));
    assert_int_equal(table->growth.bucket_count, BUCKETS_MIN);
    l.f.heap.allocations_left = -1;
    assert_true(te_conn_table_set_buckets(l.stack, 256));
    assert_int_equal(table->growth.bucket_count, 256);
    lone_more(&l, 1);
    check_all_found(1);
}

/* The walk sees them in the order in which they were appended, within one bucket, too. */
static void test_append_keeps_the_order(void **state)
{
    (void)state;
    struct te_conn *second = lone_more(&l, 8081);
    te_conn_table_remove_tuple(l.stack, l.conn);
    te_conn_table_remove_id(l.stack, l.conn);
    te_conn_table_remove_tuple(l.stack, second);
    te_conn_table_remove_id(l.stack, second);
    second->id = l.conn->id + BUCKETS_MIN;
    second->is_remains = true;
    te_conn_table_append(l.stack, l.conn);
    te_conn_table_append(l.stack, second);
    uint64_t cursor = 0;
    assert_ptr_equal(te_conn_table_walk(table, &cursor), l.conn);
    assert_ptr_equal(te_conn_table_walk(table, &cursor), second);
    assert_null(te_conn_table_walk(table, &cursor));
    assert_null(te_conn_table_walk(table, &cursor));
    assert_int_equal(table->count, 2);
    assert_int_equal(table->state_count[TE_CLOSED], 2);
    assert_ptr_equal(find(80, "10.0.0.2", LONE_PORT), l.conn);
    assert_null(find(80, "10.0.0.2", 8081)); /* remains have no tuple */
}

/* The table doubles four times and loses every other connection that was seen, while the walk is
 * on.
 */
static void test_walk_goes_on_while_the_table_changes(void **state)
{
    static unsigned seen[2048];
    uint64_t cursor = 0, first_id = l.conn->id, last_id;
    unsigned count = 0;
    (void)state;
    memset(seen, 0, sizeof(seen));
    fill_to(BUCKETS_MIN);
    last_id = l.stack->next_id;
    for (struct te_conn *conn; (conn = te_conn_table_walk(table, &cursor)) != NULL; count++) {
        seen[conn->id - first_id]++;
        if (count % 2 == 0)
            te_conn_destroy(l.stack, conn);
        for (unsigned i = 0; i < 20 && l.stack->next_id < first_id + 1000; i++)
            lone_more(&l, (uint16_t)(20000 + l.stack->next_id));
    }
    assert_true(table->growth.bucket_count >= 16 * BUCKETS_MIN / 2);
    for (uint64_t id = first_id; id < last_id; id++)
        assert_int_equal(seen[id - first_id], 1);
    for (uint64_t id = last_id; id < l.stack->next_id; id++)
        assert_true(seen[id - first_id] <= 1);
}

/* Many empty places after a peak: a walk may stop among them, and goes on from there. */
static void test_scan_takes_no_more_steps_than_it_may(void **state)
{
    uint64_t cursor = 0;
    unsigned calls = 0, found = 0;
    (void)state;
    fill_to(1000);
    for (uint64_t id = l.conn->id + 1; id < l.stack->next_id; id++)
        te_conn_destroy(l.stack, te_conn_table_find_id(l.stack, id));
    for (uint32_t steps = 0; steps == 0; calls++) {
        steps = 100;
        while (te_conn_table_scan(table, &cursor, &steps) != NULL)
            found++;
    }
    assert_int_equal(found, 1);
    assert_int_equal(calls, 11); /* 1,024 places, and the one that was found once more */
}

static void test_walk_of_an_empty_table(void **state)
{
    (void)state;
    te_conn_destroy(l.stack, l.conn);
    uint64_t cursor = 0;
    assert_null(te_conn_table_walk(table, &cursor));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_found_by_its_whole_tuple),
        TEST(test_found_by_id),
        TEST(test_the_same_ports_over_ipv6_are_another_tuple),
        TEST(test_without_its_tuple_the_id_still_finds_it),
        TEST(test_removal_from_any_place_of_a_chain),
        TEST(test_states_are_counted),
        TEST(test_conn_max),
        TEST(test_doubles_when_full),
        TEST(test_no_addition_moves_many_buckets),
        TEST(test_removal_while_it_grows),
        TEST(test_shrinks_when_empty),
        TEST(test_stays_small_when_memory_is_refused),
        TEST(test_buckets_max_is_what_conn_max_needs),
        TEST(test_set_buckets),
        TEST(test_append_keeps_the_order),
        TEST(test_walk_goes_on_while_the_table_changes),
        TEST(test_scan_takes_no_more_steps_than_it_may),
        TEST(test_walk_of_an_empty_table),
    };
    return cmocka_run_group_tests_name("conn_table", tests, NULL, NULL);
}
