#include "support/heap.h"
#include "support/test.h"
#include "tcp/conn/dsack.h"

static struct heap heap;
static struct te_allocator allocator;
static struct te_dsacks *dsacks;

static int setup(void **state)
{
    (void)state;
    allocator = heap_init(&heap);
    dsacks = NULL;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    te_dsacks_clear(&dsacks, &allocator);
    return heap.held_bytes == 0 ? 0 : -1;
}

static void add(uint32_t start, uint32_t end)
{
    te_dsacks_add(&dsacks, (struct te_sack_block){start, end}, &allocator);
}

/* The next one to tell is that, and now it is told. */
static void expect(uint32_t start, uint32_t end)
{
    const struct te_sack_block *first = te_dsacks_first(dsacks);
    assert_non_null(first);
    assert_int_equal(first->start, start);
    assert_int_equal(first->end, end);
    te_dsacks_remove_first(&dsacks, &allocator);
}

static void test_each_is_told_in_turn(void **state)
{
    (void)state;
    assert_null(te_dsacks_first(dsacks));
    add(100, 200);
    add(500, 600);
    add(300, 400);
    expect(100, 200);
    expect(500, 600);
    assert_true(heap.held_bytes > 0);
    expect(300, 400);
    assert_null(te_dsacks_first(dsacks));
    assert_int_equal(heap.held_bytes, 0);
}

static void test_neighbours_are_told_as_one(void **state)
{
    (void)state;
    add(UINT32_MAX - 99, 0);
    add(0, 100);
    add(200, 300);
    add(100, 200);
    expect(UINT32_MAX - 99, 100);
    expect(200, 300);
    expect(100, 200);
}

static void test_more_than_there_is_room_for(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < TE_DSACKS_MAX + 5; i++)
        add(1000 * i, 1000 * i + 10);
    for (uint32_t i = 0; i < TE_DSACKS_MAX; i++)
        expect(1000 * i, 1000 * i + 10);
    assert_null(te_dsacks_first(dsacks));
}

static void test_without_memory_it_goes_untold(void **state)
{
    (void)state;
    heap.allocations_left = 0;
    add(100, 200);
    assert_null(te_dsacks_first(dsacks));
    heap.allocations_left = -1;
    add(300, 400);
    expect(300, 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_is_told_in_turn, setup, teardown),
        cmocka_unit_test_setup_teardown(test_neighbours_are_told_as_one, setup, teardown),
        cmocka_unit_test_setup_teardown(test_more_than_there_is_room_for, setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_memory_it_goes_untold, setup, teardown),
    };
    return cmocka_run_group_tests_name("dsack", tests, NULL, NULL);
}
