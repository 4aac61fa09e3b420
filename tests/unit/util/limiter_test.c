#include "support/test.h"
#include "units.h"
#include "util/limiter.h"

static const struct te_siphash_key key = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};

/* How many of tries are allowed at one moment. */
static unsigned take(struct te_limiter *limiter, uint32_t per_second, unsigned tries,
                     int64_t now_us)
{
    unsigned taken = 0;
    for (unsigned i = 0; i < tries; i++)
        taken += te_limiter_take(limiter, per_second, &key, now_us);
    return taken;
}

static void test_zero_allows_nothing(void **state)
{
    struct te_limiter limiter = {0};
    (void)state;
    for (int64_t now_us = 1; now_us < 10 * SECOND; now_us += SECOND / 3)
        assert_int_equal(take(&limiter, 0, 10, now_us), 0);
}

static void test_one(void **state)
{
    struct te_limiter limiter = {0};
    (void)state;
    assert_false(te_limiter_is_spent(&limiter, SECOND)); /* nobody has asked yet */
    assert_int_equal(take(&limiter, 1, 10, SECOND), 1);
    assert_int_equal(take(&limiter, 1, 10, 2 * SECOND - 1), 0);
    assert_true(te_limiter_is_spent(&limiter, 2 * SECOND - 1));
    assert_false(te_limiter_is_spent(&limiter, 2 * SECOND));
    assert_int_equal(take(&limiter, 1, 10, 2 * SECOND), 1);
}

/* A clock may start anywhere: a second that began at time 0 is one like any other. */
static void test_time_zero(void **state)
{
    static const int64_t births_us[] = {0, -1, -10 * SECOND, 1};
    (void)state;
    for (unsigned i = 0; i < sizeof(births_us) / sizeof(births_us[0]); i++) {
        struct te_limiter limiter = {0};
        assert_int_equal(take(&limiter, 1, 10, births_us[i]), 1);
        assert_int_equal(take(&limiter, 1, 10, births_us[i]), 0);
        assert_int_equal(take(&limiter, 1, 10, births_us[i] + SECOND - 1), 0);
        assert_int_equal(take(&limiter, 1, 10, births_us[i] + SECOND), 1);
    }
}

/* RFC 5961 7: within a second never more than the limit, and never less than half of it. */
static void test_half_is_certain(void **state)
{
    static const uint32_t limits[] = {2, 3, 10, 99, 1000};
    (void)state;
    for (unsigned i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        struct te_limiter limiter = {0};
        for (int64_t second = 1; second < 200; second++) {
            unsigned taken = take(&limiter, limits[i], limits[i] + 10, second * SECOND);
            assert_in_range(taken, limits[i] - limits[i] / 2, limits[i]);
            assert_int_equal(take(&limiter, limits[i], 1, (second + 1) * SECOND - 1), 0);
        }
    }
}

/* The budget differs from second to second, both bounds included, and with the key. */
static void test_budget_is_random(void **state)
{
    struct te_limiter limiter = {0};
    bool seen[11] = {false};
    (void)state;
    for (int64_t second = 1; second < 200; second++)
        seen[take(&limiter, 10, 20, second * SECOND)] = true;
    for (unsigned budget = 5; budget <= 10; budget++)
        assert_true(seen[budget]);

    static const struct te_siphash_key other = {{0x5a}};
    unsigned differ = 0;
    for (int64_t second = 1; second < 50; second++) {
        struct te_limiter a = {0}, b = {0};
        te_limiter_take(&a, 1000, &key, second * SECOND);
        te_limiter_take(&b, 1000, &other, second * SECOND);
        differ += a.left != b.left;
    }
    assert_true(differ > 40);
}

/* A second begins with the first use after the last one ended, not on a grid. */
static void test_second_begins_with_use(void **state)
{
    struct te_limiter limiter = {0};
    (void)state;
    assert_true(take(&limiter, 4, 10, 1500 * MS) >= 2);
    assert_int_equal(take(&limiter, 4, 10, 2499 * MS), 0);
    assert_true(take(&limiter, 4, 10, 2700 * MS) >= 2);
    assert_int_equal(limiter.second_start_us, 2700 * MS);
    assert_int_equal(take(&limiter, 4, 10, 3699 * MS), 0);
}

/* What is not used up is not carried over. */
static void test_budget_is_not_saved_up(void **state)
{
    struct te_limiter limiter = {0};
    (void)state;
    assert_int_equal(take(&limiter, 10, 1, SECOND), 1);
    assert_true(take(&limiter, 10, 100, 60 * SECOND) <= 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zero_allows_nothing),
        cmocka_unit_test(test_one),
        cmocka_unit_test(test_time_zero),
        cmocka_unit_test(test_half_is_certain),
        cmocka_unit_test(test_budget_is_random),
        cmocka_unit_test(test_second_begins_with_use),
        cmocka_unit_test(test_budget_is_not_saved_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
