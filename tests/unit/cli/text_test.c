/* Arguments in, numbers out: parse, format, progress, base64. */
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "format.h"
#include "parse.h"
#include "progress.h"
#include "support/test.h"

static void bytes_are_short(void **state)
{
    char text[FORMAT_MAX];
    (void)state;
    assert_string_equal(format_bytes(0, text), "0 B");
    assert_string_equal(format_bytes(1023, text), "1023 B");
    assert_string_equal(format_bytes(1024, text), "1.0 KiB");
    assert_string_equal(format_bytes(1536, text), "1.5 KiB");
    assert_string_equal(format_bytes(12 * 1024 * 1024, text), "12 MiB");
    assert_string_equal(format_bytes(UINT64_MAX, text), "16 EiB");
}

static void durations_are_short(void **state)
{
    char text[FORMAT_MAX];
    (void)state;
    assert_string_equal(format_duration(85, text), "85 us");
    assert_string_equal(format_duration(1500, text), "1.5 ms");
    assert_string_equal(format_duration(12345678, text), "12.3 s");
    assert_string_equal(format_duration(125000000, text), "2 min 5 s");
    assert_string_equal(format_duration(3723000000, text), "1 h 2 min");
    assert_string_equal(format_duration(INT64_C(273600000000), text), "3 d 4 h");
    assert_string_equal(format_time(12345678, text), "12.345678");
    assert_string_equal(format_time(5, text), "0.000005");
}

static void segments_are_written_as_in_the_rfc(void **state)
{
    char text[FORMAT_MAX];
    struct tcpc_segment segment = {"SYN,ACK", 100, 301, 0, 65535};
    (void)state;
    assert_string_equal(format_segment(NULL, text), "");
    assert_string_equal(format_segment(&segment, text),
                        "<SEQ=100><ACK=301><CTL=SYN,ACK><WND=65535>");
    segment.flags = "SYN";
    segment.len_bytes = 5;
    assert_string_equal(format_segment(&segment, text), "<SEQ=100><CTL=SYN><LEN=5><WND=65535>");
}

static void numbers_are_checked(void **state)
{
    uint64_t number = 7;
    uint16_t port = 7;
    (void)state;
    assert_true(parse_number("18446744073709551615", UINT64_MAX, &number));
    assert_true(number == UINT64_MAX);
    assert_false(parse_number("18446744073709551616", UINT64_MAX, &number));
    assert_false(parse_number("", 10, &number));
    assert_false(parse_number("-1", 10, &number));
    assert_false(parse_number("1x", 10, &number));
    assert_false(parse_number("11", 10, &number));
    assert_false(parse_number("9", 8, &number));
    assert_true(parse_number("0", 0, &number));
    assert_false(parse_id("0", &number));
    assert_false(parse_id("9007199254740992", &number));
    assert_true(parse_id("9007199254740991", &number));
    assert_true(parse_port("65535", &port));
    assert_false(parse_port("65536", &port));
    assert_false(parse_port("0", &port));
    assert_int_equal(port, 65535);
}

static void seconds_are_checked(void **state)
{
    uint32_t ms = 7;
    (void)state;
    assert_true(parse_seconds("2", &ms));
    assert_int_equal(ms, 2000);
    assert_true(parse_seconds("0.25", &ms));
    assert_int_equal(ms, 250);
    assert_true(parse_seconds(".0001", &ms));
    assert_int_equal(ms, 1);
    assert_true(parse_seconds("0", &ms));
    assert_int_equal(ms, 0);
    assert_false(parse_seconds("", &ms));
    assert_false(parse_seconds("-1", &ms));
    assert_false(parse_seconds("nan", &ms));
    assert_false(parse_seconds("inf", &ms));
    assert_false(parse_seconds("1e99", &ms));
    assert_false(parse_seconds("2s", &ms));
}

