#include <stdlib.h>
#include <string.h>
#include <tcpengine/counters.h>

#include "support/test.h"

static void test_table_covers_the_struct(void **state)
{
    size_t count = 0;
    const struct te_counter_info *table = te_counter_table(&count);
    (void)state;
    assert_int_equal(count * sizeof(uint64_t), sizeof(struct te_counters));
    for (size_t i = 0; i < count; i++)
        assert_int_equal(table[i].offset, i * sizeof(uint64_t));
    assert_string_equal(table[0].name, "active_opens");
    assert_string_equal(table[count - 1].name, "control_queue_full");
}

static void test_names_serve_as_metric_names(void **state)
{
    size_t count = 0;
    const struct te_counter_info *table = te_counter_table(&count);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(table[i].name);
        assert_int_equal(strspn(table[i].name, "abcdefghijklmnopqrstuvwxyz0123456789_"), len);
        assert_true(len > 0 && strlen(table[i].help) > 5);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(table[i].name, table[k].name);
    }
}

static void test_offset_finds_the_field(void **state)
{
    struct te_counters counters = {.frames_in = 42};
    size_t count = 0, found = 0;
    const struct te_counter_info *table = te_counter_table(&count);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        uint64_t value;
        memcpy(&value, (const uint8_t *)&counters + table[i].offset, sizeof(value));
        assert_int_equal(value, strcmp(table[i].name, "frames_in") == 0 ? 42 : 0);
        found += value == 42;
    }
    assert_int_equal(found, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_covers_the_struct),
        cmocka_unit_test(test_names_serve_as_metric_names),
        cmocka_unit_test(test_offset_finds_the_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
