#include <string.h>

#include "support/cc_path.h"
#include "support/test.h"

/* The path of all tests, unless they say otherwise: 100 Mbit/s, 20 ms, a queue as large. The names
 * and the cases are of draft-ietf-ccwg-bbr-06, appendix A. */
#define S INT64_C(1000000)
#define RATE 12500000
#define RTT_US 20000
#define BDP 250000
#define MSS 1250u

static struct cc_path path;
static const struct te_cc_bbr_state *const bbr = &path.state.bbr;

static int setup(void **state)
{
    (void)state;
    cc_path_init(&path, &te_cc_bbr, false);
    return 0;
}

static bool is_state(const char *name)
{
    return strcmp(cc_path_text(&path, "state"), name) == 0;
}

/* Runs until the state is reached, in steps of a millisecond; fails after limit_us. */
static void run_until(const char *name, int64_t limit_us)
{
    int64_t end_us = path.now_us + limit_us;
    while (!is_state(name)) {
        assert_true(path.now_us < end_us);
        cc_path_run(&path, 1000);
    }
}

static void run_while(const char *name, int64_t limit_us)
{
    int64_t end_us = path.now_us + limit_us;
    while (is_state(name)) {
        assert_true(path.now_us < end_us);
        cc_path_run(&path, 1000);
    }
}

static uint64_t goodput(int64_t duration_us)
{
    uint64_t before = path.delivered_bytes;
    int64_t from_us = path.now_us;
    cc_path_run(&path, duration_us);
    return (path.delivered_bytes - before) * (uint64_t)S / (uint64_t)(path.now_us - from_us);
}

static void test_size(void **state)
{
    (void)state;
    assert_true(sizeof(struct te_cc_bbr_state) <= 320);
    assert_true(te_cc_bbr.owns_cwnd && te_cc_bbr.wants_pacing);
}

/* A.1: three rounds without 25 % more, and the bandwidth is known within 2 %. */
static void test_startup_ends_at_the_plateau(void **state)
{
    (void)state;
    assert_true(is_state("startup"));
    assert_int_equal(cc_path_value(&path, "pacing_gain_permille"), 2770);
    path.queue_bytes = 4 * BDP;
    run_while("startup", S);
    assert_int_equal(bbr->full_bw_count, 3);
    assert_true(bbr->full_bw_reached);
    assert_in_range(cc_path_value(&path, "max_bw_bytes_per_s"), RATE * 98ul / 100,
                    RATE * 102ul / 100);
    assert_int_equal(path.lost_bytes, 0);
    /* Doubling from ten segments to 200, and the three rounds that proved it. */
    assert_in_range(bbr->round_count, 7, 12);
}

/* A.3: paced at half of the bandwidth until the queue is gone. */
static void test_drain(void **state)
{
    (void)state;
    run_until("drain", S);
    assert_int_equal(cc_path_value(&path, "pacing_gain_permille"), 500);
    assert_true(path.flight_bytes > BDP * 5 / 4);
    int64_t from_us = path.now_us;
    run_while("drain", S);
    assert_true(path.flight_bytes <= BDP * 11 / 10);
    assert_true(path.now_us - from_us <= 4 * RTT_US);
    assert_true(is_state("probe-bw-down") || is_state("probe-bw-cruise"));
}

/* A.4: the bandwidth was overestimated, and the queue stands: three rounds are enough. */
static void test_drain_ends_by_rounds(void **state)
{
    (void)state;
    path.queue_bytes = 4 * BDP;
    run_until("drain", S);
    path.rate_bytes_per_s = RATE / 10;
    uint32_t from_round = bbr->round_count;
    run_while("drain", 5 * S);
    assert_in_range(bbr->round_count - from_round, 1, 4);
}

/* A.2: loss of more than 2 % in six places of a round ends Startup, even if the application limits.
 */
static void test_startup_ends_by_loss(void **state)
{
    (void)state;
    path.app_rate_bytes_per_s = RATE / 2;
    cc_path_run(&path, S / 2);
    assert_true(is_state("startup"));
    path.loss_per_million = 150000;
    run_while("startup", S);
    assert_true(bbr->full_bw_reached && bbr->full_bw_now);
    assert_true(cc_path_value(&path, "inflight_longterm_bytes") > 0);
}