static void local_endpoints_are_checked(void **state)
{
    static const char *const good[][2] = {
        {"80", "*:80"},
        {":80", "*:80"},
        {"*:80", "*:80"},
        {"10.0.0.2:80", "10.0.0.2:80"},
        {"[2001:db8::2]:80", "[2001:db8::2]:80"},
    };
    static const char *const bad[] = {"0", "", "10.0.0.2", "2001:db8::2:80", "x:80", "10.0.0.2:0"};
    struct tcpc_endpoint endpoint;
    char text[TCPC_ENDPOINT_TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(parse_local(good[i][0], &endpoint));
        assert_string_equal(tcpc_endpoint_format(&endpoint, text), good[i][1]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(parse_local(bad[i], &endpoint));
}

static void hosts_are_addresses_or_names(void **state)
{
    struct tcpc_endpoint endpoints[4];
    const char *why = NULL;
    (void)state;
    assert_int_equal(parse_host("10.0.0.1", 80, endpoints, 4, &why), 1);
    assert_string_equal(endpoints[0].address, "10.0.0.1");
    assert_int_equal(endpoints[0].port, 80);
    assert_int_equal(parse_host("[2001:db8::1]", 80, endpoints, 4, &why), 1);
    assert_string_equal(endpoints[0].address, "2001:db8::1");
    assert_true(parse_host("localhost", 80, endpoints, 4, &why) >= 1);
    assert_int_equal(parse_host("no-such-host.invalid", 80, endpoints, 4, &why), 0);
    assert_non_null(why);
}

static void values_are_words_or_numbers(void **state)
{
    int64_t value;
    (void)state;
    assert_true(parse_value("on", &value) && value == 1);
    assert_true(parse_value("False", &value) && value == 0);
    assert_true(parse_value("-5", &value) && value == -5);
    assert_true(parse_value("65536", &value) && value == 65536);
    assert_false(parse_value("maybe", &value));
    assert_false(parse_value("-", &value));
}

static void progress_fits_the_line(void **state)
{
    struct progress progress = {.total_bytes = 4 << 20, .done_bytes = 1 << 20};
    char line[201];
    (void)state;
    progress_format(&progress, 1000000, line, 60);
    assert_string_equal(line, "1.0 MiB of 4.0 MiB   25% [##--------]  1.0 MiB/s  3.0 s left");
}

static void progress_has_no_bar_where_there_is_no_room(void **state)
{
    struct progress progress = {.total_bytes = 4 << 20, .done_bytes = 4 << 20};
    char line[201];
    (void)state;
    for (size_t width = 0; width <= 200; width++) {
        progress_format(&progress, 2000000, line, width);
        assert_true(strlen(line) <= width);
    }
    assert_non_null(strstr(line, "100% [##########"));
    progress_format(&progress, 2000000, line, 40);
    assert_string_equal(line, "4.0 MiB of 4.0 MiB  100%  2.0 MiB/s");
    progress = (struct progress){.done_bytes = 2048};
    progress_format(&progress, 1000000, line, 79);
    assert_string_equal(line, "2.0 KiB  2.0 KiB/s");
    progress_format(&(struct progress){.total_bytes = 10}, 0, line, 79);
    assert_non_null(strstr(line, "  0% ["));
}

static void base64_is_that_of_the_rfc(void **state)
{
    static const char *const pairs[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xff\xfe\xfd", "//79"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        char *text = base64_encode((const uint8_t *)pairs[i][0], strlen(pairs[i][0]));
        assert_string_equal(text, pairs[i][1]);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_short),
        cmocka_unit_test(durations_are_short),
        cmocka_unit_test(segments_are_written_as_in_the_rfc),
        cmocka_unit_test(numbers_are_checked),
        cmocka_unit_test(seconds_are_checked),
        cmocka_unit_test(local_endpoints_are_checked),
        cmocka_unit_test(hosts_are_addresses_or_names),
        cmocka_unit_test(values_are_words_or_numbers),
        cmocka_unit_test(progress_fits_the_line),
        cmocka_unit_test(progress_has_no_bar_where_there_is_no_room),
        cmocka_unit_test(base64_is_that_of_the_rfc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
