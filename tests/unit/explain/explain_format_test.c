#include "explain_format.h"

#include "support/test.h"

#define T_FORMATS(function, value, want)                                                           \
    do {                                                                                           \
        char text[EXPLAIN_NUMBER_MAX];                                                             \
        assert_string_equal(function((value), text), (want));                                      \
    } while (0)

static void durations(void **state)
{
    (void)state;
    T_FORMATS(explain_duration, -1, "0 s");
    T_FORMATS(explain_duration, 0, "0 s");
    T_FORMATS(explain_duration, 850, "850 us");
    T_FORMATS(explain_duration, 250999, "250 ms");
    T_FORMATS(explain_duration, 12450000, "12.4 s");
    T_FORMATS(explain_duration, 59999999, "59.9 s");
    T_FORMATS(explain_duration, 60000000, "1 min");
    T_FORMATS(explain_duration, 860000000, "14 min 20 s");
    T_FORMATS(explain_duration, INT64_C(7500000000), "2 h 5 min");
    T_FORMATS(explain_duration, INT64_C(273600000000), "3 d 4 h");
}

static void bytes(void **state)
{
    (void)state;
    T_FORMATS(explain_bytes, 0, "0 bytes");
    T_FORMATS(explain_bytes, 1, "1 byte");
    T_FORMATS(explain_bytes, 1460, "1,460 bytes");
    T_FORMATS(explain_bytes, 9999, "9,999 bytes");
    T_FORMATS(explain_bytes, 12600, "12.3 KiB");
    T_FORMATS(explain_bytes, 4 << 20, "4.0 MiB");
    T_FORMATS(explain_bytes, UINT64_C(5) << 40, "5.0 TiB");
}

static void numbers(void **state)
{
    (void)state;
    T_FORMATS(explain_number, 999, "999");
    T_FORMATS(explain_number, 1234567, "1,234,567");
    T_FORMATS(explain_ordinal, 1, "1st");
    T_FORMATS(explain_ordinal, 2, "2nd");
    T_FORMATS(explain_ordinal, 3, "3rd");
    T_FORMATS(explain_ordinal, 4, "4th");
    T_FORMATS(explain_ordinal, 11, "11th");
    T_FORMATS(explain_ordinal, 12, "12th");
    T_FORMATS(explain_ordinal, 13, "13th");
    T_FORMATS(explain_ordinal, 22, "22nd");
    T_FORMATS(explain_ordinal, 111, "111th");
    T_FORMATS(explain_times, 1, "once");
    T_FORMATS(explain_times, 2, "twice");
    T_FORMATS(explain_times, 3, "3 times");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations),
        cmocka_unit_test(bytes),
        cmocka_unit_test(numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
