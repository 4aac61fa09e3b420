/* The parts of BBR that need no path: the model's arithmetic, the rounds, the bounds. Numbers are
 * of a path of 10 MB/s and 20 ms: 200,000 bytes. */
#include <string.h>

#include "support/test.h"
#include "tcp/cc/cc_bbr_parts.h"
#include "units.h"
#include "util/codec.h"

#define MSS 1000u
#define RATE 10000000u
#define RTT (20 * MS)
#define BDP 200000u
#define IW 10000u

static struct te_congestion cc;
static union te_cc_state cc_state;
static struct te_cc_bbr_state *const bbr = &cc_state.bbr;
static struct te_ack_sample sample;

static int setup(void **state)
{
    (void)state;
    memset(&cc_state, 0, sizeof(cc_state));
    cc = (struct te_congestion){.ops = &te_cc_bbr, .cwnd_bytes = IW, .state = &cc_state};
    const struct te_cc_start start = {
        .now_us = SECOND,
        .mss_bytes = MSS,
        .initial_cwnd_bytes = IW,
        .snd_nxt = 1,
    };
    te_cc_bbr.start(&cc, &start);
    sample =
        (struct te_ack_sample){.now_us = SECOND, .rtt_us = RTT, .mss_bytes = MSS, .has_sack = true};
    return 0;
}

/* The path is known, and bandwidth is not searched any more. */
static void know_the_path(enum te_bbr_state state)
{
    bbr->max_bw_filter[0] = RATE;
    bbr->min_rtt_us = RTT;
    bbr->full_bw_reached = true;
    bbr->state = (uint8_t)state;
}

static struct te_bbr_ack ack_of(uint32_t delivered_bytes, int64_t interval_us)
{
    sample.rate.delivered_bytes = delivered_bytes;
    sample.rate.interval_us = interval_us;
    return te_bbr_ack_of(bbr, &sample);
}

/* --- the model -------------------------------------------------------------------------------- */

static void test_start(void **state)
{
    (void)state;
    assert_int_equal(bbr->state, TE_BBR_STARTUP);
    assert_int_equal(te_bbr_max_bw(bbr), 0);
    assert_int_equal(bbr->min_rtt_us, TE_BBR_RTT_INFINITE);
    assert_true(bbr->bw_shortterm == TE_BBR_BW_INFINITE);
    assert_int_equal(bbr->inflight_longterm_bytes, TE_BBR_INFLIGHT_INFINITE);
    assert_int_equal(bbr->inflight_shortterm_bytes, TE_BBR_INFLIGHT_INFINITE);
    assert_int_equal(bbr->pacing_rate, IW * 1000u * 277 / 100); /* the window in 1 ms */
    assert_true(te_bbr_is_probing_bw(bbr));
    assert_false(te_bbr_is_probe_bw(bbr));
}

static void test_bandwidth_is_the_larger_slot_within_the_bound(void **state)
{
    (void)state;
    bbr->max_bw_filter[0] = 5;
    bbr->max_bw_filter[1] = 7;
    assert_int_equal(te_bbr_max_bw(bbr), 7);
    assert_int_equal(te_bbr_bw(bbr), 7);
    bbr->max_bw_filter[0] = 9;
    assert_int_equal(te_bbr_max_bw(bbr), 9);
    bbr->bw_shortterm = 6;
    assert_int_equal(te_bbr_bw(bbr), 6);
    te_bbr_reset_shortterm_model(bbr);
    assert_int_equal(te_bbr_bw(bbr), 9);
}

static void test_delivery_rate(void **state)
{
    (void)state;
    assert_int_equal(ack_of(BDP, RTT).delivery_rate, RATE);
    assert_int_equal(ack_of(BDP, 0).delivery_rate, 0); /* no sample */
    assert_true(ack_of(UINT32_MAX, 1).delivery_rate <= UINT64_C(1) << 38);
    bbr->min_rtt_us = RTT;
    sample.rtt_us = 0;
    assert_int_equal(ack_of(BDP, RTT).delivery_rate, RATE);
    assert_int_equal(ack_of(BDP, RTT - 1).delivery_rate, 0); /* quicker than the path */
    sample.rtt_us = RTT / 2; /* unless the path has become that quick */
    assert_int_equal(ack_of(BDP / 2, RTT / 2).delivery_rate, RATE);
}

