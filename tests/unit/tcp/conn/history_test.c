#include "support/heap.h"
#include "support/test.h"
#include "tcp/conn/history.h"

static struct heap heap;
static struct te_allocator allocator;
static struct te_history_log history;
static struct te_transition copy[TE_HISTORY_MAX];

static int setup(void **state)
{
    (void)state;
    allocator = heap_init(&heap);
    history = (struct te_history_log){.count = 0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    te_history_clear(&history, &allocator);
    return heap.held_bytes == 0 && history.count == 0 ? 0 : -1;
}

/* Identified by its time. */
static void add(int64_t time_us)
{
    const struct te_transition transition = {.time_us = time_us, .from = TE_CLOSED};
    te_history_add(&history, &transition, &allocator);
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
    te_history_add(&history, &with, &allocator);
    te_history_add(&history, &without, &allocator);
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

/* What an idle connection has. */
static void test_two_need_no_memory(void **state)
{
    (void)state;
    add(1);
    add(2);
    assert_int_equal(heap.held_bytes, 0);
    assert_int_equal(te_history_more_bytes(&history), 0);
    add(3);
    assert_int_equal(heap.held_bytes, te_history_more_bytes(&history));
    assert_true(heap.held_bytes > 0);
    te_history_clear(&history, &allocator);
    assert_int_equal(te_history_copy(&history, copy), 0);
    assert_int_equal(heap.held_bytes, 0);
}

/* The birth and the latest; all of them again once there is memory. */
static void test_without_memory_two_are_kept(void **state)
{
    (void)state;
    heap.allocations_left = 0;
    for (int i = 0; i < 5; i++)
        add(i);
    assert_int_equal(te_history_copy(&history, copy), 2);
    assert_int_equal(copy[0].time_us, 0);
    assert_int_equal(copy[1].time_us, 4);
    heap.allocations_left = -1;
    add(5);
    assert_int_equal(te_history_copy(&history, copy), 3);
    assert_int_equal(copy[0].time_us, 0);
    assert_int_equal(copy[1].time_us, 4);
    assert_int_equal(copy[2].time_us, 5);
}

static void test_a_moved_one_takes_its_memory_along(void **state)
{
    (void)state;
    for (int i = 0; i < TE_HISTORY_MAX; i++)
        add(i);
    struct te_history_log moved = te_history_move(&history);
    assert_int_equal(te_history_copy(&history, copy), 0);
    assert_int_equal(te_history_more_bytes(&history), 0);
    assert_int_equal(te_history_copy(&moved, copy), TE_HISTORY_MAX);
    assert_int_equal(copy[TE_HISTORY_MAX - 1].time_us, TE_HISTORY_MAX - 1);
    te_history_clear(&moved, &allocator);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_empty, setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_field_comes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_second_oldest_makes_room, setup, teardown),
        cmocka_unit_test_setup_teardown(test_two_need_no_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_memory_two_are_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_moved_one_takes_its_memory_along, setup, teardown),
    };
    return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
