#include <math.h>

#include "support/test.h"
#include "tcp/cc/congestion.h"
#include "tcp/cc/cubic_curve.h"
#include "units.h"

#define MSS 1000u

/* RFC 9438 4.2 with floating point: C * t^3 segments. */
static double exact_bytes(int64_t us, uint32_t mss_bytes)
{
    double seconds = (double)us / 1e6;
    return 0.4 * seconds * seconds * seconds * mss_bytes;
}

static void test_known_points(void **state)
{
    (void)state;
    assert_int_equal(te_cubic_curve_bytes(0, MSS), 0);
    assert_int_equal(te_cubic_curve_bytes(SECOND, MSS), 400);
    assert_int_equal(te_cubic_curve_bytes(-SECOND, MSS), -400);
    assert_int_equal(te_cubic_curve_bytes(10 * SECOND, MSS), 400 * MSS);
    assert_int_equal(te_cubic_curve_bytes(100 * SECOND, MSS), 400000 * MSS);
    assert_int_equal(te_cubic_curve_bytes(-5 * SECOND, 1460), -50 * 1460);
}

/* The error stays below a tenth of a segment over ten minutes, on both sides of the plateau. */
static void test_error(void **state)
{
    (void)state;
    for (int64_t us = 1; us <= 10 * MINUTE; us += us / 97 + 1) {
        double want = exact_bytes(us, MSS);
        assert_true(fabs((double)te_cubic_curve_bytes(us, MSS) - want) < MSS / 10.0);
        assert_true(te_cubic_curve_bytes(-us, MSS) == -te_cubic_curve_bytes(us, MSS));
    }
}

static void test_is_monotonic(void **state)
{
    (void)state;
    int64_t last = INT64_MIN;
    for (int64_t us = -600 * SECOND; us <= 600 * SECOND; us += 99991) {
        int64_t bytes = te_cubic_curve_bytes(us, 1460);
        assert_true(bytes >= last);
        last = bytes;
    }
}

/* Beyond the limit it stays as it is, and that is beyond any window. */
static void test_time_is_clamped(void **state)
{
    (void)state;
    int64_t most = te_cubic_curve_bytes(TE_CUBIC_CURVE_MAX_US, 65535);
    assert_true(most > 0);
    assert_true(te_cubic_curve_bytes(TE_CUBIC_CURVE_MAX_US + 1, 65535) == most);
    assert_true(te_cubic_curve_bytes(INT64_MAX, 65535) == most);
    assert_true(te_cubic_curve_bytes(-INT64_MAX, 65535) == -most);
    assert_true(te_cubic_curve_bytes(INT64_MAX, 88) > (int64_t)TE_CWND_MAX_BYTES);
}

static void test_k_known_points(void **state)
{
    (void)state;
    assert_int_equal(te_cubic_curve_k_us(0, MSS), 0);
    /* K = cbrt(400 / 0.4) = 10 s: the reduction by 0.3 of a window of 1,333 segments. */
    assert_in_range(te_cubic_curve_k_us(400 * MSS, MSS), 10 * SECOND - 1000, 10 * SECOND);
    assert_in_range(te_cubic_curve_k_us(400, MSS), SECOND - 2000, SECOND);
}

/* K is the inverse, to the microsecond: at K before the plateau the curve is that far below, one
 * microsecond later it is not. */
static void test_k_inverts_the_curve(void **state)
{
    static const uint32_t sizes[] = {88, 536, 1460, 8960, 65495};
    (void)state;
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (uint32_t below = 1; below < TE_CWND_MAX_BYTES; below += below / 3 + 1) {
            int64_t k_us = te_cubic_curve_k_us(below, sizes[i]);
            assert_true(-te_cubic_curve_bytes(-k_us, sizes[i]) >= below);
            assert_true(-te_cubic_curve_bytes(-(k_us - 1), sizes[i]) < below);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_points),   cmocka_unit_test(test_error),
        cmocka_unit_test(test_is_monotonic),   cmocka_unit_test(test_time_is_clamped),
        cmocka_unit_test(test_k_known_points), cmocka_unit_test(test_k_inverts_the_curve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
