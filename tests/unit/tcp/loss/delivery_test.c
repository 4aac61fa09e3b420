#include "support/test.h"
#include "tcp/loss/delivery.h"
#include "units.h"

#define MSS 1000u
#define RECORDS 16

/* A sender of segments of one MSS, as far as delivery.h cares. */
static struct te_delivery delivery;
static struct te_sent sent[RECORDS];
static uint32_t in_flight;

static int setup(void **state)
{
    (void)state;
    delivery = (struct te_delivery){.delivered_bytes = 0};
    in_flight = 0;
    return 0;
}

static void send_at(unsigned i, int64_t now_us)
{
    uint32_t start = 0xfffffc00u + i * MSS; /* numbers wrap */
    sent[i] = (struct te_sent){.start = start, .end = start + MSS, .sent_at_us = now_us};
    te_delivery_on_send(&delivery, &sent[i], in_flight);
    in_flight += MSS;
}

/* One ACK for the records from first to last. */
static struct te_rate_sample ack_at(unsigned first, unsigned last, int64_t now_us,
                                    int64_t min_rtt_us)
{
    struct te_delivery_sample sample = {.is_valid = false};
    for (unsigned i = first; i <= last; i++) {
        te_delivery_on_delivered(&delivery, &sample, &sent[i], MSS);
        in_flight -= MSS;
    }
    struct te_rate_sample rate;
    te_delivery_finish(&delivery, &sample, now_us, min_rtt_us, &rate);
    return rate;
}

static void test_rate_of_one_flight(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++)
        send_at(i, 1000 * MS);
    assert_int_equal(sent[3].mark.tx_in_flight_bytes, 4 * MSS);
    struct te_rate_sample rate = ack_at(0, 3, 1100 * MS, 100 * MS);
    assert_int_equal(rate.delivered_bytes, 4 * MSS);
    assert_int_equal(rate.interval_us, 100 * MS);
    assert_int_equal(rate.prior_delivered_bytes, 0);
    assert_int_equal(rate.tx_in_flight_bytes, 4 * MSS);
    assert_false(rate.is_app_limited);
    assert_int_equal(delivery.delivered_bytes, 4 * MSS);
}

/* The rate over a flight counts all that was delivered since its segment left, not that segment. */
static void test_rate_counts_since_sending(void **state)
{
    (void)state;
    send_at(0, 1000 * MS);
    send_at(1, 1010 * MS);
    ack_at(0, 0, 1100 * MS, 100 * MS);
    send_at(2, 1100 * MS);
    struct te_rate_sample rate = ack_at(1, 1, 1110 * MS, 100 * MS);
    assert_int_equal(rate.delivered_bytes, 2 * MSS);
    assert_int_equal(rate.prior_delivered_bytes, 0);
    assert_int_equal(rate.interval_us, 110 * MS);
    rate = ack_at(2, 2, 1200 * MS, 100 * MS);
    assert_int_equal(rate.delivered_bytes, 2 * MSS); /* the second and the third */
    assert_int_equal(rate.prior_delivered_bytes, MSS);
    assert_int_equal(rate.interval_us, 100 * MS);
}

/* ACKs that were held up and come together must not make the path look fast: the time it took to
 * send that much is the longer one. */
static void test_compressed_acks_do_not_exaggerate(void **state)
{
    (void)state;
    send_at(0, 1000 * MS);
    ack_at(0, 0, 1020 * MS, 20 * MS);
    send_at(1, 1020 * MS);
    for (unsigned i = 2; i < 10; i++)
        send_at(i, (1020 + 10 * i) * MS);
    ack_at(1, 1, 1125 * MS, 20 * MS);
    struct te_rate_sample rate = ack_at(2, 9, 1126 * MS, 20 * MS);
    assert_int_equal(rate.delivered_bytes, 9 * MSS);
    assert_int_equal(rate.interval_us, 106 * MS); /* since the ACK at 1020, not since the last */
}

static void test_send_interval_when_it_is_longer(void **state)
{
    (void)state;
    send_at(0, 1000 * MS);
    send_at(1, 1001 * MS);
    ack_at(0, 0, 1090 * MS, 5 * MS);
    send_at(2, 1091 * MS);
    ack_at(1, 1, 1092 * MS, 5 * MS);
    send_at(3, 1093 * MS);
    struct te_rate_sample rate = ack_at(2, 2, 1096 * MS, 5 * MS);
    assert_int_equal(rate.delivered_bytes, 2 * MSS);
    assert_int_equal(rate.interval_us,
                     91 * MS); /* sent in 1000..1091, acknowledged in 1090..1096 */
    rate = ack_at(3, 3, 1097 * MS, 5 * MS);
    assert_int_equal(rate.interval_us, 92 * MS); /* from 1001, the latest that was acknowledged */
}

/* The latest sent of what an ACK delivers is what the sample is about, in whatever order they are
 * named: SACK blocks come before the number. */