static void test_application_limited_samples(void **state)
{
    (void)state;
    assert_false(ack_of(BDP, RTT).is_app_limited);
    sample.rate.is_app_limited = true;
    assert_true(ack_of(BDP, RTT).is_app_limited);
    sample.rate.is_app_limited = false;
    bbr->app_limited_until_bytes = 1000; /* ProbeRTT held it back until then */
    sample.rate.prior_delivered_bytes = 999;
    assert_true(ack_of(BDP, RTT).is_app_limited);
    sample.rate.prior_delivered_bytes = 1000;
    assert_false(ack_of(BDP, RTT).is_app_limited);
}

/* 5.5.1: a round ends when something sent in it is delivered. */
static void test_rounds(void **state)
{
    (void)state;
    te_bbr_start_round(bbr, 5000);
    sample.delivered_total_bytes = 6000;
    sample.rate.prior_delivered_bytes = 4999;
    struct te_bbr_ack rs = ack_of(1000, RTT);
    te_bbr_update_congestion_signals(&cc, &rs);
    assert_false(bbr->is_round_start);
    assert_int_equal(bbr->round_count, 0);
    sample.rate.prior_delivered_bytes = 5000;
    rs = ack_of(1000, RTT);
    te_bbr_update_congestion_signals(&cc, &rs);
    assert_true(bbr->is_round_start);
    assert_int_equal(bbr->round_count, 1);
    assert_int_equal(bbr->next_round_delivered_bytes, 6000);
}

/* 5.5.5: a sample that the application limited counts only when it shows more. */
static void test_max_bw_takes_limited_samples_upwards_only(void **state)
{
    (void)state;
    know_the_path(TE_BBR_PROBE_BW_CRUISE);
    sample.rate.is_app_limited = true;
    struct te_bbr_ack rs = ack_of(BDP / 2, RTT);
    bbr->max_bw_filter[0] = 0;
    bbr->max_bw_filter[1] = RATE;
    te_bbr_update_congestion_signals(&cc, &rs);
    assert_int_equal(bbr->max_bw_filter[0], 0);
    rs = ack_of(2 * BDP, RTT);
    te_bbr_update_congestion_signals(&cc, &rs);
    assert_int_equal(te_bbr_max_bw(bbr), 2 * RATE);
}

/* 5.5.10.3: once per round with loss the bounds come down by Beta, not below what was delivered. */
static void test_lower_bounds(void **state)
{
    (void)state;
    know_the_path(TE_BBR_PROBE_BW_CRUISE);
    cc.cwnd_bytes = 2 * BDP;
    bbr->is_loss_in_round = bbr->is_loss_round_start = true;
    struct te_bbr_ack rs = ack_of(0, 0);
    te_bbr_update_congestion_signals(&cc, &rs);
    assert_int_equal(bbr->bw_shortterm, RATE / 10 * 7);
    assert_int_equal(bbr->inflight_shortterm_bytes, 2 * BDP / 10 * 7);
    assert_false(bbr->is_loss_in_round);
    te_bbr_update_congestion_signals(&cc, &rs); /* no loss in this one */
    assert_int_equal(bbr->bw_shortterm, RATE / 10 * 7);
    bbr->is_loss_in_round = true;
    bbr->bw_latest = RATE / 10 * 6; /* more than 0.7 * 0.7 */
    bbr->inflight_latest_bytes = BDP;
    te_bbr_update_congestion_signals(&cc, &rs);
    assert_int_equal(bbr->bw_shortterm, RATE / 10 * 6);
    assert_int_equal(bbr->inflight_shortterm_bytes, BDP);
}

static void test_no_lower_bounds_while_probing(void **state)
{
    static const enum te_bbr_state probing[] = {TE_BBR_STARTUP, TE_BBR_PROBE_BW_REFILL,
                                                TE_BBR_PROBE_BW_UP};
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        setup(NULL);
        know_the_path(probing[i]);
        bbr->is_loss_in_round = bbr->is_loss_round_start = true;
        struct te_bbr_ack rs = ack_of(0, 0);
        te_bbr_update_congestion_signals(&cc, &rs);
        assert_true(bbr->bw_shortterm == TE_BBR_BW_INFINITE);
        assert_int_equal(bbr->inflight_shortterm_bytes, TE_BBR_INFLIGHT_INFINITE);
    }
}

