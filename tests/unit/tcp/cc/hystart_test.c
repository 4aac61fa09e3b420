#include "support/test.h"
#include "tcp/cc/congestion.h"
#include "tcp/cc/hystart.h"

#define MSS 1000u
#define WINDOW 100000u /* bytes that a round acknowledges here */

static struct te_hystart hystart;
static struct te_congestion cc;
static uint32_t snd_una;
static int64_t now_us;
static bool is_limited;

static void start(bool is_paced)
{
    cc = (struct te_congestion){.cwnd_bytes = WINDOW, .ssthresh_bytes = UINT32_MAX};
    snd_una = 0xfffff000u; /* sequence numbers wrap on the way */
    now_us = 1000000;
    is_limited = true;
    const struct te_cc_start start = {
        .now_us = now_us,
        .is_hystart = true,
        .is_paced = is_paced,
        .snd_nxt = snd_una + WINDOW,
    };
    te_hystart_start(&hystart, &start, true);
}

static int setup(void **state)
{
    (void)state;
    start(true);
    return 0;
}

static uint32_t ack_after(int64_t gap_us, uint32_t bytes, int64_t rtt_us)
{
    snd_una += bytes;
    now_us += gap_us;
    const struct te_ack_sample sample = {
        .now_us = now_us,
        .rtt_us = rtt_us,
        .acked_bytes = bytes,
        .delivered_bytes = bytes,
        .mss_bytes = MSS,
        .snd_una = snd_una,
        .snd_nxt = snd_una + WINDOW,
        .is_cwnd_limited = is_limited,
    };
    return te_hystart_grow(&hystart, &cc, &sample);
}

/* Not so soon after the one before that they would be a train. */
static uint32_t ack(uint32_t bytes, int64_t rtt_us)
{
    return ack_after(5000, bytes, rtt_us);
}

/* A round: so many ACKs, all but the last of one segment. */
static void round_of(unsigned acks, int64_t rtt_us)
{
    uint32_t left = WINDOW;
    for (unsigned i = 1; i < acks; i++) {
        ack(MSS, rtt_us);
        left -= MSS;
    }
    ack(left, rtt_us);
}

static void test_slow_start_doubles(void **state)
{
    (void)state;
    round_of(20, 50000);
    assert_int_equal(cc.cwnd_bytes, 2 * WINDOW);
    round_of(20, 50000);
    round_of(20, 50000);
    assert_int_equal(cc.cwnd_bytes, 4 * WINDOW);
    assert_string_equal(te_hystart_phase_name(&hystart), "slow-start");
}

/* RttThresh is an eighth of the RTT, between 4 and 16 ms. */
static void test_threshold(void **state)
{
    (void)state;
    static const int64_t rises[][2] = {/* RTT, rise that counts */
                                       {2000, 4000},
                                       {32000, 4000},
                                       {80000, 10000},
                                       {128000, 16000},
                                       {600000, 16000}};
    for (unsigned i = 0; i < sizeof(rises) / sizeof(rises[0]); i++) {
        start(true);
        round_of(10, rises[i][0]);
        round_of(10, rises[i][0] + rises[i][1] - 1);
        assert_int_equal(hystart.phase, TE_HYSTART_SLOW_START);
        start(true);
        round_of(10, rises[i][0]);
        round_of(10, rises[i][0] + rises[i][1]);
        assert_int_equal(hystart.phase, TE_HYSTART_CSS);
    }
}

/* N_RTT_SAMPLE: seven samples of a round say nothing. */
static void test_eight_samples(void **state)
{
    (void)state;
    round_of(10, 50000);
    round_of(7, 90000);
    assert_int_equal(hystart.phase, TE_HYSTART_SLOW_START);
    for (int i = 0; i < 7; i++)
        ack(MSS, 0); /* no samples of RTT */
    assert_int_equal(hystart.phase, TE_HYSTART_SLOW_START);
    for (int i = 0; i < 7; i++)
        ack(MSS, 190000);
    assert_int_equal(hystart.phase, TE_HYSTART_SLOW_START);
    ack(MSS, 190000);
    assert_int_equal(hystart.phase, TE_HYSTART_CSS);
}

