#include "support/test.h"
#include "tcp/conn/hold.h"
#include "units.h"

static void time_goes_to_what_held(void **state)
{
    (void)state;
    struct te_hold_clock clock;
    te_hold_start(&clock, 1000);
    te_hold_change(&clock, TE_HOLD_CWND, 1500);
    te_hold_change(&clock, TE_HOLD_PEER_WINDOW, 3500);
    assert_int_equal(clock.total_us[TE_HOLD_IDLE], 500);
    assert_int_equal(clock.total_us[TE_HOLD_CWND], 2000);
    assert_int_equal(clock.total_us[TE_HOLD_PEER_WINDOW], 0);
    assert_int_equal(clock.since_us, 3500);
    assert_int_equal(clock.now, TE_HOLD_PEER_WINDOW);
}

static void the_sum_includes_what_holds_now(void **state)
{
    (void)state;
    struct te_hold_clock clock;
    uint32_t total_ms[TE_HOLD_COUNT] = {[TE_HOLD_NAGLE] = 7};
    te_hold_start(&clock, 0);
    te_hold_change(&clock, TE_HOLD_NAGLE, 3 * MS);
    te_hold_add(&clock, 5 * MS, total_ms);
    assert_int_equal(total_ms[TE_HOLD_IDLE], 3);
    assert_int_equal(total_ms[TE_HOLD_NAGLE], 9);
}

static void a_sum_stops_at_its_maximum(void **state)
{
    (void)state;
    struct te_hold_clock clock;
    uint32_t total_ms[TE_HOLD_COUNT] = {[TE_HOLD_IDLE] = UINT32_MAX - 2};
    te_hold_start(&clock, 0);
    te_hold_add(&clock, 10 * MS, total_ms);
    assert_int_equal(total_ms[TE_HOLD_IDLE], UINT32_MAX);
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(te_hold_name(TE_HOLD_PEER_WINDOW), "peer_window");
    assert_string_equal(te_hold_name(TE_HOLD_COUNT), "?");
    assert_string_equal(te_situation_name(TE_SITUATION_ZERO_WINDOW), "zero_window");
    assert_string_equal(te_situation_name(TE_SITUATION_COUNT), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_goes_to_what_held),
        cmocka_unit_test(the_sum_includes_what_holds_now),
        cmocka_unit_test(a_sum_stops_at_its_maximum),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
