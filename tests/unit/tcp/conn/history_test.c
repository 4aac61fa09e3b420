#include "support/test.h"
#include "tcp/conn/history.h"

static struct te_history_log history;
static struct te_transition copy[TE_HISTORY_MAX];

static int setup(void **state)
{
    (void)state;
    history = (struct te_history_log){.count = 0};
    return 0;
}

/* Identified by its time. */
static void add(int64_t time_us)
{
    const struct te_transition transition = {.time_us = time_us, .from = TE_CLOSED};
    te_history_add(&history, &transition);
}

static void test_empty(void **state)
{
    (void)state;
    assert_int_equal(te_history_copy(&history, copy), 0);
}

static void test_every_field_comes_back(void **state)
{
    (void)state;
    const struct te_transition with = {
        .time_us = INT64_C(0x123456789abcdef),
        .from = TE_LAST_ACK,
        .to = TE_TIME_WAIT,
        .cause = TE_CAUSE_RECV_SYN_COOKIE,
        .has_segment = true,
        .segment = {.seq = 0xfffffff0,
                    .ack = 0x80000001,
                    .wnd_bytes = 0x40000000,
                    .len_bytes = 0xfffe,
                    .flags = 0xff},
    };
    const struct te_transition without = {.time_us = -5, .from = TE_LISTEN, .to = TE_CLOSED};
    te_history_add(&history, &with);
    te_history_add(&history, &without);
    assert_int_equal(te_history_copy(&history, copy), 2);
    assert_int_equal(copy[0].time_us, with.time_us);
    assert_int_equal(copy[0].from, TE_LAST_ACK);
    assert_int_equal(copy[0].to, TE_TIME_WAIT);
    assert_int_equal(copy[0].cause, TE_CAUSE_RECV_SYN_COOKIE);
    assert_true(copy[0].has_segment);
    assert_int_equal(copy[0].segment.seq, 0xfffffff0);
    assert_int_equal(copy[0].segment.ack, 0x80000001);
    assert_int_equal(copy[0].segment.wnd_bytes, 0x40000000);
    assert_int_equal(copy[0].segment.len_bytes, 0xfffe);
    assert_int_equal(copy[0].segment.flags, 0xff);
    assert_int_equal(copy[1].time_us, -5);
    assert_int_equal(copy[1].from, TE_LISTEN);
    assert_false(copy[1].has_segment);
    assert_int_equal(copy[1].segment.seq, 0);
}

static void test_full(void **state)
{
    (void)state;
    for (int i = 0; i < TE_HISTORY_MAX; i++)
        add(i);
    assert_int_equal(te_history_copy(&history, copy), TE_HISTORY_MAX);
    for (int i = 0; i < TE_HISTORY_MAX; i++)
        assert_int_equal(copy[i].time_us, i);
}

/* The birth, then the latest. */
static void test_the_second_oldest_makes_room(void **state)
{
    (void)state;
    const int added = 3 * TE_HISTORY_MAX;
    for (int i = 0; i < added; i++)
        add(i);
    assert_int_equal(te_history_copy(&history, copy), TE_HISTORY_MAX);
    assert_int_equal(copy[0].time_us, 0);
    for (int i = 1; i < TE_HISTORY_MAX; i++)
        assert_int_equal(copy[i].time_us, added - TE_HISTORY_MAX + i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_empty, setup),
        cmocka_unit_test_setup(test_every_field_comes_back, setup),
        cmocka_unit_test_setup(test_full, setup),
        cmocka_unit_test_setup(test_the_second_oldest_makes_room, setup),
    };
    return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
