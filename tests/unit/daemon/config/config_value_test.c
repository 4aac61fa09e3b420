#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_value.h"
#include "support/test.h"
#include "units.h"

static void test_value_parse(void **state)
{
    static const struct {
        const char *text;
        const struct value_unit *units;
        int64_t scale;
        enum value_err err;
        int64_t value;
    } rows[] = {
        {"0", NULL, 1, VALUE_OK, 0},
        {"1500", NULL, 1, VALUE_OK, 1500},
        {"", NULL, 1, VALUE_ERR_NUMBER, 0},
        {"x", NULL, 1, VALUE_ERR_NUMBER, 0},
        {"-1", NULL, 1, VALUE_ERR_NUMBER, 0},
        {" 1", NULL, 1, VALUE_ERR_NUMBER, 0},
        {"1x", NULL, 1, VALUE_ERR_UNIT, 0},
        {"1K", NULL, 1, VALUE_ERR_UNIT, 0},
        {"1.5", NULL, 1, VALUE_ERR_FRACTION, 0},
        {"1.0", NULL, 1, VALUE_OK, 1},
        {"9223372036854775807", NULL, 1, VALUE_OK, INT64_MAX},
        {"9223372036854775808", NULL, 1, VALUE_ERR_TOO_BIG, 0},
        {"99999999999999999999999", NULL, 1, VALUE_ERR_TOO_BIG, 0},
        {"30", value_units_duration, SECOND, VALUE_OK, 30 * SECOND},
        {"30", value_units_duration, 1000, VALUE_OK, 30000},
        {"0.05", value_units_duration, SECOND, VALUE_OK, 50000},
        {"0.5s", value_units_duration, SECOND, VALUE_OK, 500000},
        {"200ms", value_units_duration, SECOND, VALUE_OK, 200000},
        {"200 ms", value_units_duration, SECOND, VALUE_OK, 200000},
        {"7us", value_units_duration, SECOND, VALUE_OK, 7},
        {"1.5min", value_units_duration, SECOND, VALUE_OK, 90 * SECOND},
        {"2h", value_units_duration, SECOND, VALUE_OK, 7200 * SECOND},
        {"0.0000001", value_units_duration, SECOND, VALUE_ERR_FRACTION, 0},
        {"0.5us", value_units_duration, SECOND, VALUE_ERR_FRACTION, 0},
        {"1.", value_units_duration, SECOND, VALUE_ERR_NUMBER, 0},
        {".5", value_units_duration, SECOND, VALUE_ERR_NUMBER, 0},
        {"5m", value_units_duration, SECOND, VALUE_ERR_UNIT, 0},
        {"1s2", value_units_duration, SECOND, VALUE_ERR_UNIT, 0},
        {"9999999999999h", value_units_duration, SECOND, VALUE_ERR_TOO_BIG, 0},
        {"64K", value_units_size, 1, VALUE_OK, 65536},
        {"64k", value_units_size, 1, VALUE_OK, 65536},
        {"4MiB", value_units_size, 1, VALUE_OK, 4194304},
        {"1.5G", value_units_size, 1, VALUE_OK, INT64_C(1610612736)},
        {"10B", value_units_size, 1, VALUE_OK, 10},
        {"1T", value_units_size, 1, VALUE_ERR_UNIT, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t value = -7;
        enum value_err err = value_parse(rows[i].text, rows[i].units, rows[i].scale, &value);
        if (err != rows[i].err || value != (err == VALUE_OK ? rows[i].value : -7))
            fail_msg("'%s': error %d, value %jd", rows[i].text, (int)err, (intmax_t)value);
    }
}

static void test_value_format(void **state)
{
    static const struct {
        int64_t value;
        const struct value_unit *units;
        const char *text;
    } rows[] = {
        {0, value_units_duration, "0"},
        {1, value_units_duration, "1us"},
        {200000, value_units_duration, "200ms"},
        {1500000, value_units_duration, "1500ms"},
        {30 * SECOND, value_units_duration, "30s"},
        {7200 * SECOND, value_units_duration, "2h"},
        {88, value_units_size, "88"},
        {65536, value_units_size, "64K"},
        {1500, value_units_size, "1500"},
        {1500, NULL, "1500"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[VALUE_TEXT_MAX];
        value_format(rows[i].value, rows[i].units, text);
        assert_string_equal(text, rows[i].text);
    }
}

static void test_name_distance(void **state)
{
    (void)state;
    assert_int_equal(value_name_distance("mtu", "mtu"), 0);
    assert_int_equal(value_name_distance("mut", "mtu"), 1);
    assert_int_equal(value_name_distance("", "mtu"), 3);
    assert_int_equal(value_name_distance("rto_mn", "rto_min"), 1);
    assert_true(value_name_distance("a", "a-name-that-is-longer-than-any-name-of-a-key-may-be-x") >
                1000);
}

/* One more edit than the smallest list of edits, and the word meant is another one. */
static void test_name_distance_counts_every_edit(void **state)
{
    static const struct {
        const char *a, *b;
        unsigned distance;
    } rows[] = {
        {"mtu", "mtus", 1},
        {"mtu", "tu", 1},
        {"mtu", "mtx", 1},
        {"mtu", "umt", 2},
        {"ab", "ba", 1},
        {"abcd", "badc", 2},
        {"", "", 0},
        {"abc", "", 3},
        {"rto_max", "rto_min", 2},
        {"conn_max", "cnon_mxa", 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(value_name_distance(rows[i].a, rows[i].b), rows[i].distance);
        assert_int_equal(value_name_distance(rows[i].b, rows[i].a), rows[i].distance);
    }
}

static void test_name_distance_ends_at_the_longest_name(void **state)
{
    char longest[VALUE_NAME_MAX + 1], longer[VALUE_NAME_MAX + 2];
    (void)state;
    memset(longest, 'a', VALUE_NAME_MAX);
    memset(longer, 'a', VALUE_NAME_MAX + 1);
    longest[VALUE_NAME_MAX] = longer[VALUE_NAME_MAX + 1] = '\0';
    assert_int_equal(value_name_distance(longest, ""), VALUE_NAME_MAX);
    assert_int_equal(value_name_distance(longer, ""), UINT_MAX);
    assert_int_equal(value_name_distance("", longer), UINT_MAX);
}

static void test_bool_words(void **state)
{
    static const char *const yes[] = {"yes", "true", "on", "1", "YES", "True"};
    static const char *const no[] = {"no", "false", "off", "0", "No", "OFF"};
    static const char *const neither[] = {"", "y", "n", "2", "yes ", "enable", "01"};
    bool value;
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        assert_true(value_parse_bool(yes[i], &value) && value);
        assert_true(value_parse_bool(no[i], &value) && !value);
    }
    for (size_t i = 0; i < sizeof(neither) / sizeof(neither[0]); i++) {
        value = true;
        if (value_parse_bool(neither[i], &value) || !value)
            fail_msg("'%s' is taken", neither[i]);
    }
}

static void test_mac_addresses(void **state)
{
    static const uint8_t right[6] = {0x02, 0x00, 0xab, 0xcd, 0xef, 0x01};
    static const char *const wrong[] = {"",
                                        "02:00:ab:cd:ef",
                                        "02:00:ab:cd:ef:01:02",
                                        "02:00:ab:cd:ef:1x",
                                        "02:00:ab:cd:ef:01 ",
                                        "02-00-ab-cd-ef-01",
                                        " 2:00:ab:cd:ef:01",
                                        "+2:00:ab:cd:ef:01",
                                        "0x2:0:ab:cd:ef:01",
                                        "02::ab:cd:ef:01",
                                        "002:00:ab:cd:ef:1"};
    uint8_t mac[6] = {0};
    (void)state;
    assert_true(value_parse_mac("02:00:AB:cd:ef:1", mac));
    assert_memory_equal(mac, right, sizeof(mac));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        uint8_t kept[6];
        memcpy(kept, right, sizeof(kept));
        if (value_parse_mac(wrong[i], kept))
            fail_msg("'%s' is taken", wrong[i]);
        assert_memory_equal(kept, right, sizeof(kept));
    }
}

/* What value_format() writes, value_parse() reads back, to the last unit. */
static void test_format_comes_back(void **state)
{
    static const int64_t values[] = {0,       1,       999,       1000,        1001,       60000000,
                                     3600000, 1 << 30, INT64_MAX, 90 * SECOND, 86400000000};
    static const struct value_unit *const units[] = {value_units_duration, value_units_size, NULL};
    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        for (size_t j = 0; j < 3; j++) {
            char text[VALUE_TEXT_MAX];
            int64_t value = -1;
            value_format(values[i], units[j], text);
            if (value_parse(text, units[j], j == 0 ? SECOND : 1, &value) != VALUE_OK ||
                value != values[i])
                fail_msg("%jd is written %s", (intmax_t)values[i], text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_value_parse),
        cmocka_unit_test(test_value_format),
        cmocka_unit_test(test_name_distance),
        cmocka_unit_test(test_name_distance_counts_every_edit),
        cmocka_unit_test(test_name_distance_ends_at_the_longest_name),
        cmocka_unit_test(test_bool_words),
        cmocka_unit_test(test_mac_addresses),
        cmocka_unit_test(test_format_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
