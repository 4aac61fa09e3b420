#include <math.h>

#include "support/cc_path.h"
#include "support/test.h"
#include "tcp/cc/cubic_curve.h"

#define MSS 1460u
#define S INT64_C(1000000)

/* RFC 9438. */
#define C 0.4
#define BETA 0.7

static struct te_congestion cc;
static union te_cc_state cc_state;
static const struct te_cc_cubic_state *const cubic = &cc_state.cubic;
static struct cc_path path;
static int64_t now_us;

static void start(uint32_t cwnd_bytes)
{
    cc = (struct te_congestion){
        .ops = &te_cc_cubic,
        .cwnd_bytes = cwnd_bytes,
        .ssthresh_bytes = UINT32_MAX,
        .state = &cc_state,
    };
    now_us = 100 * S;
    const struct te_cc_start start_values = {
        .now_us = now_us,
        .mss_bytes = MSS,
        .initial_cwnd_bytes = cwnd_bytes,
    };
    cc.ops->start(&cc, &start_values);
}

static int setup(void **state)
{
    (void)state;
    start(100 * MSS);
    return 0;
}

static struct te_ack_sample sample_of(uint32_t bytes, int64_t srtt_us)
{
    return (struct te_ack_sample){
        .now_us = now_us,
        .srtt_us = srtt_us,
        .acked_bytes = bytes,
        .delivered_bytes = bytes,
        .mss_bytes = MSS,
        .is_cwnd_limited = true,
    };
}

static void ack(uint32_t bytes, int64_t srtt_us)
{
    const struct te_ack_sample sample = sample_of(bytes, srtt_us);
    cc.ops->on_ack(&cc, &sample);
}

static void congest(enum te_congestion_signal signal, bool is_first)
{
    const struct te_congestion_event event = {
        .signal = signal,
        .now_us = now_us,
        .flight_bytes = cc.cwnd_bytes,
        .validated_bytes = cc.cwnd_bytes,
        .mss_bytes = MSS,
        .is_first = is_first,
    };
    cc.ops->on_congestion(&cc, &event);
}

/* A loss, and the end of its recovery. */
static void lose(enum te_congestion_signal signal)
{
    congest(signal, true);
    cc.cwnd_bytes = cc.ssthresh_bytes;
    cc.ops->on_recovered(&cc, now_us);
}

/* For so long, every rtt_us the whole window is acknowledged in steps of ack_bytes. */
static void send_for(int64_t duration_us, int64_t rtt_us, uint32_t ack_bytes)
{
    int64_t end_us = now_us + duration_us;
    while (now_us < end_us) {
        uint32_t count = cc.cwnd_bytes / ack_bytes + 1;
        for (uint32_t i = 0; i < count; i++) {
            now_us += rtt_us / count;
            ack(ack_bytes, rtt_us);
        }
    }
}

/* W_cubic(t) - W_max against the formula, over a minute and for windows of 10 to 100,000 segments.
 */
static void test_curve(void **state)
{
    (void)state;
    static const uint32_t mss_bytes[] = {88, 536, MSS, 8960, 65535};
    for (uint32_t w_max = 10; w_max <= 100000; w_max *= 10) {
        for (unsigned m = 0; m < sizeof(mss_bytes) / sizeof(mss_bytes[0]); m++) {
            double k_s = cbrt(w_max * (1 - BETA) / C);
            int64_t k_us = (int64_t)(k_s * 1e6);
            for (int64_t t_us = 0; t_us <= 60 * S; t_us += 9973) {
                double want = C * pow((double)(t_us - k_us) / 1e6, 3);
                double got = (double)te_cubic_curve_bytes(t_us - k_us, mss_bytes[m]) / mss_bytes[m];
                assert_true(fabs(want - got) < 0.1);
            }
        }
    }
}

/* Ten minutes from the plateau, the error is still under a segment; beyond the bound it is held. */
static void test_curve_far_away(void **state)
{
    (void)state;
    for (int64_t t_us = -600 * S; t_us <= 600 * S; t_us += 333333) {
        double want = C * pow((double)t_us / 1e6, 3);
        assert_true(fabs(want - (double)te_cubic_curve_bytes(t_us, 1000) / 1000) < 1);
    }
    int64_t most = te_cubic_curve_bytes(TE_CUBIC_CURVE_MAX_US, 65535);
    assert_true(most > TE_CWND_MAX_BYTES);
    assert_int_equal(te_cubic_curve_bytes(INT64_MAX / 2, 65535), most);
    assert_int_equal(te_cubic_curve_bytes(INT64_MIN / 2, 65535), -most);
}

