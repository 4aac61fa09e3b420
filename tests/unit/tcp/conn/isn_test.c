#include "stack_internal.h"
#include "support/fixture.h"
#include "support/test.h"
#include "tcp/conn/isn.h"

static struct te_stack stack;
static struct te_endpoint local, remote;

static int setup(void **state)
{
    (void)state;
    stack = (struct te_stack){.now_us = 1000 * SECOND};
    local = (struct te_endpoint){fixture_addr("10.0.0.1"), 80};
    remote = (struct te_endpoint){fixture_addr("10.0.0.2"), 8080};
    return 0;
}

static uint32_t isn_at(int64_t now_us)
{
    stack.now_us = now_us;
    return te_isn_choose(&stack, &local, &remote);
}

/* RFC 6528 3, RFC 9293 3.4.1: one tick in 4 us, all numbers in 4.77 hours. */
static void test_isn_is_a_clock_of_4_us(void **state)
{
    (void)state;
    uint32_t start = isn_at(0);
    assert_int_equal(isn_at(3) - start, 0);
    assert_int_equal(isn_at(4) - start, 1);
    assert_int_equal(isn_at(SECOND) - start, 250000);
    assert_int_equal(isn_at(4 * (INT64_C(1) << 31)) - start, UINT32_C(1) << 31);
    assert_int_equal(isn_at(4 * (INT64_C(1) << 32)) - start, 0);
}

/* Text on a SYN that is given up: the next ISN lies beyond, and the clock goes on from there. */
static void test_isn_passes_what_was_sent(void **state)
{
    (void)state;
    uint32_t isn = isn_at(1000 * SECOND);
    te_isn_pass(&stack, &local, &remote, isn + 1461);
    assert_int_equal(isn_at(1000 * SECOND), isn + 1461);
    assert_int_equal(isn_at(1000 * SECOND + 40), isn + 1471);
    te_isn_pass(&stack, &local, &remote, isn + 1471); /* the clock has passed it */
    te_isn_pass(&stack, &local, &remote, isn - 5);
    assert_int_equal(isn_at(1000 * SECOND + 40), isn + 1471);
}

/* Never more than the clock has run since the stack's birth. */
static void test_isn_does_not_run_away(void **state)
{
    (void)state;
    stack.born_at_us = 999 * SECOND; /* 250,000 ticks ago */
    uint32_t isn = isn_at(1000 * SECOND);
    for (unsigned i = 0; i < 100; i++)
        te_isn_pass(&stack, &local, &remote, isn_at(1000 * SECOND) + 60000);
    assert_int_equal(isn_at(1000 * SECOND), isn + 4 * 60000);
    te_isn_pass(&stack, &local, &remote, isn_at(1001 * SECOND) + 60000);
    assert_int_equal(isn_at(1001 * SECOND), isn + 250000 + 5 * 60000);
}

static void test_isn_is_apart_for_each_tuple(void **state)
{
    (void)state;
    uint32_t first = isn_at(0);
    remote.port++;
    uint32_t other_port = isn_at(0);
    remote.addr = fixture_addr("10.0.0.3");
    uint32_t other_addr = isn_at(0);
    assert_true(first != other_port && first != other_addr && other_port != other_addr);
}

static void test_isn_hangs_on_the_secret(void **state)
{
    (void)state;
    uint32_t before = isn_at(0);
    stack.key.bytes[8] ^= 1;
    assert_true(isn_at(0) != before);
}

/* Timestamps are visible on the wire and must not reveal the ISN. */
static void test_offset_is_not_the_isn(void **state)
{
    (void)state;
    uint32_t isn = isn_at(0);
    assert_true(te_ts_offset(&stack, &local, &remote) != isn);
}

/* A new incarnation continues the timestamps of the last one (RFC 6191). */
static void test_offset_does_not_change_with_time(void **state)
{
    (void)state;
    uint32_t before = te_ts_offset(&stack, &local, &remote);
    stack.now_us += 100 * DAY;
    assert_int_equal(te_ts_offset(&stack, &local, &remote), before);
    remote.port++;
    assert_true(te_ts_offset(&stack, &local, &remote) != before);
}

/* RFC 7323 5.4: a tick is between 1 ms and 1 s. Here it is 1 ms. */
static void test_timestamps_tick_in_milliseconds(void **state)
{
    (void)state;
    assert_int_equal(te_ts_at(7, 0), 7);
    assert_int_equal(te_ts_at(7, 999), 7);
    assert_int_equal(te_ts_at(7, 1000), 8);
    assert_int_equal(te_ts_at(7, SECOND), 1007);
}

static void test_timestamps_wrap(void **state)
{
    (void)state;
    assert_int_equal(te_ts_at(UINT32_MAX, 1000), 0);
    assert_int_equal(te_ts_at(7, 1000 * (INT64_C(1) << 32)), 7);
    assert_int_equal(te_ts_at(7, 1000 * (INT64_C(1) << 32) - 1), 6);
}

static void test_now_is_the_stacks(void **state)
{
    (void)state;
    stack.now_us = 5 * SECOND;
    assert_int_equal(te_ts_now(&stack, 100), 5100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_isn_is_a_clock_of_4_us, setup),
        cmocka_unit_test_setup(test_isn_passes_what_was_sent, setup),
        cmocka_unit_test_setup(test_isn_does_not_run_away, setup),
        cmocka_unit_test_setup(test_isn_is_apart_for_each_tuple, setup),
        cmocka_unit_test_setup(test_isn_hangs_on_the_secret, setup),
        cmocka_unit_test_setup(test_offset_is_not_the_isn, setup),
        cmocka_unit_test_setup(test_offset_does_not_change_with_time, setup),
        cmocka_unit_test_setup(test_timestamps_tick_in_milliseconds, setup),
        cmocka_unit_test_setup(test_timestamps_wrap, setup),
        cmocka_unit_test_setup(test_now_is_the_stacks, setup),
    };
    return cmocka_run_group_tests_name("isn", tests, NULL, NULL);
}
