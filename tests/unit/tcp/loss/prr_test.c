#include "support/test.h"
#include "tcp/cc/congestion.h"
#include "tcp/loss/prr.h"

#define MSS 1000u
#define SSTHRESH (10 * MSS)
#define FLIGHT (20 * MSS)

/* A recovery as in the examples of RFC 6937 3.1: a flight of 20, ssthresh 10; pipe is kept as its
 * sender would. */
static struct te_prr prr;
static uint32_t pipe_bytes;

static void start(uint32_t pipe_before)
{
    te_prr_start(&prr, FLIGHT);
    pipe_bytes = pipe_before;
}

/* An ACK that delivers one segment; sends what it allows and returns how many segments that was. */
static uint32_t ack_and_send(bool is_safe)
{
    pipe_bytes -= MSS;
    const struct te_prr_ack ack = {
        .delivered_bytes = MSS,
        .flight_bytes = pipe_bytes,
        .ssthresh_bytes = SSTHRESH,
        .mss_bytes = MSS,
        .is_safe = is_safe,
    };
    uint32_t cwnd = te_prr_on_ack(&prr, &ack);
    uint32_t segments = 0;
    for (; pipe_bytes + MSS <= cwnd; pipe_bytes += MSS, segments++)
        te_prr_on_send(&prr, MSS);
    return segments;
}

/* The first diagram of RFC 6937 3.1: after the retransmission a segment leaves for every second
 * ACK until pipe is at ssthresh, without half a window of silence. */
static void test_single_loss_halves_evenly(void **state)
{
    (void)state;
    start(19 * MSS); /* the lost one is taken off */
    assert_int_equal(ack_and_send(true), 1);
    assert_int_equal(ack_and_send(true), 0);
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(ack_and_send(true), 0); /* half a segment is due */
        assert_int_equal(ack_and_send(true), 1);
        assert_true(pipe_bytes > SSTHRESH);
    }
    assert_int_equal(ack_and_send(true), 0);
    assert_int_equal(ack_and_send(true), 0);
    assert_int_equal(pipe_bytes, SSTHRESH);
    assert_int_equal(prr.out_bytes, 7 * MSS);
    assert_int_equal(ack_and_send(true), 1); /* from here on it is kept */
    assert_int_equal(pipe_bytes, SSTHRESH);
}

/* The second one, 15 of 20 lost: SSRB grows by one segment an ACK ... */
static void test_heavy_loss_slow_starts_when_safe(void **state)
{
    (void)state;
    start(5 * MSS);
    for (uint32_t pipe_after = 6; pipe_after <= 8; pipe_after++) {
        assert_int_equal(ack_and_send(true), 2);
        assert_int_equal(pipe_bytes, pipe_after * MSS);
    }
    for (unsigned i = 0; i < 10; i++)
        ack_and_send(true);
    assert_int_equal(pipe_bytes, SSTHRESH); /* never beyond */
}

/* All that was in flight was found lost at once; then a window of new data left, and ssthresh, two
 * segments at the least, is less than that. */
static void test_no_flight_before_is_no_licence(void **state)
{
    (void)state;
    te_prr_start(&prr, 0);
    const struct te_prr_ack ack = {.delivered_bytes = MSS,
                                   .flight_bytes = 3 * MSS,
                                   .ssthresh_bytes = 2 * MSS,
                                   .mss_bytes = MSS};
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(te_prr_on_ack(&prr, &ack), 4 * MSS);
        te_prr_on_send(&prr, MSS);
    }
}

/* ... and CRB puts in what has come out. */
static void test_heavy_loss_conserves_otherwise(void **state)
{
    (void)state;
    start(5 * MSS);
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(ack_and_send(false), 1);
        assert_int_equal(pipe_bytes, 5 * MSS);
    }
}

/* What was not sent when it was allowed is banked, up to ssthresh. */
static void test_unused_sending_is_banked(void **state)
{
    (void)state;
    start(5 * MSS);
    assert_int_equal(ack_and_send(false), 1);
    const struct te_prr_ack pause = {
        .delivered_bytes = 3 * MSS,
        .flight_bytes = 2 * MSS,
        .ssthresh_bytes = SSTHRESH,
        .mss_bytes = MSS,
    };
    assert_int_equal(te_prr_on_ack(&prr, &pause), 5 * MSS); /* and nothing is sent */
    pipe_bytes = 2 * MSS;
    assert_int_equal(ack_and_send(false), 4);
    assert_int_equal(pipe_bytes, 5 * MSS);
}

/* The retransmission itself leaves, however little the ACK delivered; later nothing is forced. */
static void test_first_retransmission_always_leaves(void **state)
{
    (void)state;
    start(0);
    struct te_prr_ack ack = {
        .delivered_bytes = 1,
        .flight_bytes = 19 * MSS,
        .ssthresh_bytes = SSTHRESH,
        .mss_bytes = MSS,
    };
    assert_int_equal(te_prr_on_ack(&prr, &ack), 20 * MSS);
    te_prr_on_send(&prr, MSS);
    assert_int_equal(te_prr_on_ack(&prr, &ack), 19 * MSS);
}

/* CEIL of RFC 6937 3: a fraction is due as a whole byte. */
static void test_rounds_up(void **state)
{
    (void)state;
    te_prr_start(&prr, 3 * MSS);
    te_prr_on_send(&prr, 1);
    const struct te_prr_ack ack = {
        .delivered_bytes = MSS,
        .flight_bytes = 2 * MSS,
        .ssthresh_bytes = MSS,
        .mss_bytes = MSS,
    };
    assert_int_equal(te_prr_on_ack(&prr, &ack), 2 * MSS + 334 - 1);
}

/* Also without anything in flight, and with a window that may hold nothing. */
static void test_never_less_than_a_segment(void **state)
{
    (void)state;
    te_prr_start(&prr, 0); /* no division by zero */
    te_prr_on_send(&prr, MSS);
    struct te_prr_ack ack = {.delivered_bytes = 0, .mss_bytes = MSS, .ssthresh_bytes = 1};
    assert_int_equal(te_prr_on_ack(&prr, &ack), MSS);
    ack.flight_bytes = 2;
    assert_int_equal(te_prr_on_ack(&prr, &ack), MSS);
}

/* The largest windows do not overflow: delivered times ssthresh has 60 bits and more. */
static void test_largest_windows(void **state)
{
    (void)state;
    te_prr_start(&prr, 1u << 30);
    const struct te_prr_ack ack = {
        .delivered_bytes = 1u << 29,
        .flight_bytes = (1u << 30) - 1,
        .ssthresh_bytes = 1u << 29,
        .mss_bytes = MSS,
    };
    assert_int_equal(te_prr_on_ack(&prr, &ack), TE_CWND_MAX_BYTES);
    const struct te_prr_ack beyond = {
        .delivered_bytes = UINT32_MAX,
        .flight_bytes = UINT32_MAX,
        .ssthresh_bytes = UINT32_MAX - 1,
        .mss_bytes = MSS,
    };
    assert_int_equal(te_prr_on_ack(&prr, &beyond), TE_CWND_MAX_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_single_loss_halves_evenly),
        cmocka_unit_test(test_heavy_loss_slow_starts_when_safe),
        cmocka_unit_test(test_no_flight_before_is_no_licence),
        cmocka_unit_test(test_heavy_loss_conserves_otherwise),
        cmocka_unit_test(test_unused_sending_is_banked),
        cmocka_unit_test(test_first_retransmission_always_leaves),
        cmocka_unit_test(test_rounds_up),
        cmocka_unit_test(test_never_less_than_a_segment),
        cmocka_unit_test(test_largest_windows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
