#include "support/test.h"
#include "util/clock.h"

static void both_show_the_same_time(void **state)
{
    (void)state;
    int64_t first_ns = clock_monotonic_ns();
    int64_t between_us = clock_monotonic_us();
    int64_t last_ns = clock_monotonic_ns();
    assert_true(first_ns > 0 && first_ns / 1000 <= between_us && between_us <= last_ns / 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_show_the_same_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
