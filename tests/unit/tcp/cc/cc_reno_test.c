#include "support/cc_path.h"
#include "support/test.h"

#define MSS 1000u

static struct te_congestion cc;
static union te_cc_state cc_state;
static struct cc_path path;

static int setup(void **state)
{
    (void)state;
    cc = (struct te_congestion){
        .ops = &te_cc_reno,
        .cwnd_bytes = 10 * MSS,
        .ssthresh_bytes = UINT32_MAX,
        .state = &cc_state,
    };
    const struct te_cc_start start = {.mss_bytes = MSS, .initial_cwnd_bytes = 10 * MSS};
    cc.ops->start(&cc, &start);
    return 0;
}

static void ack(uint32_t bytes)
{
    const struct te_ack_sample sample = {
        .acked_bytes = bytes,
        .delivered_bytes = bytes,
        .mss_bytes = MSS,
        .is_cwnd_limited = true,
    };
    cc.ops->on_ack(&cc, &sample);
}

static void congest(enum te_congestion_signal signal, uint32_t flight_bytes, bool is_first)
{
    const struct te_congestion_event event = {
        .signal = signal,
        .flight_bytes = flight_bytes,
        .validated_bytes = flight_bytes,
        .mss_bytes = MSS,
        .is_first = is_first,
    };
    cc.ops->on_congestion(&cc, &event);
}

static void test_registry(void **state)
{
    (void)state;
    assert_ptr_equal(te_cc_find("reno"), &te_cc_reno);
    assert_ptr_equal(te_cc_find("cubic"), &te_cc_cubic);
    assert_ptr_equal(te_cc_find("bbr"), &te_cc_bbr);
    assert_null(te_cc_find("vegas"));
    assert_null(te_cc_find(""));
}

static void test_initial_window(void **state)
{
    (void)state;
    assert_int_equal(te_cc_initial_window(1460, 10), 14600);
    assert_int_equal(te_cc_initial_window(536, 10), 5360);
    assert_int_equal(te_cc_initial_window(8960, 10), 17920); /* two of the large ones */
    assert_int_equal(te_cc_initial_window(4000, 10), 14600);
}

/* An ACK that comes in pieces, or for many segments, grows the window as much as whole ones. */
static void test_counts_bytes(void **state)
{
    (void)state;
    static const uint32_t pieces[] = {1, 100, MSS, 2 * MSS, 5 * MSS};
    for (unsigned i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        setup(NULL);
        for (uint32_t acked = 0; acked < 10 * MSS; acked += pieces[i])
            ack(pieces[i]);
        assert_int_equal(cc.cwnd_bytes, 20 * MSS);
        cc.ssthresh_bytes = cc.cwnd_bytes;
        for (uint32_t acked = 0; acked < 20 * MSS; acked += pieces[i])
            ack(pieces[i]);
        assert_int_equal(cc.cwnd_bytes, 21 * MSS);
    }
}

/* What an ACK has beyond ssthresh counts for congestion avoidance, and is not slow start. */
static void test_slow_start_stops_at_ssthresh(void **state)
{
    (void)state;
    cc.ssthresh_bytes = 12 * MSS;
    ack(14 * MSS);
    assert_int_equal(cc.cwnd_bytes, 13 * MSS);
    assert_int_equal(cc_state.reno.acked_bytes, 0);
}

static void test_loss_halves(void **state)
{
    (void)state;
    cc.cwnd_bytes = 40 * MSS;
    congest(TE_SIGNAL_LOSS, 40 * MSS, true);
    assert_int_equal(cc.ssthresh_bytes, 20 * MSS);
    assert_int_equal(cc.cwnd_bytes, 40 * MSS); /* PRR's */
    congest(TE_SIGNAL_LOSS, 3 * MSS, true);
    assert_int_equal(cc.ssthresh_bytes, 2 * MSS);
    cc.cwnd_bytes = 40 * MSS;
    congest(TE_SIGNAL_LOSS, 42 * MSS, true); /* two by limited transmit */
    assert_int_equal(cc.ssthresh_bytes, 20 * MSS);
}

/* RFC 5681 (4): half of FlightSize, whatever cwnd is; unless the phase of RFC 7661 has a pipeACK.
 */
