#include "support/test.h"
#include "util/mix.h"

/* Small numbers, which uids and places are, differ in about half of their bits; none is 0. */
static void small_numbers_are_spread(void **state)
{
    unsigned bits = 0;
    (void)state;
    for (uint64_t i = 0; i < 1000; i++) {
        assert_true(te_mix(i) != 0);
        for (uint64_t differ = te_mix(i) ^ te_mix(i + 1); differ != 0; differ &= differ - 1)
            bits++;
    }
    assert_in_range(bits, 31000, 33000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(small_numbers_are_spread)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
