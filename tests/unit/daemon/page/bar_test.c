#include <string.h>

#include "page/bar.h"
#include "rpc/rpc_support.h"

#define MSL_US 1000000 /* of rpc_support.c's stacks */

static struct bar bar;

static uint64_t time_wait(struct t_rpc *env, struct t_client *client)
{
    uint64_t peer, id = t_connected(client, &peer);
    T_OK(t_close(client, id, 0));
    te_close(env->peer, peer, t_now_us(env));
    t_turn_for(&env->loop, 10);
    return id;
}

static unsigned sum(void)
{
    unsigned all = 0;
    for (unsigned i = 0; i < BAR_PARTS; i++)
        all += bar.shown[i];
    return all;
}

/* The part is that of the time that is left, whenever one looks. */
static void test_parts(void **state)
{
    static const struct {
        int64_t left_us;
        unsigned part;
    } rows[] = {{2 * MSL_US, 19}, {1999999, 19}, {1900000, 19}, {1899999, 18},
                {1000000, 10},    {999999, 9},   {100000, 1},   {99999, 0},
                {1, 0},           {0, 0},        {-5, 0},       {9000000, 19}};
    struct t_rpc *env = *state;
    struct t_client client;
    struct te_status status;
    t_client_open(&client, env);
    uint64_t id = time_wait(env, &client);
    assert_int_equal(te_status(env->pump.stack, id, &status), TE_OK);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t now_us = status.time_wait_ends_at_us - rows[i].left_us;
        assert_true(bar_step(&bar, env->pump.stack, MSL_US, now_us));
        assert_int_equal(bar.shown[rows[i].part], 1);
        assert_int_equal(sum(), 1);
    }
    json_t *json = bar_json(&bar);
    assert_int_equal(json_array_size(json), BAR_PARTS);
    assert_int_equal(json_integer_value(json_array_get(json, 19)), 1);
    json_decref(json);
    t_client_close(&client);
}

/* A walk takes as many steps as it needs; until it is over, the one before is shown. */
static void test_steps_are_bounded(void **state)
{
    struct t_rpc *env = *state;
    struct t_client client;
    unsigned steps = 1;
    memset(&bar, 0, sizeof(bar));
    t_client_open(&client, env);
    for (unsigned i = 0; i < BAR_STEP_ENTRIES + 5; i++)
        time_wait(env, &client);
    struct te_totals totals;
    te_totals(env->pump.stack, &totals);
    for (; !bar_step(&bar, env->pump.stack, MSL_US, t_now_us(env)); steps++)
        assert_int_equal(sum(), 0);
    assert_int_equal(steps, 1 + totals.time_wait / BAR_STEP_ENTRIES);
    assert_int_equal(sum(), totals.time_wait);
    t_client_close(&client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, t_rpc_setup, t_rpc_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_parts),
        TEST(test_steps_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