static void test_k(void **state)
{
    (void)state;
    for (uint32_t w_max = 10; w_max <= 700000; w_max = w_max * 3 / 2) {
        uint32_t below = w_max * MSS / 10 * 3;
        double want = cbrt((double)below / MSS / C);
        assert_true(fabs(want - te_cubic_curve_k_us(below, MSS) / 1e6) < 0.001 * want);
    }
    assert_int_equal(te_cubic_curve_k_us(0, MSS), 0);
    /* Ten minutes: 0.4 * 600^3 segments of 12 bytes are the largest window. */
    double want = cbrt((double)TE_CWND_MAX_BYTES / 12 / C);
    assert_true(want > 600);
    assert_true(fabs(want - te_cubic_curve_k_us(TE_CWND_MAX_BYTES, 12) / 1e6) < 0.01);
}

static void test_decrease_is_seven_tenths(void **state)
{
    (void)state;
    congest(TE_SIGNAL_LOSS, true);
    assert_int_equal(cc.ssthresh_bytes, 70 * MSS);
    assert_int_equal(cc.cwnd_bytes, 100 * MSS); /* PRR's */
    assert_int_equal(cubic->w_max_bytes, 100 * MSS);
    assert_int_equal(cubic->cwnd_prior_bytes, 100 * MSS);
    start(2 * MSS);
    congest(TE_SIGNAL_LOSS, true);
    assert_int_equal(cc.ssthresh_bytes, 2 * MSS);
    start(TE_CWND_MAX_BYTES);
    congest(TE_SIGNAL_LOSS, true);
    assert_int_equal(cc.ssthresh_bytes, TE_CWND_MAX_BYTES / 10 * 7 + 2);
}

static void test_marks(void **state)
{
    (void)state;
    congest(TE_SIGNAL_ECN, true);
    assert_int_equal(cc.ssthresh_bytes, 85 * MSS);
    /* cwnd goes below ssthresh's two segments, down to one (4.6). */
    start(2 * MSS);
    lose(TE_SIGNAL_ECN);
    assert_int_equal(cc.ssthresh_bytes, 2 * MSS);
    assert_int_equal(cc.cwnd_bytes, MSS * 17 / 10);
    for (int i = 0; i < 5; i++)
        lose(TE_SIGNAL_ECN);
    assert_int_equal(cc.cwnd_bytes, MSS);
}

/* A window that did not reach the last W_max leaves room: W_max is cwnd * (1 + beta) / 2 (4.7). */
static void test_fast_convergence(void **state)
{
    (void)state;
    lose(TE_SIGNAL_LOSS);
    congest(TE_SIGNAL_LOSS, true);
    assert_int_equal(cubic->w_max_bytes, 70 * MSS * 85 / 100);
    start(100 * MSS);
    lose(TE_SIGNAL_LOSS);
    cc.cwnd_bytes = 120 * MSS;
    congest(TE_SIGNAL_LOSS, true);
    assert_int_equal(cubic->w_max_bytes, 120 * MSS);
    cc.cwnd_bytes = 100 * MSS;
    congest(TE_SIGNAL_ECN, true);
    assert_int_equal(cubic->w_max_bytes, MSS * 100 * 185 / 200);
}

/* From loss to loss, the window is the curve: where it is in one RTT, approached within that RTT.
 */
static void test_window_follows_curve(void **state)
{
    (void)state;
    static const uint32_t segments[] = {1000, 10000, 100000};
    for (unsigned i = 0; i < sizeof(segments) / sizeof(segments[0]); i++) {
        double w_max = segments[i];
        double k_s = cbrt(w_max * (1 - BETA) / C);
        start(segments[i] * MSS);
        lose(TE_SIGNAL_LOSS);
        ack(MSS, 100000);
        int64_t from_us = now_us;
        for (int j = 0; j < 40; j++) {
            send_for(S, 100000, segments[i] / 50 * MSS);
            double t_s = (double)(now_us - from_us) / 1e6;
            double low = w_max + C * pow(t_s - 0.1 - k_s, 3);
            double high = w_max + C * pow(t_s + 0.1 - k_s, 3);
            double got = (double)cc.cwnd_bytes / MSS;
            assert_true(got > low - 0.01 * w_max && got < high + 0.01 * w_max);
        }
        assert_true(fabs(cubic->k_us / 1e6 - k_s) < 0.01);
    }
}

