#include <stdlib.h>

#include "support/test.h"
#include "watch/latency.h"

#define ID UINT64_C(7)

static int setup(void **state)
{
    *state = calloc(1, sizeof(struct latency));
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static void move(struct latency *latency, uint64_t id, enum te_state from, enum te_state to,
                 int64_t time_us)
{
    const struct te_transition transition = {.time_us = time_us, .from = from, .to = to};
    latency_on_transition(latency, id, &transition);
}

/* --- histogram -------------------------------------------------------------------------------- */

static void test_bounds_rise(void **state)
{
    (void)state;
    assert_true(histogram_bounds_us[0] > 0);
    for (unsigned i = 1; i < HISTOGRAM_BUCKETS; i++)
        assert_true(histogram_bounds_us[i] > histogram_bounds_us[i - 1]);
}

/* Prometheus' le is "less or equal": a bound belongs to its own bucket. */
static void test_bound_is_in_its_bucket_and_one_more_is_not(void **state)
{
    (void)state;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        struct histogram histogram = {0};
        histogram_observe(&histogram, histogram_bounds_us[i]);
        assert_int_equal(histogram.counts[i], 1);
        histogram_observe(&histogram, histogram_bounds_us[i] + 1);
        assert_int_equal(histogram.counts[i + 1], 1);
        assert_int_equal(histogram_count(&histogram), 2);
        assert_int_equal(histogram.sum_us, 2 * histogram_bounds_us[i] + 1);
    }
}

static void test_beyond_all_bounds_and_below_zero(void **state)
{
    struct histogram histogram = {0};
    (void)state;
    histogram_observe(&histogram, INT64_MAX);
    assert_int_equal(histogram.counts[HISTOGRAM_BUCKETS], 1);
    histogram = (struct histogram){0};
    histogram_observe(&histogram, -5); /* a clock that went back: no time, and no huge sum */
    assert_int_equal(histogram.counts[0], 1);
    assert_int_equal(histogram.sum_us, 0);
}

/* --- handshakes ------------------------------------------------------------------------------- */

static void assert_one_handshake(const struct latency *latency, int64_t us)
{
    assert_int_equal(histogram_count(&latency->handshake), 1);
    assert_int_equal(latency->handshake.sum_us, us);
}

static void test_active_and_passive_openings(void **state)
{
    struct latency *latency = *state;
    move(latency, ID, TE_CLOSED, TE_SYN_SENT, 1000);
    assert_int_equal(histogram_count(&latency->handshake), 0);
    move(latency, ID, TE_SYN_SENT, TE_ESTABLISHED, 31000);
    assert_one_handshake(latency, 30000);
    move(latency, ID + 1, TE_LISTEN, TE_SYN_RCVD, 50000);
    move(latency, ID + 1, TE_SYN_RCVD, TE_ESTABLISHED, 50070);
    assert_int_equal(histogram_count(&latency->handshake), 2);
    assert_int_equal(latency->handshake.sum_us, 30070);
}

/* RFC 9293 figure 5: a simultaneous open passes through both; the time runs from the first. */
static void test_simultaneous_open_counts_from_syn_sent(void **state)
{
    struct latency *latency = *state;
    move(latency, ID, TE_CLOSED, TE_SYN_SENT, 1000);
    move(latency, ID, TE_SYN_SENT, TE_SYN_RCVD, 9000);
    move(latency, ID, TE_SYN_RCVD, TE_ESTABLISHED, 21000);
    assert_one_handshake(latency, 20000);
}

static void test_failed_opening_is_no_handshake(void **state)
{
    struct latency *latency = *state;
    move(latency, ID, TE_CLOSED, TE_SYN_SENT, 1000);
    move(latency, ID, TE_SYN_SENT, TE_CLOSED, 2000);
    move(latency, ID, TE_CLOSE_WAIT, TE_ESTABLISHED, 3000); /* the start is forgotten */
    assert_int_equal(histogram_count(&latency->handshake), 0);
}

static void test_close_before_established_is_no_handshake(void **state)
{
    struct latency *latency = *state;
    move(latency, ID, TE_LISTEN, TE_SYN_RCVD, 1000);
    move(latency, ID, TE_SYN_RCVD, TE_FIN_WAIT_1, 2000);
    assert_int_equal(histogram_count(&latency->handshake), 0);
}

/* Two openings in one place: the later one counts, and the earlier one does not borrow its start.
 */
static void test_of_two_in_one_place_the_later_counts(void **state)
{
    struct latency *latency = *state;
    uint64_t other = ID + LATENCY_OPENINGS_MAX;
    move(latency, ID, TE_CLOSED, TE_SYN_SENT, 1000);
    move(latency, other, TE_CLOSED, TE_SYN_SENT, 5000);
    move(latency, ID, TE_SYN_SENT, TE_ESTABLISHED, 6000);
    assert_int_equal(histogram_count(&latency->handshake), 0);
    move(latency, other, TE_SYN_SENT, TE_ESTABLISHED, 8000);
    assert_one_handshake(latency, 3000);
}

static void test_neighbours_in_the_table_do_not_disturb(void **state)
{
    struct latency *latency = *state;
    for (uint64_t id = 1; id <= LATENCY_OPENINGS_MAX; id++)
        move(latency, id, TE_CLOSED, TE_SYN_SENT, (int64_t)id);
    for (uint64_t id = 1; id <= LATENCY_OPENINGS_MAX; id++)
        move(latency, id, TE_SYN_SENT, TE_ESTABLISHED, (int64_t)id + 40);
    assert_int_equal(latency->handshake.counts[0], LATENCY_OPENINGS_MAX);
    assert_int_equal(latency->handshake.sum_us, 40 * LATENCY_OPENINGS_MAX);
}

static void test_other_events_are_passed_over(void **state)
{
    struct latency *latency = *state;
    const struct te_event event = {
        .kind = TE_EVENT_READY, .id = ID, .transition = {.from = TE_ESTABLISHED}};
    latency_on_event(latency, &event, NULL); /* would ask the stack otherwise */
    assert_int_equal(histogram_count(&latency->handshake), 0);
    assert_int_equal(histogram_count(&latency->rtt), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_bounds_rise),
        TEST(test_bound_is_in_its_bucket_and_one_more_is_not),
        TEST(test_beyond_all_bounds_and_below_zero),
        TEST(test_active_and_passive_openings),
        TEST(test_simultaneous_open_counts_from_syn_sent),
        TEST(test_failed_opening_is_no_handshake),
        TEST(test_close_before_established_is_no_handshake),
        TEST(test_of_two_in_one_place_the_later_counts),
        TEST(test_neighbours_in_the_table_do_not_disturb),
        TEST(test_other_events_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
