#include "support/test.h"
#include "tcp/loss/validation.h"
#include "units.h"

#define MSS 1000u
#define CWND (20 * MSS)
#define IW (10 * MSS)
#define RTT_US INT64_C(100000)
#define PERIOD_US INT64_C(300000000)

static struct te_validation validation;
static uint32_t snd_una, snd_nxt;
static int64_t now_us, srtt_us;

static int setup(void **state)
{
    (void)state;
    snd_una = snd_nxt = 0xfffff000u; /* numbers wrap on the way */
    now_us = SECOND;
    srtt_us = RTT_US;
    te_validation_start(&validation, snd_una);
    return 0;
}

static void send(uint32_t bytes)
{
    snd_nxt += bytes;
}

static void ack_in(uint32_t bytes, bool is_recovering)
{
    uint32_t prior_flight_bytes = snd_nxt - snd_una;
    snd_una += bytes;
    const struct te_validation_ack ack = {
        .now_us = now_us,
        .srtt_us = srtt_us,
        .snd_una = snd_una,
        .snd_nxt = snd_nxt,
        .prior_flight_bytes = prior_flight_bytes,
        .cwnd_bytes = CWND,
        .is_recovering = is_recovering,
    };
    te_validation_on_ack(&validation, &ack);
}

static void ack(uint32_t bytes)
{
    ack_in(bytes, false);
}

/* A round trip that sends bytes and gets them acknowledged, with nothing in flight around it. */
static void round_of(uint32_t bytes)
{
    send(bytes);
    now_us += RTT_US;
    ack(bytes);
}

static uint32_t lose(uint32_t flight_bytes)
{
    const struct te_validation_event event = {
        .now_us = now_us, .cwnd_bytes = CWND, .flight_bytes = flight_bytes};
    return te_validation_on_congestion(&validation, &event);
}

#define assert_validated() assert_true(te_validation_is_validated(&validation))
#define assert_not_validated() assert_false(te_validation_is_validated(&validation))

/* RFC 7661 4.3: the half of cwnd is enough, less is not. */
static void test_half_of_cwnd_is_enough(void **state)
{
    (void)state;
    round_of(CWND / 2 - 1);
    assert_not_validated();
    assert_int_equal(validation.nonvalidated_at_us, now_us);
    int64_t since_us = now_us;
    round_of(MSS);
    assert_int_equal(validation.nonvalidated_at_us, since_us); /* it goes on, it does not begin */
    round_of(CWND / 2);
    assert_validated();
}

/* A sample is what a round trip acknowledged, in however many ACKs; nothing is decided before it is
 * complete (4.2). */
static void test_sample_is_a_whole_round(void **state)
{
    (void)state;
    send(12 * MSS);
    now_us += RTT_US;
    for (unsigned i = 0; i < 11; i++) {
        ack(MSS);
        assert_validated();
        assert_int_equal(validation.part_us, 0);
    }
    ack(MSS);
    assert_validated();
    assert_int_equal(validation.pipe_ack_bytes[0], 12 * MSS);
}

/* What is sent while a sample is taken belongs to the next one. */
static void test_samples_follow_each_other(void **state)
{
    (void)state;
    send(4 * MSS);
    ack(MSS);
    send(9 * MSS);
    ack(3 * MSS); /* the first ends: 4 */
    assert_int_equal(validation.pipe_ack_bytes[0], 4 * MSS);
    ack(8 * MSS);
    assert_int_equal(validation.pipe_ack_bytes[0], 4 * MSS);
    ack(MSS);
    assert_int_equal(validation.pipe_ack_bytes[0], 9 * MSS);
}

/* The largest sample counts for a second, or three round trips. */
static void test_sampling_period(void **state)
{
    (void)state;
    round_of(CWND / 2);
    int64_t at_us = now_us;
    while (now_us < at_us + SECOND - RTT_US) {
        round_of(MSS);
        assert_validated();
    }
    round_of(MSS);
    assert_not_validated();
}

static void test_sampling_period_of_a_long_path(void **state)
{
    (void)state;
    srtt_us = SECOND;
    round_of(CWND / 2);
    now_us += 3 * SECOND - 2 * RTT_US;
    round_of(MSS);
    assert_validated();
    round_of(MSS);
    assert_not_validated();
}

/* 4.2: a sample that is too old is none when a loss asks for it either. */
static void test_old_samples_do_not_count_for_a_loss(void **state)
{
    (void)state;
    round_of(6 * MSS);
    assert_not_validated();
    now_us += SECOND;
    assert_int_equal(lose(3 * MSS), 3 * MSS);
}

