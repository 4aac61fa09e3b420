/* Turns of the loop, with a clock that only work moves. */
#include "support/test.h"
#include "util/turns.h"

#define RUNNERS 8
#define US INT64_C(1000)
#define MS INT64_C(1000000)

struct runner {
    struct env *env;
    struct fair_share *share;
    struct fair_job job;
    unsigned requeues; /* goes back into the queue so many times */
    int64_t cost_ns;
    size_t carries_bytes;
    unsigned runs;
};

struct env {
    uv_loop_t loop;
    struct turns turns;
    struct runner runners[RUNNERS];
    unsigned closed;
    char order[64]; /* 'a' for the first runner */
    unsigned order_len;
};

/* The clock has no context. */
static int64_t clock_ns;

static int64_t now_ns(void)
{
    return clock_ns;
}

static void run_job(struct fair_job *job)
{
    struct runner *runner = job->owner;
    struct env *env = runner->env;
    assert_true(env->order_len < sizeof(env->order) - 1);
    env->order[env->order_len++] = (char)('a' + (runner - env->runners));
    assert_null(job->share);
    assert_ptr_equal(env->turns.running, runner->share);
    clock_ns += runner->cost_ns;
    fair_carry(runner->share, runner->carries_bytes);
    runner->runs++;
    if (runner->requeues == 0)
        return;
    runner->requeues--;
    turns_queue(&env->turns, runner->share, job);
}

static int setup(void **state)
{
    static struct env env;
    env = (struct env){.closed = 0};
    clock_ns = 1000 * MS;
    uv_loop_init(&env.loop);
    assert_true(turns_init(&env.turns, &env.loop, RUNNERS));
    env.turns.now_ns = now_ns;
    turns_start(&env.turns);
    for (unsigned i = 0; i < RUNNERS; i++) {
        struct runner *runner = &env.runners[i];
        runner->env = &env;
        runner->share = fair_share_get(&env.turns.fair, 100 + i);
        runner->job = (struct fair_job){.run = run_job, .owner = runner};
        runner->cost_ns = US;
    }
    *state = &env;
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    ((struct env *)handle->data)->closed++;
}

static int teardown(void **state)
{
    struct env *env = *state;
    if (!env->turns.is_closed)
        turns_close(&env->turns, on_closed, env);
    uv_run(&env->loop, UV_RUN_DEFAULT);
    assert_int_equal(env->closed, TURNS_HANDLES);
    turns_done(&env->turns);
    return uv_loop_close(&env->loop);
}

static void queue(struct env *env, unsigned i)
{
    turns_queue(&env->turns, env->runners[i].share, &env->runners[i].job);
}

static bool is_idle_active(const struct env *env)
{
    return uv_is_active((const uv_handle_t *)&env->turns.idle);
}

static void test_jobs_run_in_order(void **state)
{
    struct env *env = *state;
    queue(env, 1);
    queue(env, 0);
    queue(env, 1); /* is queued: harmless */
    uv_run(&env->loop, UV_RUN_NOWAIT);
    assert_string_equal(env->order, "ba");
    assert_false(is_idle_active(env));
}

/* Eight users ask without end; one turn of the loop takes no longer for that. */
static void test_a_turn_of_the_loop_is_bounded(void **state)
{
    struct env *env = *state;
    int64_t start_ns = clock_ns;
    for (unsigned i = 0; i < RUNNERS; i++) {
        env->runners[i].requeues = 1000;
        env->runners[i].cost_ns = 100 * US;
        queue(env, i);
    }
    uv_run(&env->loop, UV_RUN_NOWAIT);
    assert_int_equal(clock_ns - start_ns, TURNS_ROUND_NS);
    assert_string_equal(env->order, "abcde");
    assert_int_equal(env->turns.rounds_cut, 1);
    assert_true(is_idle_active(env));
    uv_run(&env->loop, UV_RUN_NOWAIT);
    assert_int_equal(clock_ns - start_ns, 2 * TURNS_ROUND_NS);
    assert_string_equal(env->order, "abcdefghab");
}

