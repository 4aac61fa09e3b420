#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tcp/validation.h"

#define MSS 1000u
#define CWND (20 * MSS)
#define IW (10 * MSS)
#define PERIOD_US INT64_C(300000000)

static struct te_validation validation;
static uint32_t snd_una;
static int64_t now_us;

static int setup(void **state)
{
    (void)state;
    snd_una = 0xfffff000u; /* numbers wrap on the way */
    now_us = 1000000;
    validation = (struct te_validation){.round_end = snd_una};
    return 0;
}

/* One ACK acknowledges all that a round trip has sent; as much is sent anew. */
static void round_of(uint32_t bytes, uint32_t sent_anew, bool is_cwnd_limited)
{
    now_us += 100000;
    snd_una += bytes;
    const struct te_validation_ack ack = {
        .now_us = now_us,
        .acked_bytes = bytes,
        .snd_una = snd_una,
        .snd_nxt = snd_una + sent_anew,
        .cwnd_bytes = CWND,
        .is_cwnd_limited = is_cwnd_limited,
    };
    te_validation_on_ack(&validation, &ack);
}

/* RFC 7661 4.3: the half of cwnd is enough, less is not. */
static void test_half_of_cwnd_is_enough(void **state)
{
    (void)state;
    round_of(CWND / 2, CWND / 2 - 1, false);
    assert_true(te_validation_is_validated(&validation));
    round_of(CWND / 2 - 1, MSS, false);
    assert_true(te_validation_is_validated(&validation)); /* the round before had enough */
    round_of(MSS, MSS, false);
    assert_false(te_validation_is_validated(&validation));
    round_of(CWND / 2, MSS, false);
    assert_true(te_validation_is_validated(&validation));
}

static void test_under_half_is_not(void **state)
{
    (void)state;
    round_of(CWND / 2 - 1, MSS, false);
    assert_false(te_validation_is_validated(&validation));
    assert_int_equal(validation.nonvalidated_at_us, now_us);
    int64_t since_us = now_us;
    round_of(MSS, MSS, false);
    assert_int_equal(validation.nonvalidated_at_us, since_us); /* it goes on, it does not begin */
}

/* A sample is what a whole round trip acknowledged, in however many ACKs (4.2). */
static void test_pipe_ack_sums_up_a_round(void **state)
{
    (void)state;
    round_of(MSS, 9 * MSS, false); /* the round ends nine segments from here */
    for (unsigned i = 0; i < 8; i++)
        round_of(MSS, MSS, false);
    assert_false(te_validation_is_validated(&validation)); /* 9 of 20 */
    round_of(MSS, 9 * MSS, false);
    assert_int_equal(validation.pipe_ack_bytes[0], 9 * MSS);
    assert_int_equal(validation.pipe_ack_bytes[1], MSS); /* the ACK at its end opens the next */
    assert_false(te_validation_is_validated(&validation));
    for (unsigned i = 0; i < 9; i++)
        round_of(MSS, MSS, false);
    assert_int_equal(validation.pipe_ack_bytes[0], 9 * MSS);
}

/* A sender that fills cwnd validates it, however little one ACK says (4.4). */
static void test_cwnd_limited_is_validated(void **state)
{
    (void)state;
    round_of(MSS, MSS, false);
    assert_false(te_validation_is_validated(&validation));
    round_of(MSS, MSS, true);
    assert_true(te_validation_is_validated(&validation));
}

/* 4.4.1: the answer to a loss starts from max(pipeACK, LossFlightSize), and from cwnd when that is
 * backed by evidence. */
static void test_loss_starts_from_what_was_used(void **state)
{
    (void)state;
    round_of(CWND, 6 * MSS, false);
    assert_int_equal(te_validation_used_bytes(&validation, CWND, 3 * MSS), CWND);
    round_of(6 * MSS, 2 * MSS, false);
    round_of(2 * MSS, MSS, false);
    assert_false(te_validation_is_validated(&validation));
    assert_int_equal(te_validation_used_bytes(&validation, CWND, 3 * MSS), 6 * MSS);
    assert_int_equal(te_validation_used_bytes(&validation, CWND, 8 * MSS), 8 * MSS);
    assert_int_equal(te_validation_used_bytes(&validation, CWND, CWND + 1), CWND);
}

/* 4.4.3: cwnd = max(cwnd / 2, IW), once each period. */
static void test_decays_after_five_minutes(void **state)
{
    (void)state;
    uint32_t cwnd = 5 * IW;
    round_of(MSS, MSS, false);
    int64_t since_us = now_us;
    assert_int_equal(te_validation_decay(&validation, cwnd, IW, since_us + PERIOD_US - 1), cwnd);
    assert_int_equal(te_validation_decay(&validation, cwnd, IW, since_us + PERIOD_US), cwnd / 2);
    since_us += PERIOD_US;
    assert_int_equal(te_validation_decay(&validation, cwnd / 2, IW, since_us + 1), cwnd / 2);
    assert_int_equal(te_validation_decay(&validation, cwnd / 2, IW, since_us + PERIOD_US),
                     cwnd / 4);
    since_us += PERIOD_US;
    assert_int_equal(te_validation_decay(&validation, cwnd / 4, IW, since_us + PERIOD_US), IW);
    since_us += PERIOD_US; /* a window that a loss has made smaller does not grow by waiting */
    assert_int_equal(te_validation_decay(&validation, 4 * MSS, IW, since_us + PERIOD_US), 4 * MSS);
}

static void test_validated_does_not_decay(void **state)
{
    (void)state;
    round_of(CWND, CWND, false);
    assert_int_equal(te_validation_decay(&validation, CWND, IW, now_us + 2 * PERIOD_US), CWND);
}

/* Time 0 is a time, although 0 also says that nothing began. */
static void test_phase_may_begin_at_zero(void **state)
{
    (void)state;
    now_us = -100000;
    round_of(MSS, MSS, false);
    assert_int_equal(now_us, 0);
    assert_false(te_validation_is_validated(&validation));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_half_of_cwnd_is_enough, setup),
        cmocka_unit_test_setup(test_under_half_is_not, setup),
        cmocka_unit_test_setup(test_pipe_ack_sums_up_a_round, setup),
        cmocka_unit_test_setup(test_cwnd_limited_is_validated, setup),
        cmocka_unit_test_setup(test_loss_starts_from_what_was_used, setup),
        cmocka_unit_test_setup(test_decays_after_five_minutes, setup),
        cmocka_unit_test_setup(test_validated_does_not_decay, setup),
        cmocka_unit_test_setup(test_phase_may_begin_at_zero, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
