#include "support/test.h"
#include "util/percent.h"

static void rounds_down(void **state)
{
    (void)state;
    assert_int_equal(te_percent_of(0, 50), 0);
    assert_int_equal(te_percent_of(199, 50), 99);
    assert_int_equal(te_percent_of(1, 99), 0);
    assert_int_equal(te_percent_of(100, 170), 170);
    assert_int_equal(te_percent_of(16384, 25), 4096);
}

/* The product of these does not fit. */
static void takes_any_whole(void **state)
{
    (void)state;
    assert_true(te_percent_of(UINT64_MAX, 100) == UINT64_MAX);
    assert_true(te_percent_of(UINT64_MAX, 50) == UINT64_MAX / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounds_down),
        cmocka_unit_test(takes_any_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
