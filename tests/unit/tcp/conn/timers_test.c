#include "support/lone_conn.h"
#include "support/test.h"
#include "tcp/conn/timers.h"
#include "tcp/timeout.h"

static struct lone l;
static struct te_conn *conn;
static int64_t start_us;

static int setup(void **state)
{
    (void)state;
    lone_start(&l);
    conn = l.conn;
    start_us = l.stack->now_us;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    lone_stop(&l);
    return 0;
}

static void set(enum te_timer timer, int64_t in_us)
{
    te_timer_set(l.stack, conn, timer, start_us + in_us);
}

/* This is the earliest deadline, and the wheel is armed for it. */
static void expect_next(enum te_timer timer, int64_t in_us)
{
    int64_t at_us = 0;
    assert_int_equal(te_timer_next(conn, &at_us), timer);
    assert_int_equal(at_us, start_us + in_us);
    assert_int_equal(conn->timer.at_us, start_us + in_us);
    assert_int_equal(te_stack_next_timeout(l.stack), start_us + in_us);
}

static void expect_none(void)
{
    int64_t at_us = 0;
    assert_int_equal(te_timer_next(conn, &at_us), TE_TIMER_NONE);
    assert_true(at_us == TE_NEVER);
    assert_true(conn->timer.at_us == TE_NEVER);
    assert_true(te_stack_next_timeout(l.stack) == TE_NEVER);
}

static void test_none_at_birth(void **state)
{
    (void)state;
    expect_none();
    for (unsigned i = TE_TIMER_NONE + 1; i < TE_CONN_TIMERS; i++)
        assert_false(te_timer_is_set(conn, (enum te_timer)i));
}

static void test_the_wheel_follows_the_earliest(void **state)
{
    (void)state;
    set(TE_TIMER_KEEPALIVE, 300);
    expect_next(TE_TIMER_KEEPALIVE, 300);
    set(TE_TIMER_RETRANSMIT, 200);
    expect_next(TE_TIMER_RETRANSMIT, 200);
    set(TE_TIMER_USER_TIMEOUT, 400);
    expect_next(TE_TIMER_RETRANSMIT, 200);
    set(TE_TIMER_RETRANSMIT, 500); /* moved */
    expect_next(TE_TIMER_KEEPALIVE, 300);
    te_timer_clear(l.stack, conn, TE_TIMER_KEEPALIVE);
    expect_next(TE_TIMER_USER_TIMEOUT, 400);
    te_timer_clear(l.stack, conn, TE_TIMER_KEEPALIVE); /* legal twice */
    expect_next(TE_TIMER_USER_TIMEOUT, 400);
    te_timer_clear(l.stack, conn, TE_TIMER_USER_TIMEOUT);
    expect_next(TE_TIMER_RETRANSMIT, 500);
    te_timer_clear(l.stack, conn, TE_TIMER_RETRANSMIT);
    expect_none();
}

static void test_one_node_per_connection(void **state)
{
    (void)state;
    uint32_t armed = l.stack->wheel.armed_count;
    for (unsigned i = 1; i < TE_CONN_TIMERS; i++)
        set((enum te_timer)i, (int64_t)i * 1000);
    assert_int_equal(l.stack->wheel.armed_count, armed + 1);
}

static void test_set_by_only_makes_it_earlier(void **state)
{
    (void)state;
    te_timer_set_by(l.stack, conn, TE_TIMER_IDLE, start_us + 100);
    expect_next(TE_TIMER_IDLE, 100);
    te_timer_set_by(l.stack, conn, TE_TIMER_IDLE, start_us + 200);
    expect_next(TE_TIMER_IDLE, 100);
    te_timer_set_by(l.stack, conn, TE_TIMER_IDLE, start_us + 50);
    expect_next(TE_TIMER_IDLE, 50);
}

