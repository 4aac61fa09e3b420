/* Who comes next, in a time that the tests make. */
#include "support/test.h"
#include "util/fair.h"

#define US INT64_C(1000)
#define MS INT64_C(1000000)
#define SHARES 4
#define JOBS 8

struct env {
    struct fair fair;
    int64_t now_ns;
    struct fair_share *shares[SHARES]; /* of the users 100, 101 ... */
    struct fair_job jobs[JOBS];
};

static int setup(void **state)
{
    static struct env env;
    env = (struct env){.now_ns = 1000 * MS};
    assert_true(fair_init(&env.fair, SHARES));
    *state = &env;
    return 0;
}

static int teardown(void **state)
{
    struct env *env = *state;
    fair_done(&env->fair);
    return 0;
}

static struct fair_share *user(struct env *env, unsigned i)
{
    if (env->shares[i] == NULL)
        env->shares[i] = fair_share_get(&env->fair, 100 + i);
    assert_non_null(env->shares[i]);
    return env->shares[i];
}

static void queue(struct env *env, unsigned i, unsigned job)
{
    fair_queue(&env->fair, user(env, i), &env->jobs[job]);
}

/* Runs the next job, which costs so much. Returns its number, or -1. */
static int run(struct env *env, int64_t cost_ns, size_t bytes)
{
    struct fair_share *share;
    struct fair_job *job = fair_take(&env->fair, env->now_ns, &share);
    if (job == NULL)
        return -1;
    assert_null(job->share);
    env->now_ns += cost_ns;
    fair_carry(share, bytes);
    fair_charge(&env->fair, share, cost_ns, env->now_ns);
    return (int)(job - env->jobs);
}

/* How much time each user gets when all ask without end, job i being user i's, at these costs. */
static void share_out(struct env *env, unsigned users, const int64_t *costs_ns, int64_t *ret_ns)
{
    struct fair_share *share;
    for (unsigned i = 0; i < users; i++) {
        ret_ns[i] = 0;
        queue(env, i, i);
    }
    for (int64_t end_ns = env->now_ns + 100 * MS; env->now_ns < end_ns;) {
        struct fair_job *job = fair_take(&env->fair, env->now_ns, &share);
        assert_non_null(job);
        unsigned i = (unsigned)(job - env->jobs);
        env->now_ns += costs_ns[i];
        ret_ns[i] += costs_ns[i];
        fair_charge(&env->fair, share, costs_ns[i], env->now_ns);
        queue(env, i, i);
    }
}

/* Cost counts, not number: a hundred cheap requests are worth one that takes a hundred times as
 * long. */
static void test_users_share_time_by_cost(void **state)
{
    const int64_t costs_ns[] = {100 * US, US, 10 * US};
    int64_t got_ns[3];
    share_out(*state, 3, costs_ns, got_ns);
    for (unsigned i = 0; i < 3; i++)
        assert_in_range(got_ns[i], 33 * MS, 34 * MS);
}

static void test_more_jobs_are_no_more_time(void **state)
{
    struct env *env = *state;
    unsigned runs[2] = {0, 0};
    for (unsigned i = 0; i < 7; i++)
        queue(env, 0, i);
    queue(env, 1, 7);
    for (unsigned i = 0; i < 1000; i++) {
        int job = run(env, 10 * US, 0);
        runs[job == 7]++;
        queue(env, job == 7, (unsigned)job);
    }
    assert_int_equal(runs[0], 500);
    assert_int_equal(runs[1], 500);
}

static void test_jobs_of_one_user_take_turns(void **state)
{
    struct env *env = *state;
    queue(env, 0, 2);
    queue(env, 0, 1);
    queue(env, 0, 2); /* is queued: harmless */
    queue(env, 0, 0);
    assert_int_equal(run(env, US, 0), 2);
    queue(env, 0, 2);
    assert_int_equal(run(env, US, 0), 1);
    assert_int_equal(run(env, US, 0), 0);
    assert_int_equal(run(env, US, 0), 2);
    assert_int_equal(run(env, US, 0), -1);
    assert_true(fair_is_empty(&env->fair));
}

/* A user that comes back after a pause is served next, but has no claim on the time it did not use.
 */
static void test_idle_time_is_not_saved_up(void **state)
{
    struct env *env = *state;
    queue(env, 0, 0);
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(run(env, 100 * US, 0), 0);
        queue(env, 0, 0);
    }
    queue(env, 1, 1);
    assert_int_equal(run(env, 100 * US, 0), 1);
    unsigned runs = 0;
    for (unsigned i = 0; i < 100; i++) {
        queue(env, 1, 1);
        int job = run(env, 100 * US, 0);
        runs += job == 1;
        queue(env, (unsigned)job, (unsigned)job);
    }
    assert_in_range(runs, 49, 51);
}

/* User 1 has carried data just now. */
static void carry(struct env *env)
{
    struct fair_share *share = user(env, 1);
    fair_carry(share, FAIR_BULK_BYTES);
    fair_charge(&env->fair, share, 10 * US, env->now_ns);
}

/* Each turn of the loop, user 1 carries data as fast as it can, and user 0 asks for more than it
 * gets: a sixteenth of the time, once what it had saved is used. */
