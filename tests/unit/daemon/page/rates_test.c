#include "page/rates.h"
#include "support/test.h"

static int64_t value(json_t *object, const char *name)
{
    json_t *number = json_object_get(object, name);
    assert_true(json_is_integer(number));
    return json_integer_value(number);
}

static void test_per_second(void **state)
{
    struct rates rates = {.last_at_us = 0};
    struct te_counters counters = {.segments_in = 1000, .bytes_out = 5000};
    (void)state;
    json_t *first = rates_json(&rates, &counters, 3, 1000000);
    assert_int_equal(value(first, "segments_in"), 0);
    assert_int_equal(value(first, "closes"), 0);
    json_decref(first);
    counters.segments_in += 10;
    counters.segments_out += 1;
    counters.bytes_in += 7;
    counters.bytes_out += 1500;
    counters.segments_retransmitted += 2;
    counters.active_opens += 1;
    counters.passive_opens += 4;
    json_t *next = rates_json(&rates, &counters, 3, 1250000);
    assert_int_equal(value(next, "segments_in"), 40);
    assert_int_equal(value(next, "segments_out"), 4);
    assert_int_equal(value(next, "bytes_in"), 28);
    assert_int_equal(value(next, "bytes_out"), 6000);
    assert_int_equal(value(next, "retransmits"), 8);
    assert_int_equal(value(next, "opens"), 20);
    assert_int_equal(value(next, "closes"), 12);
    json_decref(next);
}

static void test_rounded(void **state)
{
    struct te_counters counters = {.segments_in = 2};
    struct rates rates = {.last_at_us = 1000000};
    (void)state;
    json_t *json = rates_json(&rates, &counters, 1, 4000000);
    assert_int_equal(value(json, "segments_in"), 1); /* two in three seconds */
    assert_int_equal(value(json, "closes"), 0);
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_per_second),
        cmocka_unit_test(test_rounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
