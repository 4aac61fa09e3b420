/* --since. */
#include <stdlib.h>
#include <time.h>

#include "since.h"
#include "support/test.h"
#include "units.h"

/* 2026-03-01 12:00:00 UTC */
#define NOW_US (INT64_C(1772366400) * SECOND)

static int64_t since(const char *text)
{
    int64_t us = -1;
    assert_true(since_parse(text, NOW_US, &us));
    return us - NOW_US;
}

static void so_long_ago(void **state)
{
    (void)state;
    assert_int_equal(since("90"), -90 * SECOND);
    assert_int_equal(since("0.5s"), -SECOND / 2);
    assert_int_equal(since("5min"), -300 * SECOND);
    assert_int_equal(since("5 m"), -300 * SECOND);
    assert_int_equal(since("2h"), -7200 * SECOND);
    assert_int_equal(since("1d"), -86400 * SECOND);
    assert_int_equal(since("all"), -NOW_US);
}

static void a_time_of_the_day(void **state)
{
    (void)state;
    assert_int_equal(since("11:30"), -1800 * SECOND);
    assert_int_equal(since("11:59:59"), -SECOND);
    assert_int_equal(since("12:00:01"), -86399 * SECOND); /* yesterday's */
}

static void a_date(void **state)
{
    (void)state;
    assert_int_equal(since("2026-03-01"), -43200 * SECOND);
    assert_int_equal(since("2026-02-28 12:00"), -86400 * SECOND);
    assert_int_equal(since("2026-03-01T11:59:30"), -30 * SECOND);
}

static void nothing_else(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",       "now", "-5",   "5x",         "25:00", "5 min ago",
                                        "12:00x", "nan", "1e99", "2026-13-01", "inf"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        int64_t us = 7;
        assert_false(since_parse(wrong[i], NOW_US, &us));
        assert_int_equal(us, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(so_long_ago),
        cmocka_unit_test(a_time_of_the_day),
        cmocka_unit_test(a_date),
        cmocka_unit_test(nothing_else),
    };
    setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
