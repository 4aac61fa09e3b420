#include <string.h>

#include "support/random.h"
#include "support/test.h"
#include "tcp/conn/tally.h"
#include "units.h"

/* --- ages ------------------------------------------------------------------------------------- */

static struct te_ages ages;

static int setup(void **state)
{
    (void)state;
    memset(&ages, 0, sizeof(ages));
    return 0;
}

static void assert_ages(int64_t now_us, const uint32_t want[TE_AGE_BOUNDS + 1])
{
    struct te_age_histogram read;
    te_ages_read(&ages, now_us, &read);
    for (unsigned i = 0; i <= TE_AGE_BOUNDS; i++)
        if (read.counts[i] != want[i])
            fail_msg("bucket %u: %u, not %u", i, read.counts[i], want[i]);
}

static void the_bounds(void **state)
{
    static const uint32_t want[TE_AGE_BOUNDS] = {1, 5, 15, 60, 300, 900, 3600};
    (void)state;
    assert_memory_equal(te_age_bounds_s(), want, sizeof(want));
}

static void an_age_grows(void **state)
{
    (void)state;
    te_ages_enter(&ages, 10 * SECOND + 5, 10 * SECOND + 5);
    assert_ages(10 * SECOND + 5, (uint32_t[]){1, 0, 0, 0, 0, 0, 0, 0});
    assert_ages(11 * SECOND, (uint32_t[]){1, 0, 0, 0, 0, 0, 0, 0});
    assert_ages(12 * SECOND, (uint32_t[]){0, 1, 0, 0, 0, 0, 0, 0});
    assert_ages(15 * SECOND, (uint32_t[]){0, 1, 0, 0, 0, 0, 0, 0});
    assert_ages(25 * SECOND, (uint32_t[]){0, 0, 1, 0, 0, 0, 0, 0});
    assert_ages(70 * SECOND, (uint32_t[]){0, 0, 0, 1, 0, 0, 0, 0});
    assert_ages(310 * SECOND, (uint32_t[]){0, 0, 0, 0, 1, 0, 0, 0});
    assert_ages(910 * SECOND, (uint32_t[]){0, 0, 0, 0, 0, 1, 0, 0});
    assert_ages(3610 * SECOND, (uint32_t[]){0, 0, 0, 0, 0, 0, 1, 0});
    assert_ages(3611 * SECOND, (uint32_t[]){0, 0, 0, 0, 0, 0, 0, 1});
    te_ages_leave(&ages, 10 * SECOND + 5, 9000 * SECOND);
    assert_ages(9000 * SECOND, (uint32_t[TE_AGE_BOUNDS + 1]){0});
}

static void the_sum_of_ages(void **state)
{
    struct te_age_histogram read;
    (void)state;
    te_ages_enter(&ages, 1500, 1500);
    te_ages_enter(&ages, 2 * SECOND, 2 * SECOND);
    te_ages_read(&ages, 5 * SECOND, &read);
    assert_int_equal(read.total_us, 5 * SECOND - 1500 + 3 * SECOND);
    te_ages_leave(&ages, 1500, 6 * SECOND);
    te_ages_read(&ages, 7 * SECOND, &read);
    assert_int_equal(read.total_us, 5 * SECOND);
}

/* What a restore brings: older than the ring goes back. */
static void one_that_entered_long_ago(void **state)
{
    (void)state;
    te_ages_enter(&ages, SECOND, 100000 * SECOND);
    te_ages_enter(&ages, 99000 * SECOND, 100000 * SECOND);
    assert_ages(100000 * SECOND, (uint32_t[]){0, 0, 0, 0, 0, 0, 1, 1});
    te_ages_leave(&ages, SECOND, 100000 * SECOND);
    assert_ages(100000 * SECOND, (uint32_t[]){0, 0, 0, 0, 0, 0, 1, 0});
}

#define MEMBERS 500

/* The truth, by looking at each. */
static void recount(const int64_t *entered_us, int64_t now_us, uint32_t counts[TE_AGE_BOUNDS + 1])
{
    memset(counts, 0, (TE_AGE_BOUNDS + 1) * sizeof(counts[0]));
    for (unsigned i = 0; i < MEMBERS; i++) {
        unsigned bucket = 0;
        if (entered_us[i] < 0)
            continue;
        int64_t age_s = now_us / SECOND - entered_us[i] / SECOND;
        while (bucket < TE_AGE_BOUNDS && age_s > te_age_bounds_s()[bucket])
            bucket++;
        counts[bucket]++;
    }
}