/* However little each costs, the network comes between two rounds of the jobs there are. */
static void test_a_turn_of_the_loop_is_one_round(void **state)
{
    struct env *env = *state;
    env->runners[0].requeues = env->runners[1].requeues = 1000;
    queue(env, 0);
    queue(env, 1);
    uv_run(&env->loop, UV_RUN_NOWAIT);
    assert_string_equal(env->order, "ab");
    assert_int_equal(env->turns.rounds_cut, 0);
    assert_true(is_idle_active(env));
}

static void on_network(uv_prepare_t *prepare)
{
    struct env *env = prepare->data;
    env->order[env->order_len++] = 'N';
}

/* What the pump does before the loop waits comes between any two rounds. */
static void test_the_network_comes_between_rounds(void **state)
{
    struct env *env = *state;
    uv_prepare_t network;
    uv_prepare_init(&env->loop, &network);
    network.data = env;
    uv_prepare_start(&network, on_network);
    env->runners[0].requeues = env->runners[1].requeues = 1000;
    queue(env, 0);
    queue(env, 1);
    for (unsigned i = 0; i < 3; i++)
        uv_run(&env->loop, UV_RUN_NOWAIT);
    assert_string_equal(env->order, "abNabNabN");
    uv_close((uv_handle_t *)&network, NULL);
    uv_run(&env->loop, UV_RUN_NOWAIT); /* the handle is this function's */
}

/* The last job of a turn may exceed it by what one job takes, and no more. */
static void test_a_long_job_ends_the_turn(void **state)
{
    struct env *env = *state;
    env->runners[0].cost_ns = 3 * TURNS_ROUND_NS;
    queue(env, 0);
    queue(env, 1);
    uv_run(&env->loop, UV_RUN_NOWAIT);
    assert_string_equal(env->order, "a");
    assert_int_equal(env->runners[0].share->used_ns, TURNS_COST_MAX_NS);
    uv_run(&env->loop, UV_RUN_NOWAIT);
    assert_string_equal(env->order, "ab");
}

static void test_a_slice_ends(void **state)
{
    struct env *env = *state;
    env->runners[0].cost_ns = TURNS_SLICE_NS - 1;
    queue(env, 0);
    uv_run(&env->loop, UV_RUN_NOWAIT);
    assert_false(turns_slice_is_over(&env->turns));
    clock_ns++;
    assert_true(turns_slice_is_over(&env->turns));
}

/* A job that waits for its allowance does not keep the loop busy: a timer wakes it. */
static void test_waiting_for_allowance_is_no_spinning(void **state)
{
    struct env *env = *state;
    env->runners[1].carries_bytes = FAIR_BULK_BYTES;
    queue(env, 1);
    uv_run(&env->loop, UV_RUN_NOWAIT);
    env->runners[0].share->allowance_ns = -10 * US;
    env->runners[0].share->allowance_at_ns = clock_ns;
    queue(env, 0);
    uv_run(&env->loop, UV_RUN_NOWAIT);
    assert_string_equal(env->order, "b");
    assert_false(is_idle_active(env));
    assert_true(uv_is_active((uv_handle_t *)&env->turns.timer));
    clock_ns += 10 * US * FAIR_ALLOWANCE_PARTS;
    while (env->order_len < 2)
        uv_run(&env->loop, UV_RUN_ONCE);
    assert_string_equal(env->order, "ba");
}

static void test_a_dropped_job_does_not_run(void **state)
{
    struct env *env = *state;
    queue(env, 0);
    queue(env, 1);
    turns_drop(&env->turns, &env->runners[0].job);
    turns_drop(&env->turns, &env->runners[2].job); /* is not queued: harmless */
    uv_run(&env->loop, UV_RUN_NOWAIT);
    assert_string_equal(env->order, "b");
}

static void test_nothing_runs_after_close(void **state)
{
    struct env *env = *state;
    queue(env, 0);
    turns_close(&env->turns, on_closed, env);
    queue(env, 1);
    uv_run(&env->loop, UV_RUN_DEFAULT);
    assert_string_equal(env->order, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_jobs_run_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_turn_of_the_loop_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_turn_of_the_loop_is_one_round, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_network_comes_between_rounds, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_long_job_ends_the_turn, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_slice_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_waiting_for_allowance_is_no_spinning, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_dropped_job_does_not_run, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_runs_after_close, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