/* A.7. */
static void test_startup_lasts_while_the_application_limits(void **state)
{
    (void)state;
    path.app_rate_bytes_per_s = RATE / 10;
    cc_path_run(&path, 4 * S);
    assert_true(is_state("startup"));
    assert_int_equal(path.lost_bytes, 0);
    assert_in_range(cc_path_value(&path, "max_bw_bytes_per_s"), 1, RATE / 2);
}

/* The cycle, its gains, and how long it takes: a probe every 63 rounds or 2 to 3 s. */
static void test_probe_bw_cycle(void **state)
{
    (void)state;
    run_until("probe-bw-cruise", S);
    assert_int_equal(cc_path_value(&path, "pacing_gain_permille"), 1000);
    for (int i = 0; i < 5; i++) {
        int64_t from_us = path.now_us;
        run_until("probe-bw-refill", 3 * S);
        assert_in_range(path.now_us - from_us, RTT_US * 50, 3 * S);
        run_until("probe-bw-up", 3 * RTT_US);
        assert_int_equal(cc_path_value(&path, "pacing_gain_permille"), 1250);
        assert_int_equal(cc_path_value(&path, "cwnd_gain_permille"), 2250);
        run_until("probe-bw-down", 10 * RTT_US);
        assert_int_equal(cc_path_value(&path, "pacing_gain_permille"), 900);
        run_until("probe-bw-cruise", 10 * RTT_US);
        assert_true(path.flight_bytes <= BDP * 11 / 10);
        if (bbr->probe_rtt_min_at_us + 4 * S < path.now_us)
            break; /* ProbeRTT would come in between */
    }
    assert_int_equal(path.timeouts, 0);
}

/* Nearly all of the bandwidth, with no standing queue. */
static void test_high_throughput_low_delay(void **state)
{
    (void)state;
    cc_path_run(&path, S);
    path.queue_max_us = 0;
    assert_in_range(goodput(20 * S), RATE * 96ul / 100, RATE);
    assert_in_range(path.srtt_us, RTT_US, RTT_US * 3 / 2);
    assert_true(path.queue_max_us < RTT_US);
    assert_int_equal(path.timeouts, 0);
}

/* Random loss under 2 % costs little; that is what sets BBR apart. */
static void test_random_loss_below_the_threshold(void **state)
{
    (void)state;
    path.loss_per_million = 10000;
    cc_path_run(&path, S);
    assert_in_range(goodput(20 * S), RATE * 7ul / 10, RATE);
}

/* A queue of a twentieth: the volume that it holds becomes the bound, and loss is rare. */
static void test_shallow_queue_sets_inflight_longterm(void **state)
{
    (void)state;
    path.queue_bytes = BDP / 20;
    cc_path_run(&path, 10 * S);
    int64_t longterm = cc_path_value(&path, "inflight_longterm_bytes");
    assert_in_range(longterm, BDP * 7 / 10, BDP * 13 / 10);
    uint64_t lost = path.lost_bytes;
    assert_in_range(goodput(20 * S), RATE * 8ul / 10, RATE);
    assert_true(path.lost_bytes - lost < RATE * 20ul / 50); /* 2 % */
}

/* A probe that lost too much ends at once, and sets the bound. */
static void test_loss_ends_a_probe(void **state)
{
    (void)state;
    run_until("probe-bw-up", 5 * S);
    assert_int_equal(cc_path_value(&path, "inflight_longterm_bytes"), -1);
    path.loss_per_million = 200000;
    run_until("probe-bw-down", 3 * RTT_US);
    assert_true(bbr->prev_probe_too_high);
    assert_in_range(cc_path_value(&path, "inflight_longterm_bytes"), BDP / 2, BDP * 2);
}

static void lose(uint32_t in_flight, uint32_t lost, uint32_t length, bool has_sack)
{
    const struct te_loss_sample loss = {
        .prior_delivered_bytes = path.delivered_bytes,
        .delivered_total_bytes = path.delivered_bytes,
        .tx_in_flight_bytes = in_flight,
        .lost_bytes = lost,
        .length_bytes = length,
        .has_sack = has_sack,
    };
    te_cc_bbr.on_lost(&path.cc, &loss);
}

