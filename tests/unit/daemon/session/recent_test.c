#include <stdlib.h>
#include <string.h>

#include "session/recent.h"
#include "support/test.h"

#define MAX 16
#define SHARE (MAX / RECENT_UID_SHARE)

struct env {
    struct account_table accounts;
    struct account *alice, *bob;
    struct recent *recent;
};

static int setup(void **state)
{
    static struct env env;
    account_table_init(&env.accounts);
    env.alice = account_get(&env.accounts, 1000);
    env.bob = account_get(&env.accounts, 1001);
    env.recent = recent_new(MAX, &env.accounts);
    *state = &env;
    return 0;
}

static int teardown(void **state)
{
    struct env *env = *state;
    recent_free(env->recent);
    assert_int_equal(env->alice->refs, 1);
    account_unref(&env->accounts, env->alice);
    account_unref(&env->accounts, env->bob);
    return 0;
}

static struct recent_key key_of(struct account *account, uint64_t token)
{
    return (struct recent_key){.account = account, .session = 1, .verb = 12, .token = token};
}

static void add(struct env *env, const struct recent_key *key, uint64_t id)
{
    const struct recent_answer answer = {.id = id, .state = 4};
    recent_add(env->recent, key, &answer);
}

static bool knows(const struct env *env, const struct recent_key *key)
{
    struct recent_answer answer;
    return recent_find(env->recent, key, &answer);
}

static void test_found_as_it_was_added(void **state)
{
    struct env *env = *state;
    struct recent_key key = key_of(env->alice, 42);
    struct recent_answer answer;
    assert_false(knows(env, &key));
    add(env, &key, 7);
    assert_true(recent_find(env->recent, &key, &answer));
    assert_int_equal(answer.id, 7);
    assert_int_equal(answer.state, 4);
}

static void test_every_part_of_the_key_counts(void **state)
{
    struct env *env = *state;
    const struct recent_key key = key_of(env->alice, 42);
    add(env, &key, 7);
    struct recent_key other = key;
    other.account = env->bob;
    assert_false(knows(env, &other));
    other = key;
    other.session = 2;
    assert_false(knows(env, &other));
    other = key;
    other.verb = 13;
    assert_false(knows(env, &other));
    other = key;
    other.token = 43;
    assert_false(knows(env, &other));
    other = key;
    other.id = 1;
    assert_false(knows(env, &other));
    assert_true(knows(env, &key));
}

static void test_one_uid_has_its_share(void **state)
{
    struct env *env = *state;
    struct recent_key bobs = key_of(env->bob, 1), key;
    add(env, &bobs, 1);
    for (uint64_t token = 1; token <= 1000; token++) {
        key = key_of(env->alice, token);
        add(env, &key, token);
    }
    assert_true(knows(env, &bobs));
    assert_int_equal(recent_count(env->recent), SHARE + 1);
    for (uint64_t token = 1; token <= 1000; token++) {
        key = key_of(env->alice, token);
        assert_int_equal(knows(env, &key), token > 1000 - SHARE);
    }
    assert_int_equal(recent_evicted(env->recent), 1000 - SHARE);
}

static void test_oldest_of_all_make_room(void **state)
{
    struct env *env = *state;
    struct recent_key first = key_of(env->alice, 1), key;
    add(env, &first, 1);
    for (uint32_t uid = 1; uid <= MAX; uid++) {
        struct account *account = account_get(&env->accounts, uid);
        key = key_of(account, 1);
        add(env, &key, uid);
        account_unref(&env->accounts, account); /* the answer keeps it */
    }
    assert_int_equal(recent_count(env->recent), MAX);
    assert_false(knows(env, &first));
    assert_true(knows(env, &key));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_found_as_it_was_added),
        TEST(test_every_part_of_the_key_counts),
        TEST(test_one_uid_has_its_share),
        TEST(test_oldest_of_all_make_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