/* A flight of half of cwnd is enough to stay, but not to come back (DEVIATION in judge()). */
static void test_flight_keeps_the_phase_away(void **state)
{
    (void)state;
    send(MSS);
    ack(0);
    send(CWND - MSS);
    ack(MSS);
    assert_validated();
    ack(CWND - MSS);
    now_us += 2 * SECOND;
    round_of(MSS);
    assert_not_validated();
    send(MSS);
    ack(0);
    send(CWND - MSS);
    ack(MSS);
    assert_not_validated();
}

/* 4.4.1: the answer to a loss starts from max(pipeACK, LossFlightSize), and from cwnd when that is
 * backed by evidence. */
static void test_loss_starts_from_what_was_used(void **state)
{
    (void)state;
    const uint32_t flights[] = {3 * MSS, 8 * MSS, CWND + 1};
    const uint32_t used[] = {6 * MSS, 8 * MSS, CWND};
    for (unsigned i = 0; i < 3; i++) {
        setup(NULL);
        round_of(6 * MSS);
        assert_int_equal(lose(flights[i]), used[i]);
    }
    setup(NULL);
    round_of(CWND);
    assert_int_equal(lose(3 * MSS), CWND);
}

/* 4.1, 4.2: undefined at the beginning and after a congestion event, which ends the phase. */
static void test_undefined_pipe_ack_is_validated(void **state)
{
    (void)state;
    assert_validated();
    assert_int_equal(lose(MSS), CWND);
    round_of(2 * MSS);
    assert_not_validated();
    lose(MSS);
    assert_validated();
    assert_int_equal(lose(MSS), CWND);
}

/* 4.2: nothing is measured in a recovery, nor across its end. */
static void test_recovery_is_no_time_to_measure(void **state)
{
    (void)state;
    send(4 * MSS);
    now_us += RTT_US;
    ack(MSS);
    lose(3 * MSS);
    ack_in(MSS, true);
    ack_in(MSS, true);
    send(MSS);
    ack_in(MSS, true); /* the last one of the recovery */
    assert_int_equal(validation.part_us, 0);
    assert_validated();
    ack(MSS);
    assert_int_equal(validation.pipe_ack_bytes[0], MSS);
    assert_not_validated();
}

/* 4.4.1: (max(pipeACK, LossFlightSize) - R) / 2, and ssthresh is what cwnd is then. */
static void test_what_was_resent_is_taken_off(void **state)
{
    (void)state;
    struct te_congestion cc = {.cwnd_bytes = 4 * MSS, .ssthresh_bytes = 4 * MSS};
    round_of(6 * MSS);
    assert_int_equal(lose(8 * MSS), 8 * MSS);
    te_validation_on_resent(&validation, MSS);
    te_validation_on_resent(&validation, MSS);
    te_validation_on_recovered(&validation, &cc, MSS);
    assert_int_equal(cc.cwnd_bytes, 3 * MSS);
    assert_int_equal(cc.ssthresh_bytes, 3 * MSS);
    te_validation_on_recovered(&validation, &cc, MSS); /* once */
    assert_int_equal(cc.cwnd_bytes, 3 * MSS);
}

/* Never under one segment, with two for ssthresh (RFC 5681 (4)). */
static void test_all_of_it_resent(void **state)
{
    (void)state;
    struct te_congestion cc = {.cwnd_bytes = 4 * MSS, .ssthresh_bytes = 4 * MSS};
    round_of(6 * MSS);
    lose(8 * MSS);
    te_validation_on_resent(&validation, 9 * MSS);
    te_validation_on_recovered(&validation, &cc, MSS);
    assert_int_equal(cc.cwnd_bytes, MSS);
    assert_int_equal(cc.ssthresh_bytes, 2 * MSS);
}

static void test_validated_loss_is_answered_as_ever(void **state)
{
    (void)state;
    struct te_congestion cc = {.cwnd_bytes = 10 * MSS, .ssthresh_bytes = 10 * MSS};
    round_of(CWND);
    lose(CWND);
    te_validation_on_resent(&validation, 2 * MSS);
    te_validation_on_recovered(&validation, &cc, MSS);
    assert_int_equal(cc.cwnd_bytes, 10 * MSS);
    /* A timeout that comes into the phase ends it, and has its own answer (4.4). */
    round_of(MSS);
    now_us += SECOND;
    round_of(MSS);
    assert_not_validated();
    const struct te_validation_event event = {
        .now_us = now_us, .cwnd_bytes = CWND, .flight_bytes = MSS, .is_timeout = true};
    te_validation_on_congestion(&validation, &event);
    te_validation_on_resent(&validation, MSS);
    te_validation_on_recovered(&validation, &cc, MSS);
    assert_int_equal(cc.cwnd_bytes, 10 * MSS);
    assert_validated();
}