/* The minimum of the round counts, not the latest. */
static void test_jitter_is_no_rise(void **state)
{
    (void)state;
    round_of(10, 50000);
    ack(MSS, 50000);
    for (int i = 0; i < 50; i++)
        ack(MSS, 90000);
    assert_int_equal(hystart.phase, TE_HYSTART_SLOW_START);
}

static void enter_css(void)
{
    round_of(10, 50000);
    for (int i = 0; i < 8; i++)
        ack(MSS, 60000);
    assert_int_equal(hystart.phase, TE_HYSTART_CSS);
}

static void test_css_grows_by_a_quarter(void **state)
{
    (void)state;
    enter_css();
    uint32_t before = cc.cwnd_bytes;
    ack(10 * MSS, 60000);
    assert_int_equal(cc.cwnd_bytes, before + 10 * MSS / 4);
}

/* Five rounds, of which the one it began in counts; then ssthresh is cwnd and HyStart++ is over. */
static void test_css_ends_after_five_rounds(void **state)
{
    (void)state;
    enter_css();
    for (int i = 0; i < 4; i++) {
        round_of(10, 60000);
        assert_int_equal(hystart.phase, TE_HYSTART_CSS);
        assert_int_equal(cc.ssthresh_bytes, UINT32_MAX);
    }
    round_of(10, 60000);
    assert_int_equal(hystart.phase, TE_HYSTART_OFF);
    assert_true(cc.ssthresh_bytes <= cc.cwnd_bytes);
    uint32_t after = cc.cwnd_bytes;
    assert_int_equal(ack(3 * MSS, 60000), 3 * MSS); /* for congestion avoidance */
    assert_int_equal(cc.cwnd_bytes, after);
}

static void test_spurious_css_is_left(void **state)
{
    (void)state;
    enter_css();
    round_of(10, 60000);
    for (int i = 0; i < 8; i++)
        ack(MSS, 59999);
    assert_int_equal(hystart.phase, TE_HYSTART_SLOW_START);
    uint32_t before = cc.cwnd_bytes;
    ack(MSS, 59999);
    assert_int_equal(cc.cwnd_bytes, before + MSS);
}

/* Behind the queue of its own last burst a round begins with its longest RTTs. */
static void test_fall_within_the_round_is_none(void **state)
{
    (void)state;
    enter_css();
    for (int64_t rtt_us = 60000; rtt_us > 50000; rtt_us -= 1000)
        ack(MSS, rtt_us);
    assert_int_equal(hystart.phase, TE_HYSTART_CSS);
}

/* A rise by an eighth of 60 ms over what CSS began with: this is a queue. */
static void test_delay_that_rises_on_ends_css(void **state)
{
    (void)state;
    enter_css();
    round_of(10, 60000);
    round_of(10, 67499);
    assert_int_equal(hystart.phase, TE_HYSTART_CSS);
    for (int i = 0; i < 7; i++)
        ack(MSS, 67500);
    assert_int_equal(hystart.phase, TE_HYSTART_CSS);
    uint32_t before = cc.cwnd_bytes;
    assert_int_equal(ack(MSS, 67500), MSS); /* for congestion avoidance */
    assert_int_equal(hystart.phase, TE_HYSTART_OFF);
    assert_int_equal(cc.cwnd_bytes, before);
    assert_int_equal(cc.ssthresh_bytes, before);
}

/* ACKs of one segment each, in step; how many until they are a train, at most 1000. */
static unsigned train_to_the_end(int64_t gap_us, int64_t rtt_us)
{
    for (unsigned i = 0; i < 1000; i++) {
        if (hystart.phase == TE_HYSTART_TRAIN)
            return i;
        ack_after(gap_us, MSS, rtt_us);
    }
    return 1000;
}

static void test_train_of_half_a_path_ends_slow_start(void **state)
{
    (void)state;
    start(false);
    ack(MSS, 50000); /* the first of the train */
    assert_int_equal(train_to_the_end(1000, 50000), 25);
    assert_int_equal(cc.ssthresh_bytes, UINT32_MAX);
    uint32_t before = cc.cwnd_bytes;
    ack_after(1000, 4 * MSS, 50000);
    assert_int_equal(cc.cwnd_bytes, before + MSS);
    start(false);
    ack(MSS, 50000);
    assert_int_equal(train_to_the_end(2000, 50000), 13);
}

static void begin_train(void)
{
    start(false);
    ack(MSS, 50000);
    train_to_the_end(1000, 50000);
    round_of(10, 50000);
    assert_int_equal(hystart.phase, TE_HYSTART_TRAIN);
}

