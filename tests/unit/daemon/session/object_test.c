#include <stdlib.h>
#include <string.h>

#include "session/object.h"
#include "support/test.h"

struct env {
    struct account_table accounts;
    struct account *account;
    struct object_table *objects;
};

static int setup(void **state)
{
    static struct env env;
    account_table_init(&env.accounts);
    env.account = account_get(&env.accounts, 1000);
    env.objects = object_table_new(&env.accounts);
    *state = &env;
    return 0;
}

static int teardown(void **state)
{
    struct env *env = *state;
    object_table_free(env->objects);
    assert_int_equal(env->account->objects, 0);
    assert_int_equal(env->account->refs, 1);
    account_unref(&env->accounts, env->account);
    return 0;
}

static void test_add_find_remove(void **state)
{
    struct env *env = *state;
    for (uint64_t id = 1; id <= 100; id++)
        assert_non_null(object_add(env->objects, id * 65536, env->account, NULL)); /* one chain */
    assert_int_equal(object_table_count(env->objects), 100);
    assert_int_equal(env->account->objects, 100);
    assert_true(object_find(env->objects, 50 * 65536)->id == 50 * 65536);
    object_remove(env->objects, object_find(env->objects, 50 * 65536));
    assert_null(object_find(env->objects, 50 * 65536));
    object_remove(env->objects, NULL);
    assert_int_equal(env->account->objects, 99);
}

static void test_lists(void **state)
{
    struct env *env = *state;
    struct object_list a, b;
    object_list_init(&a);
    object_list_init(&b);
    struct object *object = object_add(env->objects, 1, env->account, &a);
    assert_int_equal(a.count, 1);
    object_move(object, &b);
    assert_int_equal(a.count, 0);
    assert_int_equal(b.count, 1);
    object_remove(env->objects, object);
    assert_int_equal(b.count, 0);
}

static bool is_odd(void *ctx, uint64_t id)
{
    (*(unsigned *)ctx)++;
    return id % 2 == 1;
}

static void test_sweep_looks_at_all_in_turn(void **state)
{
    struct env *env = *state;
    unsigned asked = 0;
    for (uint64_t id = 1; id <= 10; id++)
        object_add(env->objects, id, env->account, NULL);
    for (int i = 0; i < 5; i++)
        object_sweep(env->objects, 2, is_odd, &asked);
    assert_int_equal(asked, 10);
    assert_int_equal(object_table_count(env->objects), 5);
    assert_null(object_find(env->objects, 9));
    object_sweep(env->objects, 100, is_odd, &asked);
    assert_int_equal(object_table_count(env->objects), 5);
}

static void test_account_lives_with_its_last_reference(void **state)
{
    struct env *env = *state;
    struct account *account = account_get(&env->accounts, 2000);
    assert_ptr_equal(account_get(&env->accounts, 2000), account);
    assert_ptr_not_equal(account_get(&env->accounts, 1000), account);
    account_unref(&env->accounts, env->account);
    object_add(env->objects, 5, account, NULL);
    account_unref(&env->accounts, account);
    account_unref(&env->accounts, account);
    assert_int_equal(account->refs, 1); /* of the object */
    object_remove(env->objects, object_find(env->objects, 5));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_add_find_remove),
        TEST(test_lists),
        TEST(test_sweep_looks_at_all_in_turn),
        TEST(test_account_lives_with_its_last_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
