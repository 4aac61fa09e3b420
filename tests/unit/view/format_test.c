/* Numbers as people read them. */
#include <string.h>

#include "format.h"
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

/* No unit is ever shown as 1024 of the next smaller one. */
static void bytes_change_unit_in_time(void **state)
{
    char text[FORMAT_MAX];
    (void)state;
    assert_string_equal(format_bytes(1024 * 1024 - 1, text), "1.0 MiB");
    assert_string_equal(format_bytes(1023 * 1024, text), "1023 KiB");
    assert_string_equal(format_bytes(10 * 1024 - 1, text), "10 KiB");
    assert_string_equal(format_bytes(10188, text), "9.9 KiB");
    assert_string_equal(format_bytes(UINT64_C(1) << 60, text), "1.0 EiB");
}

/* Rounded down: what is left is never promised to be longer than it is. */
static void durations_change_unit_in_time(void **state)
{
    char text[FORMAT_MAX];
    (void)state;
    assert_string_equal(format_duration(0, text), "0 us");
    assert_string_equal(format_duration(999, text), "999 us");
    assert_string_equal(format_duration(1000, text), "1.0 ms");
    assert_string_equal(format_duration(999999, text), "999.9 ms");
    assert_string_equal(format_duration(1000000, text), "1.0 s");
    assert_string_equal(format_duration(59999999, text), "59.9 s");
    assert_string_equal(format_duration(60000000, text), "1 min 0 s");
    assert_string_equal(format_duration(INT64_C(3599999999), text), "59 min 59 s");
    assert_string_equal(format_duration(INT64_C(3600000000), text), "1 h 0 min");
    assert_string_equal(format_duration(INT64_C(86399999999), text), "23 h 59 min");
    assert_string_equal(format_duration(INT64_C(86400000000), text), "1 d 0 h");
    assert_true(strlen(format_duration(INT64_MAX, text)) < FORMAT_MAX);
}

static void the_largest_segment_fits(void **state)
{
    char text[FORMAT_MAX];
    const struct tcpc_segment segment = {"CWR,ECE,URG,ACK,PSH,RST,SYN,FIN,and,what,comes,later",
                                         UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX};
    (void)state;
    format_segment(&segment, text);
    assert_true(strlen(text) < FORMAT_MAX);
    assert_non_null(strstr(text, "<LEN=4294967295><WND=4294967295>"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_short),
        cmocka_unit_test(durations_are_short),
        cmocka_unit_test(segments_are_written_as_in_the_rfc),
        cmocka_unit_test(bytes_change_unit_in_time),
        cmocka_unit_test(durations_change_unit_in_time),
        cmocka_unit_test(the_largest_segment_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