/* An eighth of 50 ms. */
static void test_rise_over_the_smallest_rtt_ends_a_train(void **state)
{
    (void)state;
    begin_train();
    round_of(10, 56249);
    assert_int_equal(hystart.phase, TE_HYSTART_TRAIN);
    round_of(10, 49999); /* what falls is no sign: nothing had risen */
    assert_int_equal(hystart.phase, TE_HYSTART_TRAIN);
    for (int i = 0; i < 12; i++) /* a tail of the last burst might be as long */
        ack_after(1000, MSS, 56249);
    assert_int_equal(hystart.phase, TE_HYSTART_TRAIN);
    ack_after(1000, MSS, 56249); /* with the first, which began the train, 12 ms of 50 */
    assert_int_equal(hystart.phase, TE_HYSTART_OFF);
    assert_int_equal(cc.ssthresh_bytes, cc.cwnd_bytes);
}

static void test_train_ends_after_five_rounds(void **state)
{
    (void)state;
    begin_train(); /* and one round is over */
    for (int i = 0; i < 3; i++)
        round_of(10, 50000);
    assert_int_equal(hystart.phase, TE_HYSTART_TRAIN);
    round_of(10, 50000);
    assert_int_equal(hystart.phase, TE_HYSTART_OFF);
}

/* The queue of later ACKs makes no path longer. */
static void test_smallest_rtt_is_the_path(void **state)
{
    (void)state;
    start(false);
    ack(MSS, 50000);
    assert_int_equal(train_to_the_end(1000, 51000), 25);
}

/* Reordering holds the ACKs of a round back for a while. */
static void test_gap_counts_for_nothing(void **state)
{
    (void)state;
    start(false);
    assert_int_equal(train_to_the_end(2001, 50000), 1000);
    start(false);
    ack(MSS, 50000);
    for (int i = 0; i < 24; i++)
        ack_after(1000, MSS, 50000);
    ack_after(2001, MSS, 50000);
    assert_int_equal(train_to_the_end(1000, 50000), 1);
}

static void test_round_begins_another_train(void **state)
{
    (void)state;
    start(false);
    ack(76 * MSS, 50000);
    for (int i = 0; i < 24; i++) /* the last ends the round */
        ack_after(1000, MSS, 50000);
    assert_int_equal(train_to_the_end(1000, 50000), 25);
}

/* Pacing spreads the ACKs of any window over half of a round trip. */
static void test_paced_train_is_a_whole_path(void **state)
{
    (void)state;
    start(true);
    ack(MSS, 50000);
    assert_int_equal(train_to_the_end(1000, 50000), 50);
}

static void test_train_over_a_short_path_says_nothing(void **state)
{
    (void)state;
    start(false);
    assert_int_equal(train_to_the_end(100, 3999), 1000);
    start(false);
    ack(MSS, 4000);
    assert_int_equal(train_to_the_end(100, 4000), 20);
}

static void test_train_of_a_small_window_says_nothing(void **state)
{
    (void)state;
    start(false);
    cc.cwnd_bytes = 2 * MSS;
    ack(MSS, 4000);
    assert_int_equal(train_to_the_end(1000, 4000), 14);
    assert_int_equal(cc.cwnd_bytes, 16 * MSS + MSS / 4);
}

static void test_application_makes_no_train(void **state)
{
    (void)state;
    start(false);
    is_limited = false;
    assert_int_equal(train_to_the_end(1000, 50000), 1000);
}

static void test_stop(void **state)
{
    (void)state;
    enter_css();
    te_hystart_stop(&hystart);
    cc.ssthresh_bytes = cc.cwnd_bytes + 3 * MSS / 2;
    assert_int_equal(ack(MSS, 99000), 0);
    assert_int_equal(ack(MSS, 99000), MSS / 2);
    assert_int_equal(cc.cwnd_bytes, cc.ssthresh_bytes);
}

static void test_limit_of_an_ack(void **state)
{
    (void)state;
    ack(90 * MSS, 50000);
    assert_int_equal(cc.cwnd_bytes, WINDOW + 90 * MSS); /* paced: L is infinite */
    start(false);
    ack(90 * MSS, 50000);
    assert_int_equal(cc.cwnd_bytes, WINDOW + 65536);
    te_hystart_stop(&hystart); /* and of a later slow start */
    ack(90 * MSS, 50000);
    assert_int_equal(cc.cwnd_bytes, WINDOW + 2 * 65536);
}