/* LossThresh, 2 %; without SACK one loss is all that can be seen. */
static void test_loss_threshold(void **state)
{
    (void)state;
    assert_false(te_bbr_is_loss_too_high(0, 0, true));
    assert_false(te_bbr_is_loss_too_high(2000, 100000, true));
    assert_true(te_bbr_is_loss_too_high(2001, 100000, true));
    assert_false(te_bbr_is_loss_too_high(0, 100000, false));
    assert_true(te_bbr_is_loss_too_high(1, 100000, false));
}

/* The first loss of a round, not the last, says where the round that is judged begins. */
static void test_loss_begins_a_round(void **state)
{
    (void)state;
    te_bbr_note_loss(bbr, 1000);
    te_bbr_note_loss(bbr, 2000);
    assert_true(bbr->is_loss_in_round);
    assert_int_equal(bbr->loss_round_delivered_bytes, 1000);
}

/* 5.5.9: what comes at once beyond what the bandwidth explains, within cwnd. */
static void test_aggregation(void **state)
{
    (void)state;
    know_the_path(TE_BBR_PROBE_BW_CRUISE);
    cc.cwnd_bytes = BDP;
    sample.now_us = 2 * SECOND;
    sample.delivered_bytes = 30000;
    struct te_bbr_ack rs = ack_of(BDP, RTT);
    te_bbr_update_aggregation(&cc, &rs);
    assert_int_equal(bbr->extra_acked_bytes[0], 30000); /* an interval begins with it */
    sample.now_us += MS;                                /* 10,000 bytes are expected of it */
    te_bbr_update_aggregation(&cc, &rs);
    assert_int_equal(bbr->extra_acked_bytes[0], 50000);
    sample.delivered_bytes = TE_CWND_MAX_BYTES;
    te_bbr_update_aggregation(&cc, &rs);
    assert_int_equal(bbr->extra_acked_bytes[0], BDP);
}

/* --- Startup and Drain ------------------------------------------------------------------------ */

static void end_round(uint64_t rate)
{
    struct te_bbr_ack rs = {.ack = &sample, .delivery_rate = rate};
    bbr->is_round_start = true;
    te_bbr_check_full_bw_reached(bbr, &rs);
}

/* 5.3.1.2: three rounds in a row without 25 % more. */
static void test_plateau(void **state)
{
    (void)state;
    end_round(1000);
    end_round(1250);
    assert_int_equal(bbr->full_bw_count, 0);
    end_round(1562); /* 1,250 * 1.25, rounded down */
    assert_int_equal(bbr->full_bw, 1562);
    end_round(1900);
    end_round(1900);
    assert_false(bbr->full_bw_reached);
    end_round(3000); /* once more */
    end_round(3749);
    end_round(3000);
    assert_false(bbr->full_bw_reached);
    end_round(3000);
    assert_true(bbr->full_bw_reached && bbr->full_bw_now);
}

/* Neither ACKs within a round nor rounds that the application limited count. */
static void test_plateau_is_by_rounds(void **state)
{
    (void)state;
    end_round(1000);
    struct te_bbr_ack rs = {.ack = &sample, .delivery_rate = 1000};
    bbr->is_round_start = false;
    for (unsigned i = 0; i < 10; i++)
        te_bbr_check_full_bw_reached(bbr, &rs);
    bbr->is_round_start = true;
    rs.is_app_limited = true;
    for (unsigned i = 0; i < 10; i++)
        te_bbr_check_full_bw_reached(bbr, &rs);
    assert_int_equal(bbr->full_bw_count, 0);
}

/* 5.3.1.3: six separate losses in a round, and more than LossThresh of it. */
static void test_startup_ends_by_loss(void **state)
{
    (void)state;
    for (unsigned events = 5; events <= 6; events++) {
        setup(NULL);
        bbr->loss_events_in_round = (uint8_t)events;
        bbr->is_loss_round_start = true;
        bbr->inflight_latest_bytes = 54321;
        sample.is_in_recovery = true;
        sample.rate.lost_bytes = 6000;
        sample.rate.tx_in_flight_bytes = 100000;
        struct te_bbr_ack rs = ack_of(BDP, RTT);
        te_bbr_check_startup_done(bbr, &rs);
        assert_int_equal(bbr->state, events == 6 ? TE_BBR_DRAIN : TE_BBR_STARTUP);
        assert_int_equal(bbr->inflight_longterm_bytes,
                         events == 6 ? 54321 : TE_BBR_INFLIGHT_INFINITE);
    }
}

