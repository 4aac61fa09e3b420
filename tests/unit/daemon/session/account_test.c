#include <stdlib.h>
#include <string.h>

#include "session/account.h"
#include "support/test.h"

static int setup(void **state)
{
    struct account_table *table = malloc(sizeof(*table));
    memset(table, 0xff, sizeof(*table)); /* init must not rely on zeroes */
    account_table_init(table);
    *state = table;
    return 0;
}

/* Every test gives back what it took: the table is empty again. */
static int teardown(void **state)
{
    struct account_table *table = *state;
    for (size_t i = 0; i < ACCOUNT_BUCKETS; i++)
        assert_true(SLIST_EMPTY(&table->buckets[i]));
    free(table);
    return 0;
}

static void test_new_account_is_empty(void **state)
{
    struct account_table *table = *state;
    struct account *account = account_get(table, 1000);
    assert_int_equal(account->uid, 1000);
    assert_int_equal(account->refs, 1);
    assert_int_equal(account->sessions, 0);
    assert_int_equal(account->objects, 0);
    assert_int_equal(account->held_bytes, 0);
    assert_int_equal(account->recent_count, 0);
    assert_true(TAILQ_EMPTY(&account->recent));
    assert_ptr_equal(account->recent.tqh_last, &account->recent.tqh_first); /* can be added to */
    account_unref(table, account);
}

static void test_one_account_per_uid(void **state)
{
    struct account_table *table = *state;
    struct account *first = account_get(table, 1000);
    first->objects = 3;
    assert_ptr_equal(account_get(table, 1000), first);
    assert_int_equal(first->refs, 2);
    assert_int_equal(first->objects, 3);
    first->objects = 0;
    account_unref(table, first);
    account_unref(table, first);
}

/* uids that share a bucket, and the ends of uid_t. */
static void test_uids_of_one_bucket_are_told_apart(void **state)
{
    static const uint32_t uids[] = {0, ACCOUNT_BUCKETS, 5 * ACCOUNT_BUCKETS, UINT32_MAX,
                                    ACCOUNT_BUCKETS - 1};
    enum { COUNT = sizeof(uids) / sizeof(uids[0]) };
    struct account_table *table = *state;
    struct account *accounts[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        accounts[i] = account_get(table, uids[i]);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(accounts[i]->uid, uids[i]);
        assert_ptr_equal(account_get(table, uids[i]), accounts[i]);
        account_unref(table, accounts[i]);
        assert_int_equal(accounts[i]->refs, 1);
    }
    account_unref(table, accounts[1]); /* from the middle of its bucket */
    assert_ptr_equal(account_get(table, 0), accounts[0]);
    assert_ptr_equal(account_get(table, 5 * ACCOUNT_BUCKETS), accounts[2]);
    account_unref(table, accounts[0]);
    account_unref(table, accounts[2]);
    for (size_t i = 0; i < COUNT; i++)
        if (i != 1)
            account_unref(table, accounts[i]);
}

static void test_last_reference_frees(void **state)
{
    struct account_table *table = *state;
    struct account *account = account_get(table, 1000);
    assert_ptr_equal(account_ref(account), account);
    account_unref(table, account);
    assert_false(SLIST_EMPTY(&table->buckets[1000 % ACCOUNT_BUCKETS]));
    account_unref(table, account);
    assert_true(SLIST_EMPTY(&table->buckets[1000 % ACCOUNT_BUCKETS]));
}

static void test_null_is_no_reference(void **state)
{
    account_unref(*state, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_new_account_is_empty),
        TEST(test_one_account_per_uid),
        TEST(test_uids_of_one_bucket_are_told_apart),
        TEST(test_last_reference_frees),
        TEST(test_null_is_no_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