/* RFC 3465 2.3: one segment an ACK, and no more than arrived just now. */
static void test_after_a_timeout(void **state)
{
    (void)state;
    te_hystart_stop(&hystart);
    cc.cwnd_bytes = MSS;
    cc.ssthresh_bytes = 50 * MSS;
    struct te_ack_sample sample = {
        .acked_bytes = 30 * MSS,
        .delivered_bytes = MSS / 2,
        .mss_bytes = MSS,
        .is_cwnd_limited = true,
        .is_in_loss = true,
    };
    assert_int_equal(te_hystart_grow(&hystart, &cc, &sample), 0);
    assert_int_equal(cc.cwnd_bytes, MSS + MSS / 2);
    sample.delivered_bytes = 30 * MSS;
    te_hystart_grow(&hystart, &cc, &sample);
    assert_int_equal(cc.cwnd_bytes, 2 * MSS + MSS / 2);
}

static void test_no_growth_unless_limited(void **state)
{
    (void)state;
    struct te_ack_sample sample = {.acked_bytes = MSS, .delivered_bytes = MSS, .mss_bytes = MSS};
    sample.snd_una = snd_una + MSS;
    sample.prior_flight_bytes = WINDOW / 2 - 1;
    assert_int_equal(te_hystart_grow(&hystart, &cc, &sample), 0);
    assert_int_equal(cc.cwnd_bytes, WINDOW);
    sample.prior_flight_bytes = WINDOW / 2; /* a sender that paces has no more at most times */
    te_hystart_grow(&hystart, &cc, &sample);
    assert_int_equal(cc.cwnd_bytes, WINDOW + MSS);
    cc.ssthresh_bytes = cc.cwnd_bytes;
    assert_int_equal(te_hystart_grow(&hystart, &cc, &sample), 0);
}

static void test_cwnd_is_bounded(void **state)
{
    (void)state;
    cc.cwnd_bytes = TE_CWND_MAX_BYTES - 10;
    te_cc_grow(&cc, UINT32_MAX);
    assert_int_equal(cc.cwnd_bytes, TE_CWND_MAX_BYTES);
    te_cc_grow(&cc, 1);
    assert_int_equal(cc.cwnd_bytes, TE_CWND_MAX_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_slow_start_doubles, setup),
        cmocka_unit_test_setup(test_threshold, setup),
        cmocka_unit_test_setup(test_eight_samples, setup),
        cmocka_unit_test_setup(test_jitter_is_no_rise, setup),
        cmocka_unit_test_setup(test_css_grows_by_a_quarter, setup),
        cmocka_unit_test_setup(test_css_ends_after_five_rounds, setup),
        cmocka_unit_test_setup(test_spurious_css_is_left, setup),
        cmocka_unit_test_setup(test_fall_within_the_round_is_none, setup),
        cmocka_unit_test_setup(test_delay_that_rises_on_ends_css, setup),
        cmocka_unit_test_setup(test_train_of_half_a_path_ends_slow_start, setup),
        cmocka_unit_test_setup(test_rise_over_the_smallest_rtt_ends_a_train, setup),
        cmocka_unit_test_setup(test_train_ends_after_five_rounds, setup),
        cmocka_unit_test_setup(test_smallest_rtt_is_the_path, setup),
        cmocka_unit_test_setup(test_gap_counts_for_nothing, setup),
        cmocka_unit_test_setup(test_round_begins_another_train, setup),
        cmocka_unit_test_setup(test_paced_train_is_a_whole_path, setup),
        cmocka_unit_test_setup(test_train_over_a_short_path_says_nothing, setup),
        cmocka_unit_test_setup(test_train_of_a_small_window_says_nothing, setup),
        cmocka_unit_test_setup(test_application_makes_no_train, setup),
        cmocka_unit_test_setup(test_stop, setup),
        cmocka_unit_test_setup(test_limit_of_an_ack, setup),
        cmocka_unit_test_setup(test_after_a_timeout, setup),
        cmocka_unit_test_setup(test_no_growth_unless_limited, setup),
        cmocka_unit_test_setup(test_cwnd_is_bounded, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