static void test_drain_ends_when_drained_or_by_rounds(void **state)
{
    (void)state;
    for (unsigned rounds = 3; rounds <= 4; rounds++) {
        know_the_path(TE_BBR_DRAIN);
        bbr->drain_start_round = 10;
        bbr->round_count = 10 + rounds;
        sample.flight_bytes = 2 * BDP;
        struct te_bbr_ack rs = ack_of(BDP, RTT);
        te_bbr_check_drain_done(&cc, &rs);
        assert_int_equal(bbr->state, rounds == 4 ? TE_BBR_PROBE_BW_DOWN : TE_BBR_DRAIN);
    }
    know_the_path(TE_BBR_DRAIN);
    bbr->round_count = bbr->drain_start_round;
    sample.flight_bytes = BDP;
    struct te_bbr_ack rs = ack_of(BDP, RTT);
    te_bbr_check_drain_done(&cc, &rs);
    assert_int_equal(bbr->state, TE_BBR_PROBE_BW_DOWN);
}

/* --- control ---------------------------------------------------------------------------------- */

/* Section 5.6.1 and 2.4 of the draft, in percent. */
static void test_gains(void **state)
{
    static const struct {
        enum te_bbr_state state;
        uint32_t pacing, cwnd;
    } rows[] = {
        {TE_BBR_STARTUP, 277, 200},         {TE_BBR_DRAIN, 50, 200},
        {TE_BBR_PROBE_BW_DOWN, 90, 200},    {TE_BBR_PROBE_BW_CRUISE, 100, 200},
        {TE_BBR_PROBE_BW_REFILL, 100, 200}, {TE_BBR_PROBE_BW_UP, 125, 225},
        {TE_BBR_PROBE_RTT, 100, 50},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bbr->state = (uint8_t)rows[i].state;
        assert_int_equal(te_bbr_pacing_gain_percent(bbr), rows[i].pacing);
        assert_int_equal(te_bbr_cwnd_gain_percent(bbr), rows[i].cwnd);
    }
}

static void test_bdp(void **state)
{
    (void)state;
    assert_int_equal(te_bbr_bdp_multiple(bbr, RATE, 100), IW); /* no RTT yet */
    bbr->min_rtt_us = RTT;
    assert_int_equal(te_bbr_bdp_multiple(bbr, RATE, 100), BDP);
    assert_int_equal(te_bbr_bdp_multiple(bbr, RATE, 225), BDP / 100 * 225);
    assert_int_equal(te_bbr_bdp_multiple(bbr, 0, 100), 0);
    bbr->min_rtt_us = 1 << 25;
    assert_int_equal(te_bbr_bdp_multiple(bbr, UINT64_C(1) << 38, 200), TE_CWND_MAX_BYTES);
}

/* 5.5.8.1, 5.6.4.2: not below three quanta, nor four segments; two segments more in UP. */
static void test_inflight_has_room_for_offload(void **state)
{
    (void)state;
    know_the_path(TE_BBR_PROBE_BW_CRUISE);
    bbr->pacing_rate = RATE;
    assert_int_equal(te_bbr_inflight(bbr, RATE, 100), BDP);
    assert_int_equal(te_bbr_inflight(bbr, 1000, 100), 3 * RATE / 1000);
    bbr->pacing_rate = 1000;
    assert_int_equal(te_bbr_inflight(bbr, 1000, 100), 3 * 2 * MSS);
    assert_int_equal(te_bbr_min_pipe_cwnd(bbr), 4 * MSS);
    bbr->pacing_rate = UINT64_C(1) << 40;
    assert_int_equal(te_bbr_inflight(bbr, 1000, 100), 3 * 65536);
    bbr->pacing_rate = RATE;
    bbr->state = TE_BBR_PROBE_BW_UP;
    assert_int_equal(te_bbr_inflight(bbr, RATE, 100), BDP + 2 * MSS);
}