/* By the next ACK. With so little in flight yet, DOWN is over at once. */
static void expect_probe_ended(void)
{
    cc_path_run(&path, 1000);
    assert_true(bbr->prev_probe_too_high);
    assert_true(is_state("probe-bw-down") || is_state("probe-bw-cruise"));
}

/* 5.5.10.2: the volume is that of the lost record's sending, up to where LossThresh was crossed
 * within it: (0.02 * 296 - 3) / 0.98 = 2.98 segments. */
static void test_lost_record_tells_what_was_too_much(void **state)
{
    (void)state;
    run_until("probe-bw-up", 5 * S);
    lose(300 * MSS, 6 * MSS, MSS, true); /* 2 %, and no more */
    cc_path_run(&path, 1000);
    assert_true(is_state("probe-bw-up"));
    lose(300 * MSS, 7 * MSS, 4 * MSS, true);
    lose(250 * MSS, 8 * MSS, MSS, true); /* one answer a probe */
    assert_true(is_state("probe-bw-up"));
    assert_int_equal(cc_path_value(&path, "inflight_longterm_bytes"), -1);
    expect_probe_ended();
    assert_in_range(cc_path_value(&path, "inflight_longterm_bytes"), 29897 * MSS / 100,
                    29898 * MSS / 100);
}

/* A sender that had too little to send does not learn the path's volume from it. */
static void test_lost_record_of_a_limited_sender(void **state)
{
    (void)state;
    run_until("probe-bw-up", 5 * S);
    path.state.bbr.app_limited_until_bytes = path.delivered_bytes + 1;
    lose(300 * MSS, 7 * MSS, MSS, true);
    expect_probe_ended();
    assert_int_equal(cc_path_value(&path, "inflight_longterm_bytes"), -1);
}

/* 5.5.10.2, 5.3.1.3: without SACK, one loss is all that a round trip can show. */
static void test_one_loss_is_enough_without_sack(void **state)
{
    (void)state;
    path.is_without_sack = true;
    run_until("probe-bw-up", 5 * S);
    lose(300 * MSS, MSS, MSS, false);
    expect_probe_ended();
    assert_int_equal(cc_path_value(&path, "inflight_longterm_bytes"), 300 * MSS);
}

static void test_one_loss_ends_startup_without_sack(void **state)
{
    for (int i = 0; i < 2; i++) {
        setup(state);
        path.is_without_sack = i == 1;
        cc_path_run(&path, 60000);
        path.loss_per_million = 1000000;
        cc_path_run(&path, 100);
        path.loss_per_million = 0;
        cc_path_run(&path, RTT_US + 5000);
        assert_int_equal(bbr->loss_events_in_round, 1);
        assert_int_equal(is_state("startup"), i == 0);
        assert_true(bbr->full_bw_count < 3);
    }
}

/* What waited for the next ACK is forgotten with the recovery that it would have belonged to. */
static void test_undo_before_the_answer(void **state)
{
    (void)state;
    run_until("probe-bw-up", 5 * S);
    const struct te_congestion before = path.cc;
    const union te_cc_state state_before = path.state;
    lose(300 * MSS, 30 * MSS, MSS, true);
    te_cc_bbr.on_undo(&path.cc, &before, &state_before, path.now_us);
    cc_path_run(&path, 1000);
    assert_true(is_state("probe-bw-up"));
}

/* Loss while cruising takes bw_shortterm down to what was delivered, by 0.7 a round at most; the
 * next probe forgets it. */
