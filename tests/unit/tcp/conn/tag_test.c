#include "support/lone_conn.h"
#include "support/test.h"
#include "tcp/conn/graveyard.h"
#include "tcp/conn/state.h"
#include "tcp/conn/tag.h"
#include "tcp/life.h"

#define OWN 1000 /* uid of the connection */
#define MANY (5 * TE_TAGS_BUILT_IN)

static struct lone l;

static int setup(void **state)
{
    (void)state;
    lone_start(&l);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    lone_stop(&l);
    return 0;
}

static void a_pair_exists_once_and_while_it_is_used(void **state)
{
    (void)state;
    assert_false(te_tag_is_used(l.stack, 7, 42));
    uint32_t reference = te_tag_join(l.stack, 7, 42);
    assert_int_equal(te_tag_join(l.stack, 7, 42), reference);
    assert_int_not_equal(te_tag_join(l.stack, 8, 42), reference);
    assert_int_equal(te_tag_uid(l.stack, reference), 7);
    assert_int_equal(te_tag_number(l.stack, reference), 42);
    te_tag_leave(l.stack, reference);
    assert_true(te_tag_is_used(l.stack, 7, 42));
    te_tag_leave(l.stack, reference);
    assert_false(te_tag_is_used(l.stack, 7, 42));
    assert_true(te_tag_is_used(l.stack, 8, 42));
    assert_int_equal(te_tag_number(l.stack, TE_TAG_NONE), 0);
}

static void references_stay_while_the_table_grows(void **state)
{
    uint32_t references[MANY];
    (void)state;
    int64_t held_bytes = l.f.heap.held_bytes;
    for (uint32_t i = 0; i < MANY; i++)
        references[i] = te_tag_join(l.stack, i % 3, i);
    for (uint32_t i = 0; i < MANY; i++) {
        assert_int_equal(te_tag_uid(l.stack, references[i]), i % 3);
        assert_int_equal(te_tag_number(l.stack, references[i]), i);
        assert_int_equal(te_tag_join(l.stack, i % 3, i), references[i]);
        te_tag_leave(l.stack, references[i]);
    }
    for (uint32_t i = 0; i < MANY; i++)
        te_tag_leave(l.stack, references[i]);
    assert_true(l.f.heap.held_bytes > held_bytes); /* the connection has its pair */
    te_conn_destroy(l.stack, l.conn);
    assert_int_equal(l.stack->tags.size, TE_TAGS_BUILT_IN);
    l.conn = lone_more(&l, 1); /* for the end of the test */
}

static void without_memory_nothing_changes(void **state)
{
    uint32_t reference = TE_TAG_NONE, before;
    (void)state;
    l.f.heap.allocations_left = 0;
    for (uint32_t i = 1; i < TE_TAGS_BUILT_IN; i++)
        assert_int_not_equal(reference = te_tag_join_conn(l.stack, OWN, i), TE_TAG_NONE);
    before = reference;
    assert_int_equal(te_tag_join(l.stack, OWN, 99), TE_TAG_NONE);
    assert_false(te_tag_change(l.stack, &reference, OWN, 99));
    assert_int_equal(reference, before);
    assert_int_equal(te_set_tag(l.stack, l.conn->id, 99), TE_ERR_NOMEM);
    assert_true(te_tag_change(l.stack, &reference, OWN, 1));
    assert_false(te_tag_is_used(l.stack, OWN, TE_TAGS_BUILT_IN - 1));
    assert_true(te_tag_is_used(l.stack, OWN, 1));
    assert_int_equal(te_tag_connections(l.stack, OWN, 1), 2);
    te_tag_leave_conn(l.stack, reference);
    for (uint32_t i = 1; i < TE_TAGS_BUILT_IN - 1; i++) {
        uint32_t again = te_tag_join(l.stack, OWN, i);
        te_tag_leave(l.stack, again);
        te_tag_leave_conn(l.stack, again); /* of the loop above */
    }
}

/* --- what carries them ------------------------------------------------------------------------ */

static struct te_status status_of(uint64_t id)
{
    struct te_status status;
    assert_int_equal(te_status(l.stack, id, &status), TE_OK);
    return status;
}

