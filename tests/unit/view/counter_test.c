/* A counter by its name. */
#include "counter.h"

#include "support/test.h"

static const struct tcpc_counter rows[] = {{.name = "bytes_in", .value = 7},
                                           {.name = "bytes_in_order", .value = 5}};
static const struct tcpc_counters counters = {.rows = rows, .count = 2};

static void test_whole_name(void **state)
{
    (void)state;
    assert_int_equal(counter_value(&counters, "bytes_in"), 7);
    assert_int_equal(counter_value(&counters, "bytes_in_order"), 5);
}

static void test_unknown_is_0(void **state)
{
    (void)state;
    assert_int_equal(counter_value(&counters, "bytes"), 0);
    assert_int_equal(counter_value(&(const struct tcpc_counters){.count = 0}, "bytes_in"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_name),
        cmocka_unit_test(test_unknown_is_0),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