static void test_beside_a_transfer_questions_get_a_sixteenth(void **state)
{
    struct env *env = *state;
    int64_t asked_ns = 0, start_ns;
    queue(env, 0, 0);
    for (unsigned warm = 0; warm < 2; warm++) {
        start_ns = env->now_ns;
        asked_ns = 0;
        while (env->now_ns < start_ns + 200 * MS) {
            queue(env, 1, 1);
            int job = run(env, 50 * US, 0);
            if (job == 0)
                asked_ns += 50 * US;
            else
                fair_carry(env->shares[1], FAIR_BULK_BYTES);
            queue(env, 0, 0);
        }
    }
    assert_in_range(asked_ns, 12 * MS, 13 * MS);
    assert_true(env->fair.held_back > 0);
}

static void test_alone_nobody_waits(void **state)
{
    struct env *env = *state;
    for (unsigned i = 0; i < 1000; i++) {
        queue(env, 0, 0);
        assert_int_equal(run(env, 100 * US, 0), 0);
    }
    assert_int_equal(env->fair.held_back, 0);
}

/* One's own transfer is no reason to wait. */
static void test_the_one_who_carries_does_not_wait(void **state)
{
    struct env *env = *state;
    for (unsigned i = 0; i < 1000; i++) {
        queue(env, 0, 0);
        assert_int_equal(run(env, 100 * US, i % 2 == 0 ? FAIR_BULK_BYTES : 0), 0);
    }
    assert_int_equal(env->fair.held_back, 0);
}

/* Two that carry data are equals. */
static void test_carrying_pays_for_itself(void **state)
{
    struct env *env = *state;
    unsigned runs[2] = {0, 0};
    for (unsigned i = 0; i < 1000; i++) {
        queue(env, 0, 0);
        queue(env, 1, 1);
        runs[run(env, FAIR_BULK_BYTES * FAIR_BYTE_NS, FAIR_BULK_BYTES)]++;
    }
    assert_int_equal(runs[0], 500);
    assert_int_equal(env->fair.held_back, 0);
}

static void test_debt_is_bounded_and_waited_off(void **state)
{
    struct env *env = *state;
    for (unsigned i = 0; i < 1000; i++) {
        queue(env, 0, 0);
        run(env, MS, 0);
    }
    assert_int_equal(env->shares[0]->allowance_ns, -FAIR_DEBT_MAX_NS);
    queue(env, 0, 0);
    int64_t debt_until_ns = env->now_ns + FAIR_DEBT_MAX_NS * FAIR_ALLOWANCE_PARTS;
    while (env->now_ns < debt_until_ns - 2 * MS) {
        carry(env);
        assert_int_equal(run(env, US, 0), -1);
        env->now_ns += MS;
    }
    carry(env);
    env->now_ns = debt_until_ns;
    assert_int_equal(run(env, US, 0), 0); /* has used less than the other by now */
}

static void test_waiting_ends_with_the_transfer(void **state)
{
    struct env *env = *state;
    user(env, 0)->allowance_ns = -FAIR_DEBT_MAX_NS;
    env->shares[0]->allowance_at_ns = env->now_ns;
    carry(env);
    int64_t carried_at_ns = env->now_ns;
    queue(env, 0, 0);
    assert_int_equal(fair_next_at_ns(&env->fair, env->now_ns), carried_at_ns + FAIR_BULK_NS);
    env->now_ns = carried_at_ns + FAIR_BULK_NS - 1;
    assert_int_equal(run(env, US, 0), -1);
    env->now_ns++;
    assert_int_equal(fair_next_at_ns(&env->fair, env->now_ns), env->now_ns);
    assert_int_equal(run(env, US, 0), 0);
    assert_int_equal(fair_next_at_ns(&env->fair, env->now_ns), FAIR_NEVER);
}

/* A little data now and then makes nobody wait. */
static void test_a_trickle_is_no_transfer(void **state)
{
    struct env *env = *state;
    user(env, 0)->allowance_ns = -FAIR_DEBT_MAX_NS;
    env->shares[0]->allowance_at_ns = env->now_ns;
    queue(env, 1, 1);
    run(env, US, FAIR_BULK_BYTES - 1);
    queue(env, 0, 0);
    assert_int_equal(run(env, US, 0), 0);
    queue(env, 1, 1);
    run(env, US, 1);
    queue(env, 0, 0);
    assert_int_equal(run(env, US, 0), -1);
}

/* Whoever leaves in debt and comes back still has it; another user has not. */
static void test_debt_outlives_its_references(void **state)
{
    struct env *env = *state;
    user(env, 0)->allowance_ns = -5 * MS;
    fair_share_put(env->shares[0]);
    assert_int_equal(fair_share_get(&env->fair, 100)->allowance_ns, -5 * MS);
    for (unsigned i = 1; i < SHARES; i++)
        user(env, i);
    assert_null(fair_share_get(&env->fair, 200));
    fair_share_put(env->shares[0]);
    struct fair_share *other = fair_share_get(&env->fair, 200);
    assert_ptr_equal(other, env->shares[0]);
    assert_int_equal(other->allowance_ns, FAIR_ALLOWANCE_MAX_NS);
    assert_null(fair_share_get(&env->fair, 201));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_users_share_time_by_cost, setup, teardown),
        cmocka_unit_test_setup_teardown(test_more_jobs_are_no_more_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_jobs_of_one_user_take_turns, setup, teardown),
        cmocka_unit_test_setup_teardown(test_idle_time_is_not_saved_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_beside_a_transfer_questions_get_a_sixteenth, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_alone_nobody_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_one_who_carries_does_not_wait, setup, teardown),
        cmocka_unit_test_setup_teardown(test_carrying_pays_for_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(test_debt_is_bounded_and_waited_off, setup, teardown),
        cmocka_unit_test_setup_teardown(test_waiting_ends_with_the_transfer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_trickle_is_no_transfer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_debt_outlives_its_references, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