static void test_sample_is_of_the_latest_sent(void **state)
{
    (void)state;
    send_at(0, 1000 * MS);
    send_at(1, 1010 * MS);
    struct te_delivery_sample sample = {.is_valid = false};
    te_delivery_on_delivered(&delivery, &sample, &sent[1], MSS);
    te_delivery_on_delivered(&delivery, &sample, &sent[0], MSS);
    assert_int_equal(sample.sent_at_us, 1010 * MS);
    assert_int_equal(sample.mark.tx_in_flight_bytes, 2 * MSS);
    assert_int_equal(delivery.delivered_bytes, 2 * MSS);
}

/* Quicker than the path can be: an ACK for an earlier transmission. */
static void test_shorter_than_min_rtt_proves_nothing(void **state)
{
    (void)state;
    send_at(0, 1000 * MS);
    struct te_rate_sample rate = ack_at(0, 0, 1099 * MS, 100 * MS);
    assert_int_equal(rate.interval_us, 0);
    assert_int_equal(delivery.delivered_bytes, MSS); /* it counts all the same */
    send_at(1, 1200 * MS);
    rate = ack_at(1, 1, 1300 * MS, 100 * MS);
    assert_int_equal(rate.interval_us, 100 * MS);
}

static void test_nothing_delivered_no_sample(void **state)
{
    (void)state;
    send_at(0, 1000 * MS);
    struct te_delivery_sample sample = {.is_valid = false};
    struct te_rate_sample rate = {.interval_us = 1};
    te_delivery_finish(&delivery, &sample, 1100 * MS, 0, &rate);
    assert_int_equal(rate.interval_us, 0);
    assert_int_equal(rate.delivered_bytes, 0);
    assert_int_equal(delivery.delivered_at_us, 1000 * MS); /* the flight is measured still */
}

/* A pause of the user is not a slow path: the flight after it is measured from its own start. */
static void test_idle_time_is_not_measured(void **state)
{
    (void)state;
    send_at(0, 1000 * MS);
    ack_at(0, 0, 1100 * MS, 100 * MS);
    send_at(1, 9000 * MS);
    struct te_rate_sample rate = ack_at(1, 1, 9100 * MS, 100 * MS);
    assert_int_equal(rate.interval_us, 100 * MS);
    assert_int_equal(rate.delivered_bytes, MSS);
}

/* What leaves while the user has too little says so, until all of that time is delivered. */
static void test_app_limited_until_delivered(void **state)
{
    (void)state;
    send_at(0, 1000 * MS);
    send_at(1, 1000 * MS);
    te_delivery_app_limited(&delivery, in_flight); /* up to 2 MSS delivered */
    send_at(2, 1010 * MS);
    assert_false(sent[1].mark.is_app_limited);
    assert_true(sent[2].mark.is_app_limited);
    assert_false(ack_at(0, 1, 1100 * MS, 0).is_app_limited);
    assert_int_equal(delivery.app_limited_until_bytes, 2 * MSS);
    send_at(3, 1100 * MS);
    assert_true(sent[3].mark.is_app_limited);
    assert_true(ack_at(2, 2, 1110 * MS, 0).is_app_limited); /* and this one goes beyond it */
    assert_int_equal(delivery.app_limited_until_bytes, 0);
    send_at(4, 1110 * MS);
    assert_false(sent[4].mark.is_app_limited);
}

/* Also before anything was sent. */
static void test_app_limited_from_the_start(void **state)
{
    (void)state;
    te_delivery_app_limited(&delivery, 0);
    send_at(0, 1000 * MS);
    assert_true(sent[0].mark.is_app_limited);
}

static void test_losses_since_sending(void **state)
{
    (void)state;
    delivery.lost_bytes = 5 * MSS;
    send_at(0, 1000 * MS);
    delivery.lost_bytes += 2 * MSS;
    struct te_rate_sample rate = ack_at(0, 0, 1100 * MS, 0);
    assert_int_equal(rate.prior_lost_bytes, 5 * MSS);
    assert_int_equal(rate.lost_bytes, 2 * MSS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_rate_of_one_flight, setup),
        cmocka_unit_test_setup(test_rate_counts_since_sending, setup),
        cmocka_unit_test_setup(test_compressed_acks_do_not_exaggerate, setup),
        cmocka_unit_test_setup(test_send_interval_when_it_is_longer, setup),
        cmocka_unit_test_setup(test_sample_is_of_the_latest_sent, setup),
        cmocka_unit_test_setup(test_shorter_than_min_rtt_proves_nothing, setup),
        cmocka_unit_test_setup(test_nothing_delivered_no_sample, setup),
        cmocka_unit_test_setup(test_idle_time_is_not_measured, setup),
        cmocka_unit_test_setup(test_app_limited_until_delivered, setup),
        cmocka_unit_test_setup(test_app_limited_from_the_start, setup),
        cmocka_unit_test_setup(test_losses_since_sending, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
