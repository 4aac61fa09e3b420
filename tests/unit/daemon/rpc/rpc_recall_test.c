#include <stdlib.h>

#include "rpc/rpc_recall.h"
#include "rpc/rpc_verb.h"
#include "support/test.h"

#define TOKEN UINT64_C(0x1122334455667788)
#define SESSION 5
#define ID 9

struct env {
    struct rpc rpc;
    struct rpc_link alice, bob;
};

static int setup(void **state)
{
    struct env *env = calloc(1, sizeof(*env));
    account_table_init(&env->rpc.accounts);
    env->rpc.recent = recent_new(64, &env->rpc.accounts);
    env->alice.account = account_get(&env->rpc.accounts, 1000);
    env->bob.account = account_get(&env->rpc.accounts, 1001);
    *state = env;
    return 0;
}

static int teardown(void **state)
{
    struct env *env = *state;
    recent_free(env->rpc.recent);
    account_unref(&env->rpc.accounts, env->alice.account);
    account_unref(&env->rpc.accounts, env->bob.account);
    free(env);
    return 0;
}

/* An Open of alice's in her session. */
static struct rpc_call call_of(struct env *env)
{
    return (struct rpc_call){.rpc = &env->rpc,
                             .link = &env->alice,
                             .verb = rpc_verb_find(RPC_OP(OPEN)),
                             .session_id = SESSION};
}

static void remember(struct env *env)
{
    const struct recent_answer answer = {.id = 77, .state = TE_ESTABLISHED};
    struct rpc_call call = call_of(env);
    rpc_remember(&call, TOKEN, ID, &answer);
}

static void test_what_was_not_answered_is_not_recalled(void **state)
{
    struct env *env = *state;
    struct recent_answer answer = {.id = 4711};
    struct rpc_call call = call_of(env);
    assert_false(rpc_recall(&call, TOKEN, ID, &answer));
    assert_int_equal(answer.id, 4711);
    assert_int_equal(env->rpc.counters.requests_repeated, 0);
}

static void test_repetition_gets_the_first_answer(void **state)
{
    struct env *env = *state;
    struct recent_answer answer;
    struct rpc_call call = call_of(env);
    remember(env);
    for (unsigned i = 1; i <= 3; i++) {
        assert_true(rpc_recall(&call, TOKEN, ID, &answer));
        assert_int_equal(answer.id, 77);
        assert_int_equal(answer.state, TE_ESTABLISHED);
        assert_int_equal(env->rpc.counters.requests_repeated, i);
    }
    assert_int_equal(recent_count(env->rpc.recent), 1);
}

/* The link is not part of it: the same user's next link gets the answer too. */
static void test_another_link_of_the_same_user(void **state)
{
    struct env *env = *state;
    struct recent_answer answer;
    struct rpc_link next = env->alice;
    struct rpc_call call = call_of(env);
    remember(env);
    call.link = &next;
    assert_true(rpc_recall(&call, TOKEN, ID, &answer));
}

static void test_any_difference_makes_another_request(void **state)
{
    struct env *env = *state;
    struct recent_answer answer;
    struct rpc_call same = call_of(env);
    remember(env);
    struct rpc_call other_user = same, other_session = same, other_verb = same;
    other_user.link = &env->bob;
    other_session.session_id++;
    other_verb.verb = rpc_verb_find(RPC_OP(ACCEPT));
    assert_false(rpc_recall(&other_user, TOKEN, ID, &answer));
    assert_false(rpc_recall(&other_session, TOKEN, ID, &answer));
    assert_false(rpc_recall(&other_verb, TOKEN, ID, &answer));
    assert_false(rpc_recall(&same, TOKEN + 1, ID, &answer));
    assert_false(rpc_recall(&same, TOKEN, ID + 1, &answer));
    assert_int_equal(env->rpc.counters.requests_repeated, 0);
    assert_true(rpc_recall(&same, TOKEN, ID, &answer));
}

/* Token 0 says that the client does not repeat itself. */
static void test_token_zero_is_not_remembered(void **state)
{
    struct env *env = *state;
    const struct recent_answer answer = {.id = 77};
    struct recent_answer recalled;
    struct rpc_call call = call_of(env);
    rpc_remember(&call, 0, ID, &answer);
    assert_int_equal(recent_count(env->rpc.recent), 0);
    assert_false(rpc_recall(&call, 0, ID, &recalled));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_was_not_answered_is_not_recalled),
        TEST(test_repetition_gets_the_first_answer),
        TEST(test_another_link_of_the_same_user),
        TEST(test_any_difference_makes_another_request),
        TEST(test_token_zero_is_not_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