/* 15 % of inflight_longterm is left to others, one segment at least. */
static void test_headroom(void **state)
{
    (void)state;
    assert_int_equal(te_bbr_inflight_with_headroom(bbr), TE_BBR_INFLIGHT_INFINITE);
    bbr->inflight_longterm_bytes = 100 * MSS;
    assert_int_equal(te_bbr_inflight_with_headroom(bbr), 85 * MSS);
    bbr->inflight_longterm_bytes = 6 * MSS;
    assert_int_equal(te_bbr_inflight_with_headroom(bbr), 5 * MSS);
    bbr->inflight_longterm_bytes = 3 * MSS;
    assert_int_equal(te_bbr_inflight_with_headroom(bbr), 4 * MSS);
}

/* 5.6.2: 1 % below the bandwidth; never down before the pipe is full. */
static void test_pacing_rate(void **state)
{
    (void)state;
    bbr->max_bw_filter[0] = 1000000;
    bbr->pacing_rate = 2000000;
    te_bbr_set_pacing_rate(bbr, 100);
    assert_int_equal(bbr->pacing_rate, 2000000);
    te_bbr_set_pacing_rate(bbr, 277);
    assert_int_equal(bbr->pacing_rate, 2770000 / 100 * 99);
    bbr->full_bw_reached = true;
    te_bbr_set_pacing_rate(bbr, 100);
    assert_int_equal(bbr->pacing_rate, 990000);
    te_bbr_init_pacing_rate(bbr, RTT);
    assert_int_equal(bbr->pacing_rate, IW * 50u * 277 / 100);
    assert_true(bbr->has_seen_rtt);
}

/* 5.6.4.4: the best cwnd of a recovery, or of before it, comes back. */
static void test_cwnd_is_saved_and_restored(void **state)
{
    (void)state;
    cc.cwnd_bytes = 50000;
    te_bbr_save_cwnd(&cc);
    cc.cwnd_bytes = 20000;
    bbr->is_recovering = true;
    te_bbr_save_cwnd(&cc);
    assert_int_equal(bbr->prior_cwnd_bytes, 50000);
    cc.cwnd_bytes = MSS;
    te_bbr_restore_cwnd(&cc);
    assert_int_equal(cc.cwnd_bytes, 50000);
    bbr->is_recovering = false;
    cc.cwnd_bytes = 30000;
    te_bbr_save_cwnd(&cc);
    assert_int_equal(bbr->prior_cwnd_bytes, 30000);
}

static uint32_t bounded(enum te_bbr_state state)
{
    bbr->state = (uint8_t)state;
    cc.cwnd_bytes = 100 * BDP;
    te_bbr_bound_cwnd(&cc);
    return cc.cwnd_bytes;
}

/* 5.6.4.7. */
static void test_bounds_of_cwnd(void **state)
{
    (void)state;
    know_the_path(TE_BBR_PROBE_BW_UP);
    assert_int_equal(bounded(TE_BBR_PROBE_BW_UP), 100 * BDP);
    bbr->inflight_longterm_bytes = 2 * BDP;
    assert_int_equal(bounded(TE_BBR_PROBE_BW_UP), 2 * BDP);
    assert_int_equal(bounded(TE_BBR_PROBE_BW_CRUISE), 2 * BDP / 100 * 85);
    assert_int_equal(bounded(TE_BBR_PROBE_RTT), BDP / 2);
    assert_int_equal(bounded(TE_BBR_STARTUP), 100 * BDP);
    bbr->inflight_shortterm_bytes = BDP;
    assert_int_equal(bounded(TE_BBR_STARTUP), BDP);
    assert_int_equal(bounded(TE_BBR_PROBE_BW_UP), BDP);
    bbr->inflight_shortterm_bytes = MSS;
    assert_int_equal(bounded(TE_BBR_PROBE_BW_UP), 4 * MSS);
}

/* --- min_rtt and ProbeRTT --------------------------------------------------------------------- */

static void measure(int64_t rtt_us, int64_t now_us)
{
    sample.rtt_us = rtt_us;
    sample.now_us = now_us;
    struct te_bbr_ack rs = {.ack = &sample};
    te_bbr_update_min_rtt(bbr, &rs);
}

