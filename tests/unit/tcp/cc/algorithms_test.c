#include <limits.h>
#include <string.h>

#include "support/test.h"
#include "tcp/cc/congestion.h"

/* Names and algorithms are the same list, read both ways. */
static void test_names_and_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < TE_CC_COUNT; i++) {
        const char *name = te_cc_name(i);
        assert_non_null(name);
        const struct te_cc_ops *ops = te_cc_find(name);
        assert_non_null(ops);
        assert_ptr_equal(ops->name, name);
        assert_true(strlen(name) > 0 && strlen(name) < TE_CC_NAME_MAX);
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(te_cc_name(k), name);
    }
}

static void test_beyond_the_last(void **state)
{
    (void)state;
    assert_int_equal(TE_CC_COUNT, 3);
    assert_null(te_cc_name(TE_CC_COUNT));
    assert_null(te_cc_name(UINT_MAX));
}

/* What te_config_init() chooses is the first. */
static void test_default_comes_first(void **state)
{
    struct te_config config;
    (void)state;
    te_config_init(&config);
    assert_string_equal(te_cc_name(0), config.congestion_control);
    assert_ptr_equal(te_cc_find(config.congestion_control), &te_cc_cubic);
}

static void test_exact_names_only(void **state)
{
    static const char *const unknown[] = {"",     "CUBIC",  "cubic ", " cubic",
                                          "cubi", "cubicc", "bbr3"};
    (void)state;
    for (unsigned i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
        assert_null(te_cc_find(unknown[i]));
}

/* Every hook that recovery.c calls without asking is there. */
static void test_hooks_are_complete(void **state)
{
    (void)state;
    for (unsigned i = 0; i < TE_CC_COUNT; i++) {
        const struct te_cc_ops *ops = te_cc_find(te_cc_name(i));
        assert_non_null(ops->start);
        assert_non_null(ops->on_ack);
        assert_non_null(ops->on_congestion);
        assert_non_null(ops->on_recovered);
        assert_non_null(ops->on_undo);
        assert_non_null(ops->on_restart);
        assert_non_null(ops->pacing_rate);
        assert_non_null(ops->describe);
        assert_non_null(ops->save);
    }
}

static struct te_congestion started(const struct te_cc_ops *ops, union te_cc_state *state)
{
    struct te_congestion cc = {
        .ops = ops,
        .cwnd_bytes = 14600,
        .ssthresh_bytes = UINT32_MAX,
        .state = state,
    };
    const struct te_cc_start start = {
        .now_us = 1000000, .mss_bytes = 1460, .initial_cwnd_bytes = 14600};
    ops->start(&cc, &start);
    return cc;
}

/* start() keeps the window; describe() works with state and without, within its limit. */
static void test_start_and_describe(void **state)
{
    (void)state;
    for (unsigned i = 0; i < TE_CC_COUNT; i++) {
        union te_cc_state cc_state;
        memset(&cc_state, 0xa5, sizeof(cc_state));
        struct te_congestion cc = started(te_cc_find(te_cc_name(i)), &cc_state);
        assert_int_equal(cc.cwnd_bytes, 14600);
        assert_int_equal(cc.ssthresh_bytes, UINT32_MAX);
        struct te_cc_variable variables[TE_CC_VARIABLES_MAX + 1];
        memset(variables, 0, sizeof(variables));
        unsigned count = cc.ops->describe(&cc, variables);
        assert_in_range(count, 1, TE_CC_VARIABLES_MAX);
        for (unsigned k = 0; k < count; k++)
            assert_non_null(variables[k].name);
        assert_null(variables[count].name);
        cc.state = NULL;
        assert_int_equal(cc.ops->describe(&cc, variables), 0);
        assert_int_equal(cc.ops->pacing_rate(&cc), 0);
    }
}

/* A timeout leaves one segment, whatever the algorithm (RFC 5681 3.1). */
static void test_timeout_leaves_one_segment(void **state)
{
    (void)state;
    for (unsigned i = 0; i < TE_CC_COUNT; i++) {
        union te_cc_state cc_state;
        struct te_congestion cc = started(te_cc_find(te_cc_name(i)), &cc_state);
        const struct te_congestion_event event = {
            .signal = TE_SIGNAL_TIMEOUT,
            .now_us = 2000000,
            .flight_bytes = 14600,
            .validated_bytes = 14600,
            .mss_bytes = 1460,
            .is_first = true,
        };
        cc.ops->on_congestion(&cc, &event);
        assert_int_equal(cc.cwnd_bytes, 1460);
        assert_true(cc.ops->owns_cwnd || cc.ssthresh_bytes < 14600);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_and_back),
        cmocka_unit_test(test_beyond_the_last),
        cmocka_unit_test(test_default_comes_first),
        cmocka_unit_test(test_exact_names_only),
        cmocka_unit_test(test_hooks_are_complete),
        cmocka_unit_test(test_start_and_describe),
        cmocka_unit_test(test_timeout_leaves_one_segment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