/* The window grows by half an RTT at most, however far ahead the curve is (4.2). */
static void test_growth_is_bounded(void **state)
{
    (void)state;
    lose(TE_SIGNAL_LOSS);
    ack(MSS, 10000);
    now_us += 500 * S; /* as if acknowledged all the time */
    uint32_t before = cc.cwnd_bytes;
    ack(before, 10000);
    assert_in_range(cc.cwnd_bytes, before + before / 2 - 1, before + before / 2 + MSS);
}

/* Short RTT: alpha of 9/17 a window until cwnd_prior is reached again, then 1 (4.3). */
static void test_reno_friendly_region(void **state)
{
    (void)state;
    static const uint32_t steps[] = {100, MSS, 2 * MSS, 10 * MSS};
    for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        start(40 * MSS);
        lose(TE_SIGNAL_LOSS);
        assert_int_equal(cc.cwnd_bytes, 28 * MSS);
        double w_est = 28;
        while (w_est < 50) {
            ack(steps[i], 100);
            now_us += 10;
            w_est += (w_est < 40 ? 9.0 / 17 : 1.0) * steps[i] / MSS / w_est;
        }
        assert_true(fabs((double)cc.cwnd_bytes / MSS - w_est) < 0.05);
        assert_string_equal(cc.ops->name, "cubic");
    }
}

/* No truncation eats the growth of the smallest windows, acknowledged byte by byte. */
static void test_tiny_windows_grow(void **state)
{
    (void)state;
    start(2 * MSS);
    lose(TE_SIGNAL_LOSS);
    for (uint32_t i = 0; i < 10 * MSS; i++)
        ack(1, 100);
    assert_in_range(cc.cwnd_bytes, MSS * 485 / 100, MSS * 495 / 100); /* sqrt(2^2 + 2 * 10) */
}

static void test_application_stops_the_clock(void **state)
{
    (void)state;
    start(10000 * MSS);
    lose(TE_SIGNAL_LOSS);
    send_for(2 * S, 100000, 100 * MSS);
    uint32_t before = cc.cwnd_bytes;
    int64_t age_us = now_us - cubic->epoch_at_us;
    for (int i = 0; i < 100; i++) {
        struct te_ack_sample sample = sample_of(MSS, 100000);
        now_us += 100000;
        sample.now_us = now_us;
        sample.is_cwnd_limited = false;
        cc.ops->on_ack(&cc, &sample);
    }
    assert_int_equal(cc.cwnd_bytes, before);
    assert_in_range(now_us - cubic->epoch_at_us, age_us, age_us + 1);
    now_us += 1000 * S;
    cc.ops->on_restart(&cc, 1000 * S, now_us, true);
    assert_in_range(now_us - cubic->epoch_at_us, age_us, age_us + 1);
    ack(MSS, 100000);
    assert_in_range(cc.cwnd_bytes, before, before + MSS);
}

/* Question and answer, each after a pause: t stands still, and does not run backwards. The pause is
 * counted from the sending on, before the ACK that already knew of a part of it. */
static void test_pauses_are_not_counted_twice(void **state)
{
    (void)state;
    start(10000 * MSS);
    lose(TE_SIGNAL_LOSS);
    send_for(2 * S, 100000, 100 * MSS);
    int64_t age_us = now_us - cubic->epoch_at_us;
    for (int i = 0; i < 100; i++) {
        now_us += S;
        cc.ops->on_restart(&cc, i == 0 ? S : S + 100000, now_us, true);
        struct te_ack_sample sample = sample_of(MSS, 100000);
        now_us += 100000;
        sample.now_us = now_us;
        sample.is_cwnd_limited = false;
        cc.ops->on_ack(&cc, &sample);
    }
    assert_in_range(now_us - cubic->epoch_at_us, age_us, age_us + 1);
}