static uint32_t decayed(uint32_t cwnd_bytes, int64_t at_us)
{
    struct te_congestion cc = {.cwnd_bytes = cwnd_bytes, .ssthresh_bytes = UINT32_MAX};
    te_validation_decay(&validation, &cc, IW, at_us);
    assert_int_equal(cc.ssthresh_bytes, UINT32_MAX);
    return cc.cwnd_bytes;
}

/* 4.4.3: cwnd = max(cwnd / 2, IW), once each period. */
static void test_decays_after_five_minutes(void **state)
{
    (void)state;
    uint32_t cwnd = 5 * IW;
    round_of(MSS);
    int64_t since_us = now_us;
    assert_int_equal(decayed(cwnd, since_us + PERIOD_US - 1), cwnd);
    assert_int_equal(decayed(cwnd, since_us + PERIOD_US), cwnd / 2);
    since_us += PERIOD_US;
    assert_int_equal(decayed(cwnd / 2, since_us + 1), cwnd / 2);
    assert_int_equal(decayed(cwnd / 2, since_us + PERIOD_US), cwnd / 4);
    since_us += PERIOD_US;
    assert_int_equal(decayed(cwnd / 4, since_us + PERIOD_US), IW);
    since_us += PERIOD_US; /* a window that a loss has made smaller does not grow by waiting */
    assert_int_equal(decayed(4 * MSS, since_us + PERIOD_US), 4 * MSS);
}

/* 4.4.3: ssthresh = max(ssthresh, 3 * cwnd / 4), so that slow start leads back. */
static void test_decay_remembers_the_window(void **state)
{
    (void)state;
    const uint32_t before[] = {10 * MSS, 35 * MSS};
    const uint32_t after[] = {30 * MSS, 35 * MSS};
    round_of(MSS);
    for (unsigned i = 0; i < 2; i++) {
        struct te_congestion cc = {.cwnd_bytes = 40 * MSS, .ssthresh_bytes = before[i]};
        now_us += PERIOD_US;
        te_validation_decay(&validation, &cc, IW, now_us);
        assert_int_equal(cc.cwnd_bytes, 20 * MSS);
        assert_int_equal(cc.ssthresh_bytes, after[i]);
    }
}

static void test_validated_does_not_decay(void **state)
{
    (void)state;
    round_of(CWND);
    assert_int_equal(decayed(CWND, now_us + 2 * PERIOD_US), CWND);
}

/* Time 0 is a time, although 0 also says that nothing began. */
static void test_phase_may_begin_at_zero(void **state)
{
    (void)state;
    now_us = -RTT_US;
    round_of(MSS);
    assert_int_equal(now_us, 0);
    assert_not_validated();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_half_of_cwnd_is_enough, setup),
        cmocka_unit_test_setup(test_sample_is_a_whole_round, setup),
        cmocka_unit_test_setup(test_samples_follow_each_other, setup),
        cmocka_unit_test_setup(test_sampling_period, setup),
        cmocka_unit_test_setup(test_sampling_period_of_a_long_path, setup),
        cmocka_unit_test_setup(test_old_samples_do_not_count_for_a_loss, setup),
        cmocka_unit_test_setup(test_flight_keeps_the_phase_away, setup),
        cmocka_unit_test_setup(test_loss_starts_from_what_was_used, setup),
        cmocka_unit_test_setup(test_undefined_pipe_ack_is_validated, setup),
        cmocka_unit_test_setup(test_recovery_is_no_time_to_measure, setup),
        cmocka_unit_test_setup(test_what_was_resent_is_taken_off, setup),
        cmocka_unit_test_setup(test_all_of_it_resent, setup),
        cmocka_unit_test_setup(test_validated_loss_is_answered_as_ever, setup),
        cmocka_unit_test_setup(test_decays_after_five_minutes, setup),
        cmocka_unit_test_setup(test_decay_remembers_the_window, setup),
        cmocka_unit_test_setup(test_validated_does_not_decay, setup),
        cmocka_unit_test_setup(test_phase_may_begin_at_zero, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