static void test_flight_counts_and_not_cwnd(void **state)
{
    (void)state;
    static const enum te_congestion_signal signals[] = {TE_SIGNAL_LOSS, TE_SIGNAL_TIMEOUT};
    for (unsigned i = 0; i < 4; i++) {
        cc.cwnd_bytes = 40 * MSS;
        const struct te_congestion_event event = {
            .signal = signals[i % 2],
            .flight_bytes = 10 * MSS,
            .validated_bytes = (i < 2 ? 40 : 16) * MSS,
            .mss_bytes = MSS,
            .is_first = true,
        };
        cc.ops->on_congestion(&cc, &event);
        assert_int_equal(cc.ssthresh_bytes, (i < 2 ? 5 : 8) * MSS);
    }
}

static void test_mark_takes_a_fifth(void **state)
{
    (void)state;
    cc.cwnd_bytes = 40 * MSS;
    congest(TE_SIGNAL_ECN, 40 * MSS, true);
    assert_int_equal(cc.ssthresh_bytes, 32 * MSS);
}

static void test_timeout(void **state)
{
    (void)state;
    cc.cwnd_bytes = 40 * MSS;
    congest(TE_SIGNAL_TIMEOUT, 40 * MSS, true);
    assert_int_equal(cc.ssthresh_bytes, 20 * MSS);
    assert_int_equal(cc.cwnd_bytes, MSS);
    congest(TE_SIGNAL_TIMEOUT, MSS, false);
    assert_int_equal(cc.ssthresh_bytes, 20 * MSS);
    assert_int_equal(cc.cwnd_bytes, MSS);
}

static void test_recovery_and_application_do_not_grow(void **state)
{
    (void)state;
    struct te_ack_sample sample = {
        .acked_bytes = MSS,
        .delivered_bytes = MSS,
        .mss_bytes = MSS,
        .is_cwnd_limited = true,
        .is_in_recovery = true,
    };
    cc.ops->on_ack(&cc, &sample);
    assert_int_equal(cc.cwnd_bytes, 10 * MSS);
    sample.is_in_recovery = sample.is_cwnd_limited = false;
    cc.ops->on_ack(&cc, &sample);
    assert_int_equal(cc.cwnd_bytes, 10 * MSS);
}

static void test_undo(void **state)
{
    (void)state;
    ack(5 * MSS);
    cc.ssthresh_bytes = 14 * MSS;
    ack(3 * MSS);
    const struct te_congestion before = cc;
    const union te_cc_state state_before = cc_state;
    congest(TE_SIGNAL_TIMEOUT, 15 * MSS, true);
    cc.ops->on_undo(&cc, &before, &state_before, 0);
    assert_int_equal(cc.cwnd_bytes, 15 * MSS);
    assert_int_equal(cc.ssthresh_bytes, 14 * MSS);
    assert_int_equal(cc_state.reno.acked_bytes, 3 * MSS);
}

/* With a queue of a whole bandwidth-delay product, half of the window still fills the path. */
static void test_fills_a_path(void **state)
{
    (void)state;
    cc_path_init(&path, &te_cc_reno, true);
    cc_path_run(&path, 2000000);
    uint64_t before = path.delivered_bytes;
    cc_path_run(&path, 20000000);
    assert_in_range(path.delivered_bytes - before, 240000000, 251000000);
    assert_in_range(path.congestion_events, 2, 12);
    assert_int_equal(path.timeouts, 0);
}

static void test_describe_without_state(void **state)
{
    (void)state;
    struct te_cc_variable variables[TE_CC_VARIABLES_MAX];
    static const char *const names[] = {"reno", "cubic", "bbr"};
    for (unsigned i = 0; i < 3; i++) {
        const struct te_congestion bare = {.ops = te_cc_find(names[i]), .cwnd_bytes = MSS};
        assert_int_equal(bare.ops->describe(&bare, variables), 0);
        assert_int_equal(bare.ops->pacing_rate(&bare), 0);
    }
    assert_true(sizeof(struct te_cc_reno_state) <= 48);
    assert_true(sizeof(struct te_cc_cubic_state) <= 128);
    assert_true(sizeof(union te_cc_state) <= 320);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registry),
        cmocka_unit_test(test_initial_window),
        cmocka_unit_test_setup(test_counts_bytes, setup),
        cmocka_unit_test_setup(test_slow_start_stops_at_ssthresh, setup),
        cmocka_unit_test_setup(test_loss_halves, setup),
        cmocka_unit_test_setup(test_flight_counts_and_not_cwnd, setup),
        cmocka_unit_test_setup(test_mark_takes_a_fifth, setup),
        cmocka_unit_test_setup(test_timeout, setup),
        cmocka_unit_test_setup(test_recovery_and_application_do_not_grow, setup),
        cmocka_unit_test_setup(test_undo, setup),
        cmocka_unit_test(test_fills_a_path),
        cmocka_unit_test(test_describe_without_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