static void test_loss_while_cruising(void **state)
{
    (void)state;
    run_until("probe-bw-cruise", S);
    cc_path_run(&path, 3 * RTT_US);
    assert_true(is_state("probe-bw-cruise"));
    path.rate_bytes_per_s = RATE / 2;
    path.queue_bytes = BDP / 4;
    int64_t before = cc_path_value(&path, "bw_bytes_per_s");
    cc_path_run(&path, 2 * RTT_US);
    assert_true(is_state("probe-bw-cruise"));
    int64_t after = cc_path_value(&path, "bw_bytes_per_s");
    assert_in_range(after, before * 69 / 100, before);
    cc_path_run(&path, 6 * RTT_US);
    assert_true(is_state("probe-bw-cruise"));
    assert_in_range(cc_path_value(&path, "bw_bytes_per_s"), RATE * 45 / 100, RATE * 60 / 100);
    assert_true(cc_path_value(&path, "inflight_shortterm_bytes") > 0);
    run_until("probe-bw-refill", 3 * S);
    assert_int_equal(cc_path_value(&path, "bw_shortterm_bytes_per_s"), -1);
    assert_int_equal(cc_path_value(&path, "inflight_shortterm_bytes"), -1);
}

/* A.10: every 5 s without a lower RTT, for 200 ms, with half of the BDP. */
static void test_probe_rtt(void **state)
{
    (void)state;
    cc_path_run(&path, S);
    run_until("probe-rtt", 6 * S);
    int64_t from_us = path.now_us;
    assert_int_equal(cc_path_value(&path, "cwnd_gain_permille"), 500);
    cc_path_run(&path, 100000);
    assert_true(is_state("probe-rtt"));
    assert_in_range(path.cc.cwnd_bytes, BDP * 45 / 100, BDP * 55 / 100);
    assert_true(path.flight_bytes <= path.cc.cwnd_bytes);
    run_while("probe-rtt", S);
    assert_in_range(path.now_us - from_us, 200000, 300000);
    assert_true(is_state("probe-bw-cruise"));
    assert_true(path.cc.cwnd_bytes > BDP * 3 / 2); /* restored */
    int64_t left_us = path.now_us;
    run_until("probe-rtt", 6 * S);
    assert_in_range(path.now_us - left_us, 5 * S - 300000, 5 * S + 300000);
    run_while("probe-rtt", S);
    assert_in_range(cc_path_value(&path, "max_bw_bytes_per_s"), RATE * 98ul / 100,
                    RATE * 102ul / 100);
}

/* A longer path is believed once the filter of 10 s is over. */
static void test_min_rtt_follows_the_path_up(void **state)
{
    (void)state;
    cc_path_run(&path, 3 * S);
    assert_in_range(cc_path_value(&path, "min_rtt_us"), RTT_US, RTT_US + 500);
    path.rtt_us = 2 * RTT_US;
    cc_path_run(&path, 14 * S);
    assert_in_range(cc_path_value(&path, "min_rtt_us"), 2 * RTT_US, 2 * RTT_US + 2000);
    assert_in_range(goodput(5 * S), RATE * 9ul / 10, RATE);
    path.rtt_us = RTT_US;
    cc_path_run(&path, S / 5);
    assert_in_range(cc_path_value(&path, "min_rtt_us"), RTT_US, RTT_US + 2000);
}

/* A.11: silence is as good as ProbeRTT. */
static void test_idle_restart(void **state)
{
    (void)state;
    run_until("probe-bw-cruise", S);
    uint32_t cwnd = path.cc.cwnd_bytes;
    cc_path_idle(&path, 8 * S);
    assert_int_equal(path.flight_bytes, 0);
    assert_true(bbr->idle_restart);
    assert_int_equal(path.cc.cwnd_bytes, cwnd);
    assert_in_range(path.cc.ops->pacing_rate(&path.cc), RATE * 97ul / 100, RATE * 101ul / 100);
    for (int i = 0; i < 100; i++) {
        cc_path_run(&path, 10000);
        assert_false(is_state("probe-rtt"));
    }
    assert_false(bbr->idle_restart);
    assert_in_range(goodput(S), RATE * 9ul / 10, RATE);
}

/* A.14: less than a packet of BDP. */
static void test_tiny_path(void **state)
{
    (void)state;
    path.rate_bytes_per_s = 12500; /* 100 kbit/s */
    path.rtt_us = 5000;
    path.queue_bytes = 20000;
    cc_path_run(&path, 20 * S);
    for (int i = 0; i < 300; i++) {
        cc_path_run(&path, 100000);
        assert_true(path.cc.cwnd_bytes >= 4 * MSS);
    }
    assert_in_range(goodput(20 * S), 11000, 12500);
}

