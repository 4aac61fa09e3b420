#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "util/deadline.h"

#define COUNT 1000

static struct deadlines deadlines;

static int setup(void **state)
{
    (void)state;
    return deadlines_init(&deadlines, COUNT) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    deadlines_done(&deadlines);
    return 0;
}

static void test_empty(void **state)
{
    (void)state;
    assert_true(deadlines_next_at(&deadlines) == DEADLINE_NEVER);
    assert_null(deadlines_take_due(&deadlines, INT64_MAX));
}

static void test_due_only_when_its_time_has_come(void **state)
{
    struct deadline deadline = {0};
    (void)state;
    deadlines_set(&deadlines, &deadline, 100);
    assert_true(deadline_is_armed(&deadline));
    assert_true(deadlines_next_at(&deadlines) == 100);
    assert_null(deadlines_take_due(&deadlines, 99));
    assert_ptr_equal(deadlines_take_due(&deadlines, 100), &deadline);
    assert_false(deadline_is_armed(&deadline));
}

static void test_same_time_comes_in_order_of_arming(void **state)
{
    struct deadline some[10] = {0};
    (void)state;
    for (int i = 0; i < 10; i++)
        deadlines_set(&deadlines, &some[i], 5);
    deadlines_set(&deadlines, &some[0], 5); /* set again: now it is the last */
    for (int i = 1; i < 10; i++)
        assert_ptr_equal(deadlines_take_due(&deadlines, 5), &some[i]);
    assert_ptr_equal(deadlines_take_due(&deadlines, 5), &some[0]);
}

static void test_clear_is_harmless_twice(void **state)
{
    struct deadline deadline = {0};
    (void)state;
    deadlines_clear(&deadlines, &deadline);
    deadlines_set(&deadlines, &deadline, 1);
    deadlines_clear(&deadlines, &deadline);
    deadlines_clear(&deadlines, &deadline);
    assert_true(deadlines_next_at(&deadlines) == DEADLINE_NEVER);
}

static void test_many_in_any_order(void **state)
{
    static struct deadline many[COUNT];
    int64_t before = INT64_MIN;
    unsigned taken = 0;
    struct deadline *due;
    (void)state;
    srand(1);
    for (int i = 0; i < COUNT; i++)
        deadlines_set(&deadlines, &many[i], rand() % 500);
    for (int i = 0; i < COUNT; i += 3)
        deadlines_set(&deadlines, &many[i], rand() % 500);
    for (int i = 0; i < COUNT; i += 4)
        deadlines_clear(&deadlines, &many[i]);
    while ((due = deadlines_take_due(&deadlines, 499)) != NULL) {
        assert_true(due->at >= before);
        before = due->at;
        taken++;
    }
    assert_int_equal(taken, COUNT - COUNT / 4);
}

/* Nobody looked in time: all deadlines move by what was lost, and the grace. */
static void test_lost_time_does_not_count(void **state)
{
    struct deadline first = {0}, second = {0};
    (void)state;
    deadlines_set(&deadlines, &first, 100);
    deadlines_set(&deadlines, &second, 130);
    assert_true(deadlines_forgive(&deadlines, 600, 250, 1000));
    assert_true(deadlines_next_at(&deadlines) == 1600);
    assert_null(deadlines_take_due(&deadlines, 1599));
    assert_ptr_equal(deadlines_take_due(&deadlines, 1600), &first);
    assert_true(deadlines_next_at(&deadlines) == 1630); /* as far apart as before */
}

static void test_a_little_late_is_due(void **state)
{
    struct deadline deadline = {0};
    (void)state;
    assert_false(deadlines_forgive(&deadlines, 1000000, 250, 1000)); /* none is armed */
    deadlines_set(&deadlines, &deadline, 100);
    assert_false(deadlines_forgive(&deadlines, 50, 250, 1000));
    assert_false(deadlines_forgive(&deadlines, 349, 250, 1000));
    assert_ptr_equal(deadlines_take_due(&deadlines, 349), &deadline);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_empty),
        TEST(test_due_only_when_its_time_has_come),
        TEST(test_same_time_comes_in_order_of_arming),
        TEST(test_clear_is_harmless_twice),
        TEST(test_many_in_any_order),
        TEST(test_lost_time_does_not_count),
        TEST(test_a_little_late_is_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
