#include <stdlib.h>
#include <string.h>

#include "rpc/wait.h"
#include "support/test.h"

#define MAX 64
#define READ 1u
#define WRITE 2u

static struct wait_table table;

static int setup(void **state)
{
    (void)state;
    return wait_table_init(&table, MAX) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    wait_table_done(&table);
    return 0;
}

static void test_woken_by_its_key_and_waker(void **state)
{
    struct wait a = {0}, b = {0}, c = {0};
    (void)state;
    wait_park(&table, &a, 5, READ, DEADLINE_NEVER);
    wait_park(&table, &b, 5, WRITE, DEADLINE_NEVER);
    wait_park(&table, &c, 5 + WAIT_BUCKETS, READ, DEADLINE_NEVER); /* the same bucket */
    wait_wake(&table, 5, READ);
    assert_true(wait_has_due(&table));
    assert_ptr_equal(wait_take_due(&table), &a);
    assert_null(wait_take_due(&table));
    wait_wake(&table, 5, READ | WRITE);
    assert_ptr_equal(wait_take_due(&table), &b);
    wait_forget(&table, &c);
    wait_wake(&table, 5 + WAIT_BUCKETS, READ);
    assert_false(wait_has_due(&table));
}

static void test_expires(void **state)
{
    struct wait a = {0}, b = {0};
    (void)state;
    wait_park(&table, &a, 1, READ, 100);
    wait_park(&table, &b, 2, READ, 50);
    assert_true(wait_next_at(&table) == 50);
    wait_expire(&table, 99);
    assert_ptr_equal(wait_take_due(&table), &b);
    assert_null(wait_take_due(&table));
    wait_wake(&table, 1, READ); /* woken before its time: it has none any more */
    assert_true(wait_next_at(&table) == DEADLINE_NEVER);
    assert_ptr_equal(wait_take_due(&table), &a);
}

static void test_woken_once_for_many_events(void **state)
{
    struct wait a = {0};
    (void)state;
    wait_park(&table, &a, 1, READ, 10);
    for (int i = 0; i < 100; i++)
        wait_wake(&table, 1, READ);
    wait_expire(&table, 10);
    assert_ptr_equal(wait_take_due(&table), &a);
    assert_null(wait_take_due(&table));
}

static void test_put_aside_and_brought_back(void **state)
{
    struct wait_queue aside = TAILQ_HEAD_INITIALIZER(aside);
    struct wait a = {0}, b = {0};
    (void)state;
    wait_put_aside(&a, &aside);
    wait_put_aside(&b, &aside);
    wait_wake_all(&table);
    assert_false(wait_has_due(&table));
    wait_forget(&table, &b);
    wait_bring_back(&table, &aside);
    assert_ptr_equal(wait_take_due(&table), &a);
    assert_null(wait_take_due(&table));
}

static void test_wake_all(void **state)
{
    static struct wait many[MAX];
    unsigned count = 0;
    (void)state;
    for (uint64_t i = 0; i < MAX; i++)
        wait_park(&table, &many[i], i * 7, READ, (int64_t)i);
    wait_wake_all(&table);
    while (wait_take_due(&table) != NULL)
        count++;
    assert_int_equal(count, MAX);
    assert_true(wait_next_at(&table) == DEADLINE_NEVER);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_woken_by_its_key_and_waker),
        TEST(test_expires),
        TEST(test_woken_once_for_many_events),
        TEST(test_put_aside_and_brought_back),
        TEST(test_wake_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