/* The window was cut while idle: it slow-starts, and a new epoch begins at ssthresh. */
static void test_restart_window(void **state)
{
    (void)state;
    start(1000 * MSS);
    lose(TE_SIGNAL_LOSS);
    send_for(2 * S, 100000, 10 * MSS);
    cc.cwnd_bytes = 10 * MSS;
    now_us += 60 * S;
    cc.ops->on_restart(&cc, 60 * S, now_us, true);
    ack(10 * MSS, 100000);
    assert_int_equal(cc.cwnd_bytes, 20 * MSS);
    assert_false(cubic->has_epoch);
    while (!cubic->has_epoch)
        ack(10 * MSS, 100000);
    assert_int_equal(cubic->epoch_at_us, now_us);
    assert_int_equal(cubic->w_max_bytes, 1000 * MSS);
}

/* 4.8: ssthresh by beta; then an epoch with its plateau where it starts. */
static void test_timeout(void **state)
{
    (void)state;
    congest(TE_SIGNAL_TIMEOUT, true);
    assert_int_equal(cc.ssthresh_bytes, 70 * MSS);
    assert_int_equal(cc.cwnd_bytes, MSS);
    congest(TE_SIGNAL_TIMEOUT, false);
    assert_int_equal(cc.ssthresh_bytes, 70 * MSS);
    while (cc.cwnd_bytes < cc.ssthresh_bytes)
        ack(MSS, 100000);
    ack(MSS, 100000);
    assert_int_equal(cubic->w_max_bytes, 70 * MSS);
    assert_int_equal(cubic->k_us, 0);
    assert_int_equal(cubic->cwnd_prior_bytes, 100 * MSS);
}

/* HyStart++ has ended slow start without a loss (4.10). */
static void test_first_epoch_without_loss(void **state)
{
    (void)state;
    cc.ssthresh_bytes = cc.cwnd_bytes;
    ack(MSS, 100000);
    assert_int_equal(cubic->w_max_bytes, 100 * MSS);
    assert_int_equal(cubic->cwnd_prior_bytes, 100 * MSS);
    uint32_t before = cubic->w_est_bytes; /* alpha is 1: nothing has been too much yet */
    ack(10 * MSS, 100000);
    assert_in_range(cubic->w_est_bytes - before, MSS / 10 - 2, MSS / 10 + 1);
}

static void test_undo(void **state)
{
    (void)state;
    start(1000 * MSS);
    lose(TE_SIGNAL_LOSS);
    send_for(3 * S, 100000, 10 * MSS);
    const struct te_congestion before = cc;
    const union te_cc_state state_before = cc_state;
    congest(TE_SIGNAL_LOSS, true);
    cc.cwnd_bytes = cc.ssthresh_bytes;
    now_us += 200000;
    cc.ops->on_undo(&cc, &before, &state_before, now_us);
    cc.ops->on_recovered(&cc, now_us);
    assert_int_equal(cc.cwnd_bytes, before.cwnd_bytes);
    assert_int_equal(cc.ssthresh_bytes, before.ssthresh_bytes);
    assert_true(cubic->has_epoch);
    assert_int_equal(cubic->w_max_bytes, state_before.cubic.w_max_bytes);
    assert_int_equal(cubic->k_us, state_before.cubic.k_us);
    assert_int_equal(cubic->epoch_at_us, state_before.cubic.epoch_at_us);
    assert_int_equal(cubic->w_est_bytes, state_before.cubic.w_est_bytes);
    /* A window that has outgrown it stays. */
    congest(TE_SIGNAL_LOSS, true);
    uint32_t ssthresh = cc.ssthresh_bytes;
    cc.cwnd_bytes = before.cwnd_bytes + MSS;
    cc.ops->on_undo(&cc, &before, &state_before, now_us);
    assert_int_equal(cc.cwnd_bytes, before.cwnd_bytes + MSS);
    assert_int_equal(cc.ssthresh_bytes, ssthresh);
}

/* The ACK that began a recovery must not have begun an epoch of the old window. */
static void test_recovery_begins_no_epoch(void **state)
{
    (void)state;
    congest(TE_SIGNAL_LOSS, true);
    ack(MSS, 100000);
    cc.cwnd_bytes = cc.ssthresh_bytes;
    cc.ops->on_recovered(&cc, now_us);
    ack(MSS, 100000);
    double want = cbrt(30 / C);
    assert_true(fabs(cubic->k_us / 1e6 - want) < 0.01);
    struct te_ack_sample sample = sample_of(50 * MSS, 100000);
    uint32_t before = cc.cwnd_bytes;
    sample.is_in_recovery = true;
    cc.ops->on_ack(&cc, &sample);
    assert_int_equal(cc.cwnd_bytes, before);
}