/* A.15 and A.16. */
static void test_bandwidth_changes(void **state)
{
    (void)state;
    cc_path_run(&path, 3 * S);
    path.rate_bytes_per_s = 10 * RATE;
    path.queue_bytes = 10 * BDP;
    cc_path_run(&path, 15 * S);
    assert_in_range(goodput(5 * S), RATE * 9ul, RATE * 10ul);
    path.rate_bytes_per_s = RATE;
    path.queue_bytes = BDP;
    cc_path_run(&path, 15 * S);
    assert_in_range(cc_path_value(&path, "bw_bytes_per_s"), RATE * 9ul / 10, RATE * 11ul / 10);
    assert_in_range(goodput(5 * S), RATE * 9ul / 10, RATE);
}

/* 5.6.4.4: one segment, then no less than four, then what was before. */
static void test_timeout(void **state)
{
    (void)state;
    run_until("probe-bw-cruise", S);
    uint32_t cwnd = path.cc.cwnd_bytes;
    const struct te_congestion_event event = {
        .signal = TE_SIGNAL_TIMEOUT,
        .now_us = path.now_us,
        .flight_bytes = path.flight_bytes,
        .validated_bytes = path.flight_bytes,
        .mss_bytes = MSS,
        .delivered_total_bytes = path.delivered_bytes,
        .is_first = true,
    };
    te_cc_bbr.on_congestion(&path.cc, &event);
    assert_int_equal(path.cc.cwnd_bytes, MSS);
    struct te_ack_sample sample = {
        .now_us = path.now_us + RTT_US,
        .acked_bytes = MSS,
        .delivered_bytes = MSS,
        .delivered_total_bytes = path.delivered_bytes + MSS,
        .mss_bytes = MSS,
        .is_in_loss = true,
    };
    te_cc_bbr.on_ack(&path.cc, &sample);
    assert_int_equal(path.cc.cwnd_bytes, 4 * MSS);
    te_cc_bbr.on_recovered(&path.cc, path.now_us);
    assert_int_equal(path.cc.cwnd_bytes, cwnd);
}

/* A.18: the loss that ended Startup was none. */
static void test_undo_returns_to_startup(void **state)
{
    (void)state;
    cc_path_run(&path, 60000);
    assert_true(is_state("startup"));
    const struct te_congestion before = path.cc;
    const union te_cc_state state_before = path.state;
    path.loss_per_million = 150000;
    run_while("startup", S);
    assert_int_equal(bbr->undo_state, TE_BBR_STARTUP);
    path.loss_per_million = 0;
    te_cc_bbr.on_undo(&path.cc, &before, &state_before, path.now_us);
    assert_true(is_state("startup"));
    assert_false(bbr->full_bw_reached);
    assert_int_equal(cc_path_value(&path, "inflight_longterm_bytes"), -1);
    assert_true(path.cc.cwnd_bytes >= before.cwnd_bytes);
}

/* A mark bounds the rate like a loss. */
static void test_marks(void **state)
{
    (void)state;
    run_until("probe-bw-cruise", S);
    const struct te_congestion_event event = {
        .signal = TE_SIGNAL_ECN,
        .now_us = path.now_us,
        .flight_bytes = path.flight_bytes,
        .mss_bytes = MSS,
        .delivered_total_bytes = path.delivered_bytes,
    };
    te_cc_bbr.on_congestion(&path.cc, &event);
    cc_path_run(&path, 3 * RTT_US);
    assert_true(cc_path_value(&path, "bw_shortterm_bytes_per_s") > 0);
    assert_true(cc_path_value(&path, "inflight_shortterm_bytes") > 0);
    run_until("probe-bw-up", 5 * S);
    te_cc_bbr.on_congestion(&path.cc, &event);
    assert_true(is_state("probe-bw-down"));
    assert_true(cc_path_value(&path, "inflight_longterm_bytes") > 0);
}

