#include "support/test.h"
#include "tcp/cc/congestion.h"

#define MSS 1460u

/* RFC 6928 2: min(10 * MSS, max(2 * MSS, 14600)). */
static void test_initial_window(void **state)
{
    static const struct {
        uint32_t mss, window;
    } rows[] = {
        {88, 880},     {536, 5360},   {1220, 12200}, {1459, 14590}, {1460, 14600}, {1461, 14600},
        {2920, 14600}, {7299, 14600}, {7300, 14600}, {7301, 14602}, {8960, 17920}, {65495, 130990},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(te_cc_initial_window(rows[i].mss, 10), rows[i].window);
}

/* With another number of segments; of RFC 5681's, two to four, the smaller ones are exact. */
static void test_initial_window_scales(void **state)
{
    (void)state;
    assert_int_equal(te_cc_initial_window(MSS, 1), MSS * 1);
    assert_int_equal(te_cc_initial_window(8960, 1), 8960);
    assert_int_equal(te_cc_initial_window(MSS, 2), MSS * 2);
    assert_int_equal(te_cc_initial_window(MSS, 4), MSS * 4);
    assert_int_equal(te_cc_initial_window(536, 255), 536 * 255);
    assert_int_equal(te_cc_initial_window(65495, 255), 255 * MSS);
}

static struct te_congestion congestion_of(uint32_t cwnd_bytes)
{
    return (struct te_congestion){.cwnd_bytes = cwnd_bytes, .ssthresh_bytes = 77};
}

static uint32_t grown(uint32_t cwnd_bytes, uint32_t bytes)
{
    struct te_congestion cc = congestion_of(cwnd_bytes);
    te_cc_grow(&cc, bytes);
    assert_int_equal(cc.ssthresh_bytes, 77);
    return cc.cwnd_bytes;
}

static void test_grow_is_capped(void **state)
{
    (void)state;
    assert_int_equal(grown(10 * MSS, MSS), 11 * MSS);
    assert_int_equal(grown(10 * MSS, 0), 10 * MSS);
    assert_int_equal(grown(TE_CWND_MAX_BYTES - 5, 5), TE_CWND_MAX_BYTES);
    assert_int_equal(grown(TE_CWND_MAX_BYTES - 5, 6), TE_CWND_MAX_BYTES);
    assert_int_equal(grown(TE_CWND_MAX_BYTES, 1), TE_CWND_MAX_BYTES);
    assert_int_equal(grown(1, UINT32_MAX), TE_CWND_MAX_BYTES); /* no wrap-around */
    assert_int_equal(grown(UINT32_MAX, UINT32_MAX), UINT32_MAX);
}

static uint32_t used(uint32_t cwnd, uint32_t flight, uint32_t validated)
{
    const struct te_congestion cc = congestion_of(cwnd);
    const struct te_congestion_event event = {
        .flight_bytes = flight,
        .validated_bytes = validated,
        .mss_bytes = MSS,
    };
    return te_cc_used_window(&cc, &event);
}

/* The larger of what was in flight and what was validated, but never more than cwnd. */
static void test_used_window(void **state)
{
    (void)state;
    assert_int_equal(used(100, 100, 100), 100);
    assert_int_equal(used(100, 102, 100), 100); /* limited transmit */
    assert_int_equal(used(100, 40, 100), 100);  /* validated: cwnd itself */
    assert_int_equal(used(100, 40, 30), 40);    /* RFC 7661 4.4.1: max(pipeACK, LossFlightSize) */
    assert_int_equal(used(100, 30, 40), 40);
    assert_int_equal(used(100, 0, 0), 0);
    assert_int_equal(used(100, UINT32_MAX, 0), 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_initial_window),
        cmocka_unit_test(test_initial_window_scales),
        cmocka_unit_test(test_grow_is_capped),
        cmocka_unit_test(test_used_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
