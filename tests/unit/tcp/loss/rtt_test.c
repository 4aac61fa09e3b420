#include "support/test.h"
#include "tcp/loss/rtt.h"
#include "units.h"

static struct te_config config;
static struct te_rtt rtt;

static int setup(void **state)
{
    (void)state;
    te_config_init(&config);
    config.rto_initial_us = SECOND;
    config.rto_min_us = 200 * MS;
    config.rto_max_us = 60 * SECOND;
    te_rtt_init(&rtt, &config);
    return 0;
}

static void sample(int64_t sample_us)
{
    te_rtt_sample(&rtt, &config, sample_us);
}

static int64_t rto_us(void)
{
    return te_rtt_rto_us(&rtt, &config);
}

static void back_off(unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        te_rtt_back_off(&rtt);
}

/* (2.1). */
static void test_before_the_first_sample(void **state)
{
    (void)state;
    assert_int_equal(rtt.srtt_us, 0);
    assert_int_equal(rto_us(), SECOND);
    config.rto_initial_us = 3 * SECOND;
    te_rtt_init(&rtt, &config);
    assert_int_equal(rto_us(), 3 * SECOND);
}

/* (2.2): SRTT = R, RTTVAR = R / 2, RTO = SRTT + 4 * RTTVAR = 3 * R. */
static void test_first_sample(void **state)
{
    (void)state;
    sample(100 * MS);
    assert_int_equal(rtt.srtt_us, 100 * MS);
    assert_int_equal(rtt.rttvar_us, 50 * MS);
    assert_int_equal(rto_us(), 300 * MS);
}

/* (2.3), alpha 1/8 and beta 1/4; RTTVAR is computed with the SRTT of before. */
static void test_later_samples(void **state)
{
    (void)state;
    sample(100 * MS);
    sample(180 * MS);
    assert_int_equal(rtt.rttvar_us, 57500); /* 3/4 * 50 + 1/4 * |100 - 180| */
    assert_int_equal(rtt.srtt_us, 110 * MS);
    assert_int_equal(rto_us(), 340 * MS);
    sample(30 * MS);
    assert_int_equal(rtt.rttvar_us, 63125); /* 3/4 * 57.5 + 1/4 * |110 - 30| */
    assert_int_equal(rtt.srtt_us, 100 * MS);
    assert_int_equal(rto_us(), 352500);
}

/* (2.3): the variation is at least the granularity of the clock, 1 ms. */
static void test_steady_samples_keep_the_granularity(void **state)
{
    (void)state;
    config.rto_min_us = 1;
    for (unsigned i = 0; i < 200; i++)
        sample(100 * MS);
    assert_int_equal(rtt.srtt_us, 100 * MS);
    assert_true(4 * rtt.rttvar_us < MS);
    assert_int_equal(rto_us(), 101 * MS);
}

/* (2.4), (2.5). */
static void test_bounds(void **state)
{
    (void)state;
    sample(10 * MS);
    assert_int_equal(rto_us(), 200 * MS);
    te_rtt_init(&rtt, &config);
    sample(50 * SECOND);
    assert_int_equal(rto_us(), 60 * SECOND);
    te_rtt_init(&rtt, &config);
    sample(INT64_MAX);
    assert_int_equal(rtt.srtt_us, 60 * SECOND);
    assert_int_equal(rto_us(), 60 * SECOND);
}

/* A clock that stands still, or runs backwards, does not unlearn that there was a sample. */
static void test_tiny_samples(void **state)
{
    static const int64_t tiny[] = {0, -1, INT64_MIN, 1};
    (void)state;
    for (unsigned i = 0; i < sizeof(tiny) / sizeof(tiny[0]); i++) {
        setup(NULL);
        config.rto_min_us = 1;
        for (unsigned k = 0; k < 100; k++)
            sample(tiny[i]);
        assert_int_equal(rtt.srtt_us, 1);
        assert_int_equal(rto_us(), MS + 1);
    }
}

/* (5.5): doubled with each timeout, up to the maximum. */
static void test_back_off(void **state)
{
    (void)state;
    static const int64_t want[] = {300 * MS,  600 * MS,   1200 * MS,  2400 * MS,  4800 * MS,
                                   9600 * MS, 19200 * MS, 38400 * MS, 60 * SECOND};
    sample(100 * MS);
    for (unsigned i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        assert_int_equal(rto_us(), want[i]);
        back_off(1);
    }
    back_off(1000);
    assert_int_equal(rtt.backoff, TE_RTT_BACKOFF_MAX);
    assert_int_equal(rto_us(), 60 * SECOND);
}

/* The largest timeout doubled as often as it is counted stays within 64 bits. */
static void test_back_off_of_the_largest(void **state)
{
    (void)state;
    config.rto_max_us = UINT32_MAX;
    sample(UINT32_MAX);
    back_off(TE_RTT_BACKOFF_MAX);
    assert_int_equal(rto_us(), UINT32_MAX);
}

/* Backing off is of the timeout alone: what was measured stays, and the next sample counts on. */
static void test_sample_ends_the_backoff(void **state)
{
    (void)state;
    sample(100 * MS);
    back_off(3);
    assert_int_equal(rto_us(), 2400 * MS);
    assert_int_equal(rtt.srtt_us, 100 * MS);
    sample(100 * MS);
    assert_int_equal(rtt.backoff, 0);
    assert_int_equal(rtt.rttvar_us, 37500);
    assert_int_equal(rto_us(), 250 * MS);
}

/* Without a sample (Karn) the backoff stays until it is reset. */
static void test_reset(void **state)
{
    (void)state;
    sample(100 * MS);
    back_off(4);
    te_rtt_reset_backoff(&rtt);
    assert_int_equal(rto_us(), 300 * MS);
    te_rtt_init(&rtt, &config);
    back_off(2);
    assert_int_equal(rto_us(), 4 * SECOND); /* a SYN's */
    te_rtt_reset_backoff(&rtt);
    assert_int_equal(rto_us(), SECOND);
}

/* Bounds that are changed count for a timeout that was computed before. */
static void test_bounds_apply_when_asked(void **state)
{
    (void)state;
    sample(100 * MS);
    config.rto_min_us = SECOND;
    assert_int_equal(rto_us(), SECOND);
    config.rto_min_us = 100 * MS;
    config.rto_max_us = 250 * MS;
    assert_int_equal(rto_us(), 250 * MS);
}

/* A path that becomes ten times as long: within 30 round trips the estimate is within 2 %. */
static void test_follows_the_path(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 100; i++)
        sample(20 * MS);
    for (unsigned i = 0; i < 30; i++)
        sample(200 * MS);
    assert_in_range(rtt.srtt_us, 196 * MS, 200 * MS);
    assert_true(rto_us() > 200 * MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_before_the_first_sample, setup),
        cmocka_unit_test_setup(test_first_sample, setup),
        cmocka_unit_test_setup(test_later_samples, setup),
        cmocka_unit_test_setup(test_steady_samples_keep_the_granularity, setup),
        cmocka_unit_test_setup(test_bounds, setup),
        cmocka_unit_test_setup(test_tiny_samples, setup),
        cmocka_unit_test_setup(test_back_off, setup),
        cmocka_unit_test_setup(test_back_off_of_the_largest, setup),
        cmocka_unit_test_setup(test_sample_ends_the_backoff, setup),
        cmocka_unit_test_setup(test_reset, setup),
        cmocka_unit_test_setup(test_bounds_apply_when_asked, setup),
        cmocka_unit_test_setup(test_follows_the_path, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
