#include "support/test.h"
#include "tcp/cc/pacer.h"

#define MSS 1460
#define MBIT UINT64_C(125000)

static struct te_pacer pacer;

static int setup(void **state)
{
    (void)state;
    pacer = (struct te_pacer){0};
    return 0;
}

/* Sends frames of len as soon as each may leave, asking every timer_us; returns how much has left.
 */
static uint64_t send_for(int64_t from_us, int64_t duration_us, uint32_t len, int64_t timer_us)
{
    uint64_t sent = 0;
    for (int64_t now_us = from_us; now_us < from_us + duration_us; now_us += timer_us) {
        while (te_pacer_ready_at_us(&pacer, now_us) <= now_us) {
            te_pacer_on_sent(&pacer, now_us, len, MSS);
            sent += len;
        }
    }
    return sent;
}

static void test_no_rate_waits_for_nothing(void **state)
{
    (void)state;
    te_pacer_on_sent(&pacer, 1000, 65536, MSS);
    assert_int_equal(te_pacer_ready_at_us(&pacer, 1000), 1000);
    assert_int_equal(te_pacer_quantum_bytes(&pacer, MSS), 65536);
}

static void test_waits_for_what_was_sent(void **state)
{
    (void)state;
    te_pacer_set_rate(&pacer, 100 * MBIT);
    int64_t now_us = 1000000;
    while (te_pacer_ready_at_us(&pacer, now_us) <= now_us)
        te_pacer_on_sent(&pacer, now_us, 1250, MSS);
    int64_t ready_us = te_pacer_ready_at_us(&pacer, now_us);
    assert_int_equal(ready_us, now_us + 100); /* 1,250 bytes of 12.5 MB/s */
    te_pacer_on_sent(&pacer, ready_us, 12500, MSS);
    assert_int_equal(te_pacer_ready_at_us(&pacer, ready_us), ready_us + 1000);
}

/* Rates from 64 kbit/s to 100 Gbit/s hold within 1 % and a burst, whatever the frame's length. */
static void test_rate_is_exact(void **state)
{
    (void)state;
    static const uint64_t rates[] = {8000, 1 * MBIT, 100 * MBIT, 10000 * MBIT, 100000 * MBIT};
    static const uint32_t lengths[] = {100, MSS, 44 * MSS};
    for (unsigned r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
        for (unsigned l = 0; l < sizeof(lengths) / sizeof(lengths[0]); l++) {
            setup(NULL);
            te_pacer_set_rate(&pacer, rates[r]);
            uint64_t duration_us = rates[r] > 1000 * MBIT ? 20000 : 20000000;
            uint64_t sent = send_for(5000000, (int64_t)duration_us, lengths[l], 1);
            uint64_t allowed = rates[r] * duration_us / 1000000;
            uint64_t burst = 2 * te_pacer_quantum_bytes(&pacer, MSS) + rates[r] / 500 + lengths[l];
            if (lengths[l] > rates[r])
                continue; /* a frame longer than a second: bounded, see below */
            assert_in_range(sent, allowed - allowed / 100, allowed + burst);
        }
    }
}

/* A timer of a millisecond that comes late does not lower the rate. */
static void test_late_timers_keep_the_rate(void **state)
{
    (void)state;
    te_pacer_set_rate(&pacer, 100 * MBIT);
    uint64_t sent = send_for(5000000, 1000000, MSS, 1700);
    assert_in_range(sent, 12400000, 12600000);
}

static void test_burst_after_idle_is_small(void **state)
{
    (void)state;
    static const uint64_t rates[] = {8000, 1 * MBIT, 100 * MBIT, 10000 * MBIT};
    for (unsigned r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
        setup(NULL);
        te_pacer_set_rate(&pacer, rates[r]);
        send_for(1000000, 10000, MSS, 10);
        uint64_t burst = 0;
        int64_t now_us = 3600000000;
        while (te_pacer_ready_at_us(&pacer, now_us) <= now_us) {
            te_pacer_on_sent(&pacer, now_us, MSS, MSS);
            burst += MSS;
        }
        uint64_t most = rates[r] / 500 + 2 * MSS; /* two milliseconds, */
        if (most < 5 * MSS)
            most = 5 * MSS; /* or two quanta and a frame */
        assert_in_range(burst, 2 * MSS, most);
    }
}

static void test_quantum(void **state)
{
    (void)state;
    te_pacer_set_rate(&pacer, 100 * MBIT);
    assert_int_equal(te_pacer_quantum_bytes(&pacer, MSS), 12500);
    te_pacer_set_rate(&pacer, 1 * MBIT);
    assert_int_equal(te_pacer_quantum_bytes(&pacer, MSS), 2 * MSS);
    te_pacer_set_rate(&pacer, 10000 * MBIT);
    assert_int_equal(te_pacer_quantum_bytes(&pacer, MSS), 65536);
}

static void test_no_frame_blocks_for_longer_than_a_second(void **state)
{
    (void)state;
    te_pacer_set_rate(&pacer, 1);
    te_pacer_on_sent(&pacer, 10000000, 65536, MSS);
    assert_in_range(te_pacer_ready_at_us(&pacer, 10000000), 10000000, 11000000);
}

static void test_window_rate(void **state)
{
    (void)state;
    assert_int_equal(te_pacer_window_rate(125000, 1000, 10000), 15000000);
    assert_int_equal(te_pacer_window_rate(125000, UINT32_MAX, 10000), 25000000);
    assert_int_equal(te_pacer_window_rate(125000, 1000, 0), 0);
    assert_int_equal(te_pacer_window_rate(1u << 30, UINT32_MAX, 1), (UINT64_C(1) << 31) * 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_no_rate_waits_for_nothing, setup),
        cmocka_unit_test_setup(test_waits_for_what_was_sent, setup),
        cmocka_unit_test_setup(test_rate_is_exact, setup),
        cmocka_unit_test_setup(test_late_timers_keep_the_rate, setup),
        cmocka_unit_test_setup(test_burst_after_idle_is_small, setup),
        cmocka_unit_test_setup(test_quantum, setup),
        cmocka_unit_test_setup(test_no_frame_blocks_for_longer_than_a_second, setup),
        cmocka_unit_test_setup(test_window_rate, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