/* Samples that cannot be: of all bytes at once, of no time, of enormous counts. Nothing overflows,
 * and the window stays within its bounds. */
static void test_absurd_samples(void **state)
{
    (void)state;
    uint32_t seed = 7;
    uint64_t delivered = 0;
    for (int i = 0; i < 200000; i++) {
        seed = seed * 1664525u + 1013904223u;
        uint32_t big = (seed & 64) ? UINT32_MAX : 100000;
        delivered += seed % 3 == 0 ? big : MSS;
        struct te_ack_sample sample = {
            .now_us = path.now_us += (seed >> 8) % 50000,
            .rtt_us = (seed & 128) ? (seed >> 4) : 1,
            .srtt_us = 1 + (seed >> 8),
            .delivered_total_bytes = delivered,
            .lost_total_bytes = delivered / 3,
            .acked_bytes = seed >> 3,
            .delivered_bytes = seed >> 2,
            .lost_bytes = (seed & 256) ? seed >> 1 : 0,
            .flight_bytes = seed >> 5,
            .mss_bytes = MSS,
            .is_cwnd_limited = seed & 512,
            .is_in_recovery = seed & 1024,
        };
        sample.rate = (struct te_rate_sample){
            .prior_delivered_bytes = delivered - (delivered < big ? delivered : big),
            .delivered_bytes = big,
            .lost_bytes = sample.lost_bytes,
            .tx_in_flight_bytes = seed >> 7,
            .interval_us = (seed >> 9) % 3 == 0 ? 0 : seed >> 12,
        };
        const struct te_loss_sample loss = {
            .delivered_total_bytes = delivered,
            .tx_in_flight_bytes = seed >> 6,
            .lost_bytes = seed >> 8,
            .length_bytes = seed >> 9,
            .has_sack = seed & 2048,
        };
        if (sample.lost_bytes > 0)
            te_cc_bbr.on_lost(&path.cc, &loss);
        te_cc_bbr.on_ack(&path.cc, &sample);
        assert_in_range(path.cc.cwnd_bytes, 4 * MSS, TE_CWND_MAX_BYTES);
        assert_true(path.cc.ops->pacing_rate(&path.cc) < UINT64_C(1) << 40);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_size),
        cmocka_unit_test_setup(test_startup_ends_at_the_plateau, setup),
        cmocka_unit_test_setup(test_drain, setup),
        cmocka_unit_test_setup(test_drain_ends_by_rounds, setup),
        cmocka_unit_test_setup(test_startup_ends_by_loss, setup),
        cmocka_unit_test_setup(test_startup_lasts_while_the_application_limits, setup),
        cmocka_unit_test_setup(test_probe_bw_cycle, setup),
        cmocka_unit_test_setup(test_high_throughput_low_delay, setup),
        cmocka_unit_test_setup(test_random_loss_below_the_threshold, setup),
        cmocka_unit_test_setup(test_shallow_queue_sets_inflight_longterm, setup),
        cmocka_unit_test_setup(test_loss_ends_a_probe, setup),
        cmocka_unit_test_setup(test_lost_record_tells_what_was_too_much, setup),
        cmocka_unit_test_setup(test_lost_record_of_a_limited_sender, setup),
        cmocka_unit_test_setup(test_one_loss_is_enough_without_sack, setup),
        cmocka_unit_test_setup(test_one_loss_ends_startup_without_sack, setup),
        cmocka_unit_test_setup(test_undo_before_the_answer, setup),
        cmocka_unit_test_setup(test_loss_while_cruising, setup),
        cmocka_unit_test_setup(test_probe_rtt, setup),
        cmocka_unit_test_setup(test_min_rtt_follows_the_path_up, setup),
        cmocka_unit_test_setup(test_idle_restart, setup),
        cmocka_unit_test_setup(test_tiny_path, setup),
        cmocka_unit_test_setup(test_bandwidth_changes, setup),
        cmocka_unit_test_setup(test_timeout, setup),
        cmocka_unit_test_setup(test_undo_returns_to_startup, setup),
        cmocka_unit_test_setup(test_marks, setup),
        cmocka_unit_test_setup(test_absurd_samples, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
