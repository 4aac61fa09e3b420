#include <stdlib.h>

#include "rpc/rpc_clock.h"
#include "support.h"

#define WAITS_MAX 8
#define WAKER 1u
#define SOON_US (5 * TE_MS)
#define LATE_US (3600 * TE_SECOND)

/* --- the pump's place ------------------------------------------------------------------------- */

struct pump {
    int64_t skew_us;
};

int64_t pump_now_us(const struct pump *pump)
{
    return (int64_t)(uv_hrtime() / 1000) + pump->skew_us;
}

struct te_stack *pump_stack(const struct pump *pump)
{
    (void)pump;
    return NULL;
}

void pump_wake(struct pump *pump)
{
    (void)pump;
}

/* --- an rpc of which only the clock runs ------------------------------------------------------ */

struct env {
    struct t_loop loop;
    struct pump pump;
    struct rpc rpc;
    struct wait waits[WAITS_MAX];
    unsigned runs, taken, ended;
};

static struct env *env_of(struct rpc *rpc)
{
    return (struct env *)(void *)((char *)rpc - offsetof(struct env, rpc));
}

/* Does one piece of work, as the rpc does only so many. */
static void run_one(struct rpc *rpc)
{
    struct env *env = env_of(rpc);
    struct session *ended = session_first_ended(rpc->sessions);
    env->runs++;
    if (wait_take_due(&rpc->waits) != NULL) {
        env->taken++;
    } else if (ended != NULL) {
        session_free(rpc->sessions, ended);
        env->ended++;
    }
}

static int setup(void **state)
{
    struct env *env = calloc(1, sizeof(*env));
    const struct session_options options = {.grace_us = SOON_US, .per_uid_max = 4, .max = 4};
    t_loop_init(&env->loop);
    env->rpc.host.loop = &env->loop.uv;
    env->rpc.host.pump = &env->pump;
    account_table_init(&env->rpc.accounts);
    env->rpc.sessions = session_table_new(&options, &env->rpc.accounts);
    assert_true(wait_table_init(&env->rpc.waits, WAITS_MAX));
    rpc_clock_start(&env->rpc, run_one);
    *state = env;
    return 0;
}

static int teardown(void **state)
{
    struct env *env = *state;
    uv_close((uv_handle_t *)&env->rpc.clock.timer, NULL);
    uv_close((uv_handle_t *)&env->rpc.clock.idle, NULL);
    t_loop_done(&env->loop);
    session_table_free(env->rpc.sessions);
    wait_table_done(&env->rpc.waits);
    free(env);
    return 0;
}

static void park(struct env *env, unsigned index, int64_t after_us)
{
    int64_t at_us = after_us == INT64_MAX ? DEADLINE_NEVER : rpc_now_us(&env->rpc) + after_us;
    wait_park(&env->rpc.waits, &env->waits[index], index, WAKER, at_us);
    rpc_clock_update(&env->rpc);
}

static bool has_taken_one(void *ctx)
{
    return ((struct env *)ctx)->taken > 0;
}

static bool has_ended_one(void *ctx)
{
    return ((struct env *)ctx)->ended > 0;
}

/* --- running soon ----------------------------------------------------------------------------- */

/* Once per round of the loop, so that links are read in between; and no more when all is done. */
static void test_runs_once_per_round_until_nothing_is_due(void **state)
{
    struct env *env = *state;
    for (unsigned i = 0; i < 3; i++)
        park(env, i, INT64_MAX);
    t_turn(&env->loop);
    assert_int_equal(env->runs, 0);
    wait_wake_all(&env->rpc.waits);
    rpc_clock_run_soon(&env->rpc);
    rpc_clock_run_soon(&env->rpc);
    assert_int_equal(env->runs, 0); /* never at once */
    for (unsigned i = 1; i <= 3; i++) {
        t_turn(&env->loop);
        assert_int_equal(env->taken, i);
    }
    t_turn(&env->loop);
    t_turn(&env->loop);
    assert_int_equal(env->runs, 3);
    assert_int_equal(uv_is_active((uv_handle_t *)&env->rpc.clock.idle), 0);
}

static void test_freed_rpc_runs_no_more(void **state)
{
    struct env *env = *state;
    park(env, 0, INT64_MAX);
    wait_wake_all(&env->rpc.waits);
    env->rpc.is_freed = true;
    rpc_clock_run_soon(&env->rpc);
    rpc_clock_update(&env->rpc);
    t_turn(&env->loop);
    assert_int_equal(env->runs, 0);
    assert_int_equal(uv_loop_alive(&env->loop.uv), 0);
}

/* --- the timer -------------------------------------------------------------------------------- */

static void test_wait_that_runs_out_is_run(void **state)
{
    struct env *env = *state;
    int64_t start_us = rpc_now_us(&env->rpc);
    park(env, 0, SOON_US);
    t_turn_until(&env->loop, has_taken_one, env);
    assert_true(rpc_now_us(&env->rpc) - start_us >= SOON_US);
    assert_int_equal(env->runs, 1);
}

static void test_nearer_deadline_is_not_missed(void **state)
{
    struct env *env = *state;
    park(env, 0, LATE_US);
    park(env, 1, SOON_US);
    t_turn_until(&env->loop, has_taken_one, env);
    assert_int_equal(env->taken, 1);
}

/* The timer still stands for a deadline that is gone: it fires early, and is armed for the next. */
static void test_cleared_deadline_does_not_lose_the_next(void **state)
{
    struct env *env = *state;
    park(env, 0, SOON_US);
    park(env, 1, 4 * SOON_US);
    wait_forget(&env->rpc.waits, &env->waits[0]);
    int64_t start_us = rpc_now_us(&env->rpc);
    t_turn_until(&env->loop, has_taken_one, env);
    assert_true(rpc_now_us(&env->rpc) - start_us >= 3 * SOON_US);
    assert_int_equal(env->runs, 1);
}

static void test_session_that_expires_is_run(void **state)
{
    struct env *env = *state;
    struct session *session;
    struct session_binding_list links = TAILQ_HEAD_INITIALIZER(links);
    const struct session_wish wish = {.name = ""};
    struct account *account = account_get(&env->rpc.accounts, 1000);
    park(env, 0, LATE_US);
    assert_int_equal(session_new(env->rpc.sessions, account, &wish, &session), SESSION_OK);
    assert_true(session_bind(env->rpc.sessions, session, &links));
    session_unbind_all(env->rpc.sessions, &links, rpc_now_us(&env->rpc));
    rpc_clock_update(&env->rpc);
    t_turn_until(&env->loop, has_ended_one, env);
    assert_int_equal(env->taken, 0);
    assert_int_equal(session_table_count(env->rpc.sessions), 0);
    account_unref(&env->rpc.accounts, account);
}

static void test_nothing_to_wait_for_arms_nothing(void **state)
{
    struct env *env = *state;
    rpc_clock_update(&env->rpc);
    park(env, 0, INT64_MAX);
    assert_int_equal(uv_is_active((uv_handle_t *)&env->rpc.clock.timer), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_runs_once_per_round_until_nothing_is_due),
        TEST(test_freed_rpc_runs_no_more),
        TEST(test_wait_that_runs_out_is_run),
        TEST(test_nearer_deadline_is_not_missed),
        TEST(test_cleared_deadline_does_not_lose_the_next),
        TEST(test_session_that_expires_is_run),
        TEST(test_nothing_to_wait_for_arms_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