static void any_coming_and_going(void **state)
{
    static int64_t entered_us[MEMBERS];
    uint64_t random = 4711;
    int64_t now_us = 77 * SECOND;
    uint32_t want[TE_AGE_BOUNDS + 1];
    (void)state;
    for (unsigned i = 0; i < MEMBERS; i++)
        entered_us[i] = -1;
    for (unsigned step = 0; step < 40000; step++) {
        int64_t *one = &entered_us[random_next(&random) % MEMBERS];
        if (*one >= 0)
            te_ages_leave(&ages, *one, now_us);
        else
            te_ages_enter(&ages, now_us, now_us);
        *one = *one >= 0 ? -1 : now_us;
        bool jumps = random_next(&random) % 4000 == 0; /* as after a night without traffic */
        now_us += (int64_t)(random_next(&random) % (jumps ? 9000 * SECOND : 3 * SECOND));
        recount(entered_us, now_us, want);
        assert_ages(now_us, want);
    }
}

/* --- sizes ------------------------------------------------------------------------------------ */

static void sizes_by_powers_of_two(void **state)
{
    static const struct {
        uint32_t len, bound;
    } cases[] = {{0, 0},       {1, 1},         {2, 2},         {3, 4},
                 {4, 4},       {5, 8},         {8, 8},         {9, 16},
                 {1024, 1024}, {1025, 2048},   {1460, 2048},   {2048, 2048},
                 {2049, 4096}, {32769, 65536}, {65535, 65536}, {65536, 65536}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct te_size_histogram sizes = {{0}, 0};
        te_size_note(&sizes, cases[i].len, 0);
        for (unsigned bucket = 0; bucket < TE_SIZE_BUCKETS; bucket++)
            assert_int_equal(sizes.counts[bucket], te_size_bound_bytes(bucket) == cases[i].bound);
        assert_int_equal(sizes.total_bytes, cases[i].len);
    }
}

static void a_frame_of_many_segments(void **state)
{
    struct te_size_histogram sizes = {{0}, 0};
    (void)state;
    te_size_note(&sizes, 3 * 1448 + 100, 1448);
    assert_int_equal(sizes.counts[te_size_bucket(1448)], 3);
    assert_int_equal(sizes.counts[te_size_bucket(100)], 1);
    te_size_note(&sizes, 2 * 1448, 1448);
    assert_int_equal(sizes.counts[te_size_bucket(1448)], 5);
    assert_int_equal(sizes.counts[0], 0);
    te_size_note(&sizes, 1448, 1448);
    assert_int_equal(sizes.counts[te_size_bucket(1448)], 6);
    te_size_note(&sizes, 7, 1448);
    assert_int_equal(sizes.counts[te_size_bucket(7)], 1);
    assert_int_equal(sizes.total_bytes, 6 * 1448 + 107);
}

/* --- holds ------------------------------------------------------------------------------------ */

static void intervals_that_go_on(void **state)
{
    struct te_hold_sum sum = {{0}, {0}};
    (void)state;
    te_hold_sum_begin(&sum, TE_HOLD_CWND, 1000);
    te_hold_sum_begin(&sum, TE_HOLD_CWND, 1500);
    assert_int_equal(sum.us[TE_HOLD_CWND] + sum.senders[TE_HOLD_CWND] * UINT64_C(2000), 1500);
    te_hold_sum_end(&sum, TE_HOLD_CWND, 3000);
    te_hold_sum_end(&sum, TE_HOLD_CWND, 3100);
    assert_int_equal(sum.us[TE_HOLD_CWND], 3600);
    assert_int_equal(sum.senders[TE_HOLD_CWND], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_bounds, setup),
        cmocka_unit_test_setup(an_age_grows, setup),
        cmocka_unit_test_setup(the_sum_of_ages, setup),
        cmocka_unit_test_setup(one_that_entered_long_ago, setup),
        cmocka_unit_test_setup(any_coming_and_going, setup),
        cmocka_unit_test(sizes_by_powers_of_two),
        cmocka_unit_test(a_frame_of_many_segments),
        cmocka_unit_test(intervals_that_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