static void a_tag_is_in_status_history_and_events(void **state)
{
    struct te_history history;
    (void)state;
    uint64_t id = l.conn->id;
    assert_int_equal(status_of(id).tag, 0);
    assert_int_equal(te_set_tag(l.stack, id, 42), TE_OK);
    assert_int_equal(status_of(id).tag, 42);
    assert_int_equal(te_history(l.stack, id, &history), TE_OK);
    assert_int_equal(history.tag, 42);
    te_conn_set_state(l.stack, l.conn, TE_SYN_SENT, TE_CAUSE_ACTIVE_OPEN, NULL);
    assert_int_equal(lone_event(&l).tag, 42);
    assert_int_equal(te_set_tag(l.stack, id + 1, 42), TE_ERR_NO_CONNECTION);
    assert_int_equal(te_tag_connections(l.stack, OWN, 42), 1);
    assert_int_equal(te_tag_connections(l.stack, OWN, 0), 0);
}

static void time_wait_and_the_grave_keep_it(void **state)
{
    struct te_history history;
    uint64_t id = l.conn->id;
    (void)state;
    assert_int_equal(te_set_tag(l.stack, id, 42), TE_OK);
    l.conn->user_closed = true;
    te_conn_set_state(l.stack, l.conn, TE_SYN_SENT, TE_CAUSE_ACTIVE_OPEN, NULL);
    te_conn_set_state(l.stack, l.conn, TE_ESTABLISHED, TE_CAUSE_RECV_SYN_ACK, NULL);
    te_conn_set_state(l.stack, l.conn, TE_FIN_WAIT_1, TE_CAUSE_CLOSE, NULL);
    te_conn_set_state(l.stack, l.conn, TE_FIN_WAIT_2, TE_CAUSE_RECV_ACK_OF_FIN, NULL);
    te_conn_end_protocol(l.stack, l.conn,
                         &(struct te_death){TE_TIME_WAIT, TE_CAUSE_RECV_FIN, TE_OK, NULL});
    assert_int_equal(status_of(id).state, TE_TIME_WAIT);
    assert_int_equal(status_of(id).tag, 42);
    assert_int_equal(status_of(id).uid, OWN);
    assert_int_equal(te_tag_connections(l.stack, OWN, 42), 0);
    assert_int_equal(te_history(l.stack, id, &history), TE_OK);
    assert_int_equal(history.tag, 42);
    for (unsigned way = 0; way < 5; way++)
        lone_event(&l);
    te_time_wait_end(l.stack, te_time_wait_find_id(l.stack, id), TE_CAUSE_TIMEOUT_2MSL, NULL);
    assert_int_equal(lone_event(&l).tag, 42);
    assert_true(te_tag_is_used(l.stack, OWN, 42)); /* by the grave */
    l.conn = lone_more(&l, 1);
}

static void the_grave_that_is_overwritten_gives_it_back(void **state)
{
    (void)state;
    for (uint32_t i = 0; i <= l.stack->graveyard.capacity; i++)
        te_graveyard_put(l.stack,
                         (struct te_grave){.id = 100 + i, .uid = 7, .tag = i == 0 ? 42 : 43});
    assert_false(te_tag_is_used(l.stack, 7, 42));
    assert_true(te_tag_is_used(l.stack, 7, 43));
}

static void a_connection_has_the_tag_of_its_listener_until_it_is_given_another(void **state)
{
    struct te_listen listen = {
        .local = lone_endpoint("0.0.0.0", 90), .uid = 7, .tag = 42, .family = TE_LISTEN_ANY};
    uint64_t id;
    (void)state;
    assert_int_equal(te_open_passive(l.stack, &listen, &id, l.stack->now_us), TE_OK);
    assert_int_equal(status_of(id).tag, 42);
    assert_int_equal(lone_event(&l).tag, 42);
    assert_int_equal(te_close(l.stack, id, l.stack->now_us), TE_OK);
    assert_int_equal(lone_event(&l).tag, 42);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_pair_exists_once_and_while_it_is_used),
        TEST(references_stay_while_the_table_grows),
        TEST(without_memory_nothing_changes),
        TEST(a_tag_is_in_status_history_and_events),
        TEST(time_wait_and_the_grave_keep_it),
        TEST(the_grave_that_is_overwritten_gives_it_back),
        TEST(a_connection_has_the_tag_of_its_listener_until_it_is_given_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
