/* Deadlines of links that are not there: only the order of what runs matters. */
#include "sp/sp_schedule.h"
#include "support/test.h"

#define RUNNERS 3

struct runner {
    struct env *env;
    struct sp_deadline deadline;
    unsigned dues;
};

struct env {
    uv_loop_t loop;
    struct sp_schedule schedule;
    struct runner runners[RUNNERS];
    unsigned closed;
    char order[16]; /* 'A' for the first runner */
    unsigned order_len;
};

static void note(struct runner *runner, char first)
{
    struct env *env = runner->env;
    assert_true(env->order_len < sizeof(env->order) - 1);
    env->order[env->order_len++] = (char)(first + (runner - env->runners));
}

static void on_due(struct sp_deadline *due)
{
    struct runner *runner = due->owner;
    note(runner, 'A');
    assert_false(deadline_is_armed(&due->deadline));
    runner->dues++;
}

static int setup(void **state)
{
    static struct env env;
    env = (struct env){.closed = 0};
    uv_loop_init(&env.loop);
    assert_true(sp_schedule_init(&env.schedule, &env.loop, RUNNERS));
    sp_schedule_start(&env.schedule);
    for (unsigned i = 0; i < RUNNERS; i++) {
        struct runner *runner = &env.runners[i];
        runner->env = &env;
        runner->deadline = (struct sp_deadline){.on_due = on_due, .owner = runner};
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
    if (!env->schedule.is_closed)
        sp_schedule_close(&env->schedule, on_closed, env);
    uv_run(&env->loop, UV_RUN_DEFAULT);
    assert_int_equal(env->closed, SP_SCHEDULE_HANDLES);
    sp_schedule_done(&env->schedule);
    return uv_loop_close(&env->loop);
}

static void test_deadlines_come_by_time(void **state)
{
    struct env *env = *state;
    sp_schedule_deadline_set(&env->schedule, &env->runners[0].deadline, 3);
    sp_schedule_deadline_set(&env->schedule, &env->runners[1].deadline, 1);
    sp_schedule_deadline_set(&env->schedule, &env->runners[2].deadline, 2);
    sp_schedule_deadline_clear(&env->schedule, &env->runners[2].deadline);
    while (env->order_len < 2)
        uv_run(&env->loop, UV_RUN_ONCE);
    assert_string_equal(env->order, "BA");
    assert_int_equal(env->schedule.timer_at_ms, DEADLINE_NEVER);
}

/* The process was stopped for longer than the deadline: the loop first reads, and the owner may yet
 * meet it. */
static void test_a_deadline_that_was_slept_over_is_put_off(void **state)
{
    struct env *env = *state;
    sp_schedule_deadline_set(&env->schedule, &env->runners[0].deadline, 10);
    uint64_t until_ns = uv_hrtime() + 400 * UINT64_C(1000000);
    while (uv_hrtime() < until_ns) /* the loop does not turn */
        ;
    uv_run(&env->loop, UV_RUN_NOWAIT);
    uv_run(&env->loop, UV_RUN_NOWAIT);
    assert_string_equal(env->order, "");
    assert_true(deadline_is_armed(&env->runners[0].deadline.deadline));
    while (env->order_len < 1)
        uv_run(&env->loop, UV_RUN_ONCE);
    assert_string_equal(env->order, "A"); /* but not for ever */
    assert_true(uv_hrtime() >= until_ns + DEADLINE_GRACE_MS * UINT64_C(1000000) - 1000000);
}

static void test_nothing_comes_after_close(void **state)
{
    struct env *env = *state;
    sp_schedule_deadline_set(&env->schedule, &env->runners[0].deadline, 0);
    sp_schedule_close(&env->schedule, on_closed, env);
    sp_schedule_deadline_clear(&env->schedule, &env->runners[0].deadline);
    sp_schedule_deadline_set(&env->schedule, &env->runners[2].deadline, 0); /* arms no timer */
    uv_run(&env->loop, UV_RUN_DEFAULT);
    assert_string_equal(env->order, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_deadlines_come_by_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_deadline_that_was_slept_over_is_put_off, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_nothing_comes_after_close, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
