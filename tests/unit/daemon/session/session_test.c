#include <stdlib.h>
#include <string.h>

#include "session/session.h"
#include "support/test.h"

#define S INT64_C(1000000)

struct env {
    struct account_table accounts;
    struct account *alice, *bob;
    struct object_table *objects;
    struct session_table *sessions;
    struct session_binding_list link, other_link;
};

static int setup(void **state)
{
    static struct env env;
    const struct session_options options = {
        .grace_us = S, .keep_max_us = 100 * S, .per_uid_max = 4, .max = 6};
    account_table_init(&env.accounts);
    env.alice = account_get(&env.accounts, 1000);
    env.bob = account_get(&env.accounts, 1001);
    env.objects = object_table_new(&env.accounts);
    env.sessions = session_table_new(&options, &env.accounts);
    TAILQ_INIT(&env.link);
    TAILQ_INIT(&env.other_link);
    *state = &env;
    return 0;
}

static int teardown(void **state)
{
    struct env *env = *state;
    session_unbind_all(env->sessions, &env->link, 0);
    session_unbind_all(env->sessions, &env->other_link, 0);
    session_table_free(env->sessions);
    object_table_free(env->objects);
    assert_int_equal(env->alice->refs, 1);
    assert_int_equal(env->bob->refs, 1);
    account_unref(&env->accounts, env->alice);
    account_unref(&env->accounts, env->bob);
    return 0;
}

static struct session *make(struct env *env, enum session_policy policy, int64_t keep_us)
{
    const struct session_wish wish = {.name = "test", .policy = policy, .keep_us = keep_us};
    struct session *session;
    assert_int_equal(session_new(env->sessions, env->alice, &wish, &session), SESSION_OK);
    assert_true(session_bind(env->sessions, session, &env->link));
    return session;
}

static void test_found_by_its_own_uid_alone(void **state)
{
    struct env *env = *state;
    struct session *session = make(env, SESSION_CLOSE, 0);
    assert_true(session->id != 0);
    assert_ptr_equal(session_find(env->sessions, env->alice, session->id), session);
    assert_null(session_find(env->sessions, env->bob, session->id));
    assert_null(session_find(env->sessions, env->alice, session->id + 1));
    assert_ptr_equal(session_find_token(env->sessions, env->alice, session->token), session);
    assert_null(session_find_token(env->sessions, env->bob, session->token));
    session->token[15] ^= 1;
    uint8_t token[SESSION_TOKEN_BYTES];
    memcpy(token, session->token, sizeof(token));
    token[15] ^= 1;
    assert_null(session_find_token(env->sessions, env->alice, token));
}

static void test_name_is_printable(void **state)
{
    struct env *env = *state;
    const struct session_wish wish = {.name = "\x1b]0;root\x07 \xc3\xa9\xff"};
    struct session *session;
    assert_int_equal(session_new(env->sessions, env->alice, &wish, &session), SESSION_OK);
    assert_string_equal(session->name, "?]0;root? \xc3\xa9?");
    session_end(env->sessions, session);
}

static void test_root_has_a_reserve(void **state)
{
    struct env *env = *state;
    const struct session_options options = {.per_uid_max = 2, .max = 2, .reserve = 1};
    const struct session_wish wish = {.name = ""};
    struct session_table *table = session_table_new(&options, &env->accounts);
    struct account *root = account_get(&env->accounts, 0);
    struct session *session;
    assert_int_equal(session_new(table, env->alice, &wish, &session), SESSION_OK);
    assert_int_equal(session_new(table, env->alice, &wish, &session), SESSION_OK);
    assert_int_equal(session_new(table, env->alice, &wish, &session), SESSION_ERR_UID_LIMIT);
    assert_int_equal(session_new(table, env->bob, &wish, &session), SESSION_ERR_LIMIT);
    assert_int_equal(session_new(table, root, &wish, &session), SESSION_OK);
    assert_int_equal(session_new(table, root, &wish, &session), SESSION_ERR_LIMIT);
    session_table_free(table);
    account_unref(&env->accounts, root);
}

static void test_ids_and_tokens_differ(void **state)
{
    struct env *env = *state;
    struct session *a = make(env, SESSION_CLOSE, 0), *b = make(env, SESSION_CLOSE, 0);
    assert_true(a->id != b->id);
    assert_memory_not_equal(a->token, b->token, SESSION_TOKEN_BYTES);
}