/* 2.16: ProbeRTT after five seconds, min_rtt forgotten after ten. */
static void test_min_rtt_window(void **state)
{
    (void)state;
    measure(30 * MS, 1 * SECOND);
    measure(20 * MS, 2 * SECOND);
    measure(40 * MS, 3 * SECOND);
    assert_int_equal(bbr->min_rtt_us, 20 * MS);
    measure(0, 4 * SECOND); /* no sample */
    assert_int_equal(bbr->min_rtt_us, 20 * MS);
    measure(40 * MS, 7 * SECOND);
    assert_false(bbr->probe_rtt_expired);
    measure(40 * MS, 7 * SECOND + 1);
    assert_true(bbr->probe_rtt_expired);
    assert_int_equal(bbr->min_rtt_us, 20 * MS);
    measure(45 * MS, 12 * SECOND);
    assert_int_equal(bbr->min_rtt_us, 20 * MS);
    measure(45 * MS, 12 * SECOND + 1);
    assert_int_equal(bbr->min_rtt_us, 40 * MS); /* the least since the first five */
}

static void test_absurd_rtt_is_bounded(void **state)
{
    (void)state;
    measure(INT64_MAX, 1 * SECOND);
    assert_int_equal(bbr->min_rtt_us, 1 << 25);
}

/* --- probing ---------------------------------------------------------------------------------- */

/* 5.3.3.8: 2 to 3 s, different from cycle to cycle. */
static void test_wait_between_probes(void **state)
{
    (void)state;
    uint32_t last_us = 0;
    for (unsigned i = 0; i < 100; i++) {
        te_bbr_start_probe_bw_down(bbr, 5 * SECOND, 7777);
        assert_in_range(bbr->bw_probe_wait_us, 2 * SECOND, 3 * SECOND - 1);
        assert_true(bbr->bw_probe_wait_us != last_us);
        assert_true(bbr->rounds_since_probe_up <= 1);
        last_us = bbr->bw_probe_wait_us;
    }
    assert_int_equal(bbr->cycle_at_us, 5 * SECOND);
    assert_int_equal(bbr->next_round_delivered_bytes, 7777);
    assert_int_equal(bbr->state, TE_BBR_PROBE_BW_DOWN);
}

/* 5.5.10.2: within the lost frame, where 2 % of what was in flight was lost. */
static void test_volume_at_which_losses_began(void **state)
{
    static const struct {
        uint32_t tx, lost, length, too_high;
    } rows[] = {
        {100 * MSS, 1 * MSS, 1 * MSS, 0},        /* 1 %: not too much */
        {100 * MSS, 3 * MSS, 1 * MSS, 99 * MSS}, /* over it before this one */
        {100 * MSS, 10 * MSS, 10 * MSS, 91836},  /* 90,000 + (1,800 - 0) / 0.98 */
        {10 * MSS, 10 * MSS, 10 * MSS, 1},       /* all of it; never 0, which means none */
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        setup(NULL);
        bbr->is_bw_probe_sample = true;
        const struct te_loss_sample loss = {
            .tx_in_flight_bytes = rows[i].tx,
            .lost_bytes = rows[i].lost,
            .length_bytes = rows[i].length,
            .has_sack = true,
        };
        te_bbr_judge_lost(bbr, &loss);
        /* allowed is 2 % of before, in hundredths; the rest is divided by 98 */
        assert_int_equal(bbr->too_high_bytes, rows[i].too_high);
    }
}

static void test_only_a_probe_is_judged(void **state)
{
    (void)state;
    const struct te_loss_sample loss = {
        .tx_in_flight_bytes = 100 * MSS, .lost_bytes = 50 * MSS, .length_bytes = MSS};
    te_bbr_judge_lost(bbr, &loss);
    assert_int_equal(bbr->too_high_bytes, 0);
}

/* The answer to a probe that lost too much: the bound, at least Beta of the target, and DOWN. */
static void test_probe_that_was_too_high(void **state)
{
    (void)state;
    know_the_path(TE_BBR_PROBE_BW_UP);
    cc.cwnd_bytes = 2 * BDP;
    bbr->is_bw_probe_sample = true;
    struct te_bbr_ack rs = ack_of(BDP, RTT);
    te_bbr_inflight_too_high(&cc, BDP / 10, &rs);
    assert_int_equal(bbr->inflight_longterm_bytes, BDP / 10 * 7);
    assert_int_equal(bbr->state, TE_BBR_PROBE_BW_DOWN);
    assert_int_equal(bbr->undo_state, TE_BBR_PROBE_BW_UP);
    assert_true(bbr->prev_probe_too_high);
    assert_false(bbr->is_bw_probe_sample);
    te_bbr_inflight_too_high(&cc, 3 * BDP, &rs);
    assert_int_equal(bbr->inflight_longterm_bytes, 3 * BDP);
    rs.is_app_limited = true;
    te_bbr_inflight_too_high(&cc, BDP, &rs);
    assert_int_equal(bbr->inflight_longterm_bytes, 3 * BDP);
}