static void test_window_never_overflows(void **state)
{
    (void)state;
    start(TE_CWND_MAX_BYTES - 100 * MSS);
    lose(TE_SIGNAL_LOSS);
    for (int i = 0; i < 200; i++) {
        now_us += 20 * S;
        ack(TE_CWND_MAX_BYTES, 20 * S);
        assert_in_range(cc.cwnd_bytes, 1, TE_CWND_MAX_BYTES);
        assert_in_range(cubic->w_est_bytes, 1, TE_CWND_MAX_BYTES);
    }
    assert_int_equal(cc.cwnd_bytes, TE_CWND_MAX_BYTES);
}

/* Table 1 of the RFC: at 1e-4 and 100 ms CUBIC holds 187 segments on average, Reno 120. */
static void test_response_to_rare_loss(void **state)
{
    (void)state;
    uint64_t delivered[2];
    const struct te_cc_ops *const ops[] = {&te_cc_reno, &te_cc_cubic};
    for (int i = 0; i < 2; i++) {
        cc_path_init(&path, ops[i], true);
        path.rate_bytes_per_s = 125000000;
        path.rtt_us = 100000;
        path.queue_bytes = 10000000;
        path.loss_per_million = 100;
        cc_path_run(&path, 30 * S);
        uint64_t before = path.delivered_bytes;
        cc_path_run(&path, 300 * S);
        delivered[i] = (path.delivered_bytes - before) / path.mss_bytes / 3000; /* an RTT */
    }
    assert_in_range(delivered[0], 90, 150);
    assert_in_range(delivered[1], 150, 240);
}

static void test_fills_a_path(void **state)
{
    (void)state;
    cc_path_init(&path, &te_cc_cubic, true);
    cc_path_run(&path, 2 * S);
    uint64_t before = path.delivered_bytes;
    cc_path_run(&path, 30 * S);
    assert_in_range(path.delivered_bytes - before, 370000000, 375100000);
    assert_int_equal(path.timeouts, 0);
    assert_string_equal(cc_path_text(&path, "hystart"), "off");
    assert_in_range(cc_path_value(&path, "w_max_bytes"), 300000, 600000);
    assert_in_range(cc_path_value(&path, "k_ms"), 1000, 8000);
}

/* HyStart++ leaves slow start before the queue, of ten bandwidth-delay products, overflows. */
static void test_hystart_avoids_the_overshoot(void **state)
{
    (void)state;
    cc_path_init(&path, &te_cc_cubic, true);
    path.queue_bytes = 2500000;
    path.is_paced = true;
    cc_path_run(&path, S);
    assert_int_equal(path.lost_bytes, 0);
    assert_string_equal(cc_path_text(&path, "hystart"), "off");
    cc_path_init(&path, &te_cc_cubic, false);
    path.queue_bytes = 2500000;
    path.is_paced = true;
    cc_path_run(&path, S);
    assert_true(path.lost_bytes > 500000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_curve),
        cmocka_unit_test(test_curve_far_away),
        cmocka_unit_test(test_k),
        cmocka_unit_test_setup(test_decrease_is_seven_tenths, setup),
        cmocka_unit_test_setup(test_marks, setup),
        cmocka_unit_test_setup(test_fast_convergence, setup),
        cmocka_unit_test_setup(test_window_follows_curve, setup),
        cmocka_unit_test_setup(test_growth_is_bounded, setup),
        cmocka_unit_test_setup(test_reno_friendly_region, setup),
        cmocka_unit_test_setup(test_tiny_windows_grow, setup),
        cmocka_unit_test_setup(test_application_stops_the_clock, setup),
        cmocka_unit_test_setup(test_pauses_are_not_counted_twice, setup),
        cmocka_unit_test_setup(test_restart_window, setup),
        cmocka_unit_test_setup(test_timeout, setup),
        cmocka_unit_test_setup(test_first_epoch_without_loss, setup),
        cmocka_unit_test_setup(test_undo, setup),
        cmocka_unit_test_setup(test_recovery_begins_no_epoch, setup),
        cmocka_unit_test_setup(test_window_never_overflows, setup),
        cmocka_unit_test(test_response_to_rare_loss),
        cmocka_unit_test(test_fills_a_path),
        cmocka_unit_test(test_hystart_avoids_the_overshoot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
