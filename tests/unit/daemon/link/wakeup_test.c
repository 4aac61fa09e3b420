/* Real time, but no assertion of speed: a machine may be late, never early. */
#include <stdlib.h>
#include <tcpengine/units.h>

#include "link/wakeup.h"
#include "support.h"
#include "util/clock.h"

#define SHORT_US 300 /* less than the loop's own timers can tell */

struct env {
    struct t_loop loop;
    struct wakeup wakeup;
    unsigned times;
    int64_t last_us; /* when it came last */
    bool is_closed;
};

static void on_due(void *ctx)
{
    struct env *env = ctx;
    env->times++;
    env->last_us = clock_monotonic_us();
}

static void on_closed(uv_handle_t *handle)
{
    ((struct env *)handle->data)->is_closed = true;
}

static int setup(void **state)
{
    struct env *env = calloc(1, sizeof(*env));
    t_loop_init(&env->loop);
    assert_true(wakeup_open(&env->wakeup, &env->loop.uv, on_due, env));
    *state = env;
    return 0;
}

static int teardown(void **state)
{
    struct env *env = *state;
    wakeup_close(&env->wakeup, on_closed);
    t_loop_done(&env->loop);
    assert_true(env->is_closed);
    free(env);
    return 0;
}

static bool has_come(void *ctx)
{
    return ((struct env *)ctx)->times > 0;
}

static void test_it_is_never_early_and_comes_once(void **state)
{
    struct env *env = *state;
    for (unsigned i = 0; i < 200; i++) {
        int64_t at_us = clock_monotonic_us() + SHORT_US + i;
        env->times = 0;
        wakeup_arm(&env->wakeup, at_us);
        t_turn_until(&env->loop, has_come, env);
        assert_true(env->last_us >= at_us);
        t_turn_for(&env->loop, 1);
        assert_int_equal(env->times, 1);
    }
}

/* With timers in milliseconds this takes 200 ms at least; here most take a third of one. A busy
 * machine needs some attempts. */
static void test_it_counts_in_microseconds(void **state)
{
    struct env *env = *state;
    unsigned within_ms = 0;
    for (unsigned i = 0; i < 10000 && within_ms < 20; i++) {
        int64_t at_us = clock_monotonic_us() + SHORT_US;
        env->times = 0;
        wakeup_arm(&env->wakeup, at_us);
        while (env->times == 0)
            uv_run(&env->loop.uv, UV_RUN_ONCE); /* sleeps until then */
        within_ms += env->last_us < at_us + TE_MS - SHORT_US;
    }
    assert_int_equal(within_ms, 20);
}

static void test_a_nearer_deadline_counts(void **state)
{
    struct env *env = *state;
    int64_t near_us = clock_monotonic_us() + SHORT_US;
    wakeup_arm(&env->wakeup, near_us + TE_HOUR);
    wakeup_arm(&env->wakeup, near_us);
    t_turn_until(&env->loop, has_come, env);
    assert_true(env->last_us >= near_us && env->last_us < near_us + TE_HOUR);
    /* The other must be armed again. */
    wakeup_arm(&env->wakeup, clock_monotonic_us() + SHORT_US);
    env->times = 0;
    t_turn_until(&env->loop, has_come, env);
}

/* A deadline that is moved away again and again costs one wake-up, not one per move. */
static void test_moving_a_deadline_back_is_free(void **state)
{
    struct env *env = *state;
    int64_t first_us = clock_monotonic_us() + 20 * TE_MS;
    for (unsigned i = 0; i < 1000; i++)
        wakeup_arm(&env->wakeup, first_us + i * TE_SECOND);
    wakeup_arm(&env->wakeup, INT64_MAX);
    t_turn_until(&env->loop, has_come, env);
    assert_true(env->last_us >= first_us);
    t_turn_for(&env->loop, 30);
    assert_int_equal(env->times, 1);
}

static void test_the_past_is_due_at_once(void **state)
{
    struct env *env = *state;
    static const int64_t past[] = {INT64_MIN, -1, 0, 1};
    for (size_t i = 0; i < sizeof(past) / sizeof(past[0]); i++) {
        env->times = 0;
        wakeup_arm(&env->wakeup, past[i]);
        t_turn_until(&env->loop, has_come, env);
        assert_int_equal(env->times, 1);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_it_is_never_early_and_comes_once), TEST(test_it_counts_in_microseconds),
        TEST(test_a_nearer_deadline_counts),         TEST(test_moving_a_deadline_back_is_free),
        TEST(test_the_past_is_due_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