static void test_of_equal_ones_the_first_by_number(void **state)
{
    (void)state;
    set(TE_TIMER_USER_TIMEOUT, 100);
    set(TE_TIMER_PERSIST, 100);
    set(TE_TIMER_DELAYED_ACK, 100);
    expect_next(TE_TIMER_PERSIST, 100);
}

static void test_clear_all(void **state)
{
    (void)state;
    for (unsigned i = 1; i < TE_CONN_TIMERS; i++)
        set((enum te_timer)i, 100);
    te_timer_clear_all(l.stack, conn);
    expect_none();
}

static void test_a_user_does_not_see_idle(void **state)
{
    (void)state;
    int64_t at_us = 0;
    set(TE_TIMER_IDLE, 10);
    assert_int_equal(te_timer_next_of_tcp(conn, &at_us), TE_TIMER_NONE);
    assert_true(at_us == TE_NEVER);
    set(TE_TIMER_REMAINS, 100);
    assert_int_equal(te_timer_next_of_tcp(conn, &at_us), TE_TIMER_REMAINS);
    assert_int_equal(at_us, start_us + 100);
    expect_next(TE_TIMER_IDLE, 10);
}

static void test_arm_after_direct_writes(void **state)
{
    (void)state;
    conn->timer_at_us[TE_TIMER_FIN_WAIT_2] = start_us + 70;
    te_timer_arm(l.stack, conn);
    expect_next(TE_TIMER_FIN_WAIT_2, 70);
}

static void test_every_timer_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(te_timer_name(TE_TIMER_NONE), "");
    for (unsigned i = 1; i < TE_CONN_TIMERS; i++) {
        assert_true(te_timer_name((enum te_timer)i)[0] != '\0');
        for (unsigned k = 1; k < i; k++)
            assert_string_not_equal(te_timer_name((enum te_timer)i),
                                    te_timer_name((enum te_timer)k));
    }
    assert_string_equal(te_timer_name((enum te_timer)TE_CONN_TIMERS), "?");
}

/* --- expiries (timeout.h) --------------------------------------------------------------------- */

static void test_time_wait_is_no_timer_of_a_connection(void **state)
{
    (void)state;
    for (unsigned i = 1; i < TE_CONN_TIMERS; i++)
        assert_int_equal(te_timer_is_of_conn((enum te_timer)i), i != TE_TIMER_TIME_WAIT);
    assert_false(te_timer_is_of_conn(TE_TIMER_NONE));
    assert_false(te_timer_is_of_conn((enum te_timer)TE_CONN_TIMERS));
}

static void test_all_that_is_due_runs_and_no_more(void **state)
{
    (void)state;
    set(TE_TIMER_DELAYED_ACK, 100);
    set(TE_TIMER_PACING, 100);
    set(TE_TIMER_KEEPALIVE, 101);
    lone_advance(&l, 100);
    te_timeout(l.stack, conn);
    assert_int_equal(conn->ack.owed, 1);
    assert_int_equal(l.stack->counters.delayed_acks, 1);
    assert_true(conn->is_queued);
    assert_false(te_timer_is_set(conn, TE_TIMER_DELAYED_ACK));
    assert_false(te_timer_is_set(conn, TE_TIMER_PACING));
    assert_false(conn->keepalive_now);
    expect_next(TE_TIMER_KEEPALIVE, 101);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_none_at_birth),
        TEST(test_the_wheel_follows_the_earliest),
        TEST(test_one_node_per_connection),
        TEST(test_set_by_only_makes_it_earlier),
        TEST(test_of_equal_ones_the_first_by_number),
        TEST(test_clear_all),
        TEST(test_a_user_does_not_see_idle),
        TEST(test_arm_after_direct_writes),
        TEST(test_every_timer_has_a_name),
        TEST(test_time_wait_is_no_timer_of_a_connection),
        TEST(test_all_that_is_due_runs_and_no_more),
    };
    return cmocka_run_group_tests_name("timers", tests, NULL, NULL);
}