static void test_expires_after_grace(void **state)
{
    struct env *env = *state;
    struct session *session = make(env, SESSION_ABORT, 0);
    assert_true(session_next_at(env->sessions) == DEADLINE_NEVER);
    session_unbind_all(env->sessions, &env->link, 10 * S);
    assert_true(session_next_at(env->sessions) == 11 * S);
    session_expire(env->sessions, 11 * S - 1);
    assert_null(session_first_ended(env->sessions));
    session_expire(env->sessions, 11 * S);
    assert_ptr_equal(session_first_ended(env->sessions), session);
    assert_null(session_find(env->sessions, env->alice, session->id));
    assert_null(session_find_token(env->sessions, env->alice, session->token));
    session_free(env->sessions, session);
    assert_null(session_first_ended(env->sessions));
}

static void test_lives_while_any_link_does(void **state)
{
    struct env *env = *state;
    struct session *session = make(env, SESSION_CLOSE, 0);
    assert_true(session_bind(env->sessions, session, &env->other_link));
    session_unbind_all(env->sessions, &env->link, 0);
    assert_true(session_next_at(env->sessions) == DEADLINE_NEVER);
    session_unbind_all(env->sessions, &env->other_link, 5 * S);
    assert_true(session_next_at(env->sessions) == 6 * S);
}

static void test_use_by_another_link_saves_it(void **state)
{
    struct env *env = *state;
    struct session *session = make(env, SESSION_CLOSE, 0);
    session_unbind_all(env->sessions, &env->link, 0);
    assert_true(session_bind(env->sessions, session, &env->other_link));
    session_expire(env->sessions, 1000 * S);
    assert_null(session_first_ended(env->sessions));
    assert_true(session_bind(env->sessions, session, &env->other_link)); /* twice is once */
    session_unbind_all(env->sessions, &env->other_link, 0);
    assert_true(session_next_at(env->sessions) == S);
}

static void test_keep_waits_longer(void **state)
{
    struct env *env = *state;
    make(env, SESSION_KEEP, 30 * S);
    session_unbind_all(env->sessions, &env->link, 0);
    assert_true(session_next_at(env->sessions) == 30 * S);
}

static void test_keep_is_limited(void **state)
{
    struct env *env = *state;
    struct session_wish wish = {.name = "", .policy = SESSION_KEEP, .keep_us = 100 * S + 1};
    struct session *session = NULL;
    assert_int_equal(session_new(env->sessions, env->alice, &wish, &session), SESSION_ERR_KEEP);
    assert_null(session);
    wish.policy = SESSION_CLOSE; /* then it does not matter */
    assert_int_equal(session_new(env->sessions, env->alice, &wish, &session), SESSION_OK);
}

static void test_limits(void **state)
{
    struct env *env = *state;
    const struct session_wish wish = {.name = ""};
    struct session *session = NULL;
    for (int i = 0; i < 4; i++)
        session = make(env, SESSION_CLOSE, 0);
    assert_int_equal(session_new(env->sessions, env->alice, &wish, &session),
                     SESSION_ERR_UID_LIMIT);
    for (int i = 0; i < 2; i++)
        assert_int_equal(session_new(env->sessions, env->bob, &wish, &session), SESSION_OK);
    assert_int_equal(session_new(env->sessions, env->bob, &wish, &session), SESSION_ERR_LIMIT);
    assert_int_equal(session_table_count(env->sessions), 6);
    session_end(env->sessions, session);
    assert_int_equal(session_new(env->sessions, env->bob, &wish, &session), SESSION_OK);
}

static void test_end_takes_the_bindings(void **state)
{
    struct env *env = *state;
    struct session *session = make(env, SESSION_CLOSE, 0);
    object_add(env->objects, 7, env->alice, &session->objects);
    session_end(env->sessions, session);
    assert_true(TAILQ_EMPTY(&env->link));
    assert_int_equal(session_table_count(env->sessions), 0);
    assert_int_equal(session->objects.count, 1); /* the policy is still to be applied */
    object_remove(env->objects, object_find(env->objects, 7));
    session_free(env->sessions, session);
}

static void test_long_name_is_cut(void **state)
{
    struct env *env = *state;
    char name[SESSION_NAME_MAX + 10];
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    const struct session_wish wish = {.name = name};
    struct session *session;
    assert_int_equal(session_new(env->sessions, env->alice, &wish, &session), SESSION_OK);
    assert_int_equal(strlen(session->name), SESSION_NAME_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_found_by_its_own_uid_alone),
        TEST(test_name_is_printable),
        TEST(test_root_has_a_reserve),
        TEST(test_ids_and_tokens_differ),
        TEST(test_expires_after_grace),
        TEST(test_lives_while_any_link_does),
        TEST(test_use_by_another_link_saves_it),
        TEST(test_keep_waits_longer),
        TEST(test_keep_is_limited),
        TEST(test_limits),
        TEST(test_end_takes_the_bindings),
        TEST(test_long_name_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