/* --- saved state ------------------------------------------------------------------------------ */

#define STATE_MAX 512

static size_t save(union te_cc_state *from, uint8_t bytes[STATE_MAX])
{
    struct te_codec codec;
    memset(bytes, 0, STATE_MAX);
    te_codec_init_writer(&codec, bytes, STATE_MAX);
    te_bbr_save(&codec, from);
    assert_true(codec.at <= STATE_MAX);
    return codec.at;
}

static enum te_err save_and_read(union te_cc_state *ret_state)
{
    uint8_t bytes[STATE_MAX];
    struct te_codec codec;
    size_t len = save(&cc_state, bytes);
    te_codec_init_reader(&codec, bytes, len);
    memset(ret_state, 0, sizeof(*ret_state));
    te_bbr_save(&codec, ret_state);
    assert_true(!te_codec_is_ok(&codec) || codec.at == len);
    return codec.err;
}

static void test_save(void **state)
{
    (void)state;
    union te_cc_state read;
    uint8_t bytes[STATE_MAX], again[STATE_MAX];
    know_the_path(TE_BBR_PROBE_BW_UP);
    bbr->idle_restart = bbr->prev_probe_too_high = true;
    bbr->random = 12345;
    assert_int_equal(save_and_read(&read), TE_OK);
    assert_int_equal(read.bbr.random, 12345);
    assert_true(read.bbr.idle_restart && read.bbr.prev_probe_too_high);
    assert_int_equal(te_bbr_max_bw(&read.bbr), RATE);
    assert_int_equal(save(&read, again), save(&cc_state, bytes));
    assert_memory_equal(again, bytes, STATE_MAX);
}

/* What another hook would stumble over is refused. */
static void test_save_refuses(void **state)
{
    (void)state;
    union te_cc_state read;
    bbr->state = TE_BBR_STATES;
    assert_int_equal(save_and_read(&read), TE_ERR_INVALID);
    setup(NULL);
    bbr->mss_bytes = 0;
    assert_int_equal(save_and_read(&read), TE_ERR_INVALID);
    setup(NULL);
    bbr->bw_probe_up_rounds = TE_BBR_PROBE_UP_ROUNDS_MAX + 1;
    assert_int_equal(save_and_read(&read), TE_ERR_INVALID);
    setup(NULL);
    bbr->state = TE_BBR_PROBE_BW_UP;
    bbr->probe_up_acked_per_inc_bytes = 0;
    assert_int_equal(save_and_read(&read), TE_ERR_INVALID);
    bbr->state = TE_BBR_PROBE_BW_CRUISE;
    assert_int_equal(save_and_read(&read), TE_OK);
    bbr->undo_state = TE_BBR_PROBE_BW_UP;
    assert_int_equal(save_and_read(&read), TE_ERR_INVALID);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_start),
        TEST(test_bandwidth_is_the_larger_slot_within_the_bound),
        TEST(test_delivery_rate),
        TEST(test_application_limited_samples),
        TEST(test_rounds),
        TEST(test_max_bw_takes_limited_samples_upwards_only),
        TEST(test_lower_bounds),
        TEST(test_no_lower_bounds_while_probing),
        TEST(test_loss_threshold),
        TEST(test_loss_begins_a_round),
        TEST(test_aggregation),
        TEST(test_plateau),
        TEST(test_plateau_is_by_rounds),
        TEST(test_startup_ends_by_loss),
        TEST(test_drain_ends_when_drained_or_by_rounds),
        TEST(test_gains),
        TEST(test_bdp),
        TEST(test_inflight_has_room_for_offload),
        TEST(test_headroom),
        TEST(test_pacing_rate),
        TEST(test_cwnd_is_saved_and_restored),
        TEST(test_bounds_of_cwnd),
        TEST(test_min_rtt_window),
        TEST(test_absurd_rtt_is_bounded),
        TEST(test_wait_between_probes),
        TEST(test_volume_at_which_losses_began),
        TEST(test_only_a_probe_is_judged),
        TEST(test_probe_that_was_too_high),
        TEST(test_save),
        TEST(test_save_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
