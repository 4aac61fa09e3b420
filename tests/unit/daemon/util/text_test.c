#include <stdio.h>
#include <string.h>

#include "support/test.h"
#include "util/text.h"

static void assert_printed(const char *text, const char *expected)
{
    char copy[128];
    snprintf(copy, sizeof(copy), "%s", text);
    text_make_printable(copy, strlen(copy));
    assert_string_equal(copy, expected);
}

static void test_what_is_printable_stays(void **state)
{
    (void)state;
    assert_printed("", "");
    assert_printed("tcpctl connect ~!\"\\", "tcpctl connect ~!\"\\");
    assert_printed("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", /* U+E9, U+20AC, U+1F600 */
                   "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
}

static void test_controls_are_replaced(void **state)
{
    (void)state;
    assert_printed("a\nb\tc\x1b[31m\x7f", "a?b?c?[31m?");
    assert_printed("\xc2\x9b"
                   "31m",
                   "??31m");          /* U+9B, CSI in one character */
    assert_printed("\xc2\x85", "??"); /* U+85, next line */
}

static void test_what_is_no_utf8_is_replaced(void **state)
{
    (void)state;
    assert_printed("\xff\xfe", "??");
    assert_printed("a\x80z", "a?z");
    assert_printed("\xc3", "?");                /* cut off */
    assert_printed("\xe2\x82", "??");           /* cut off */
    assert_printed("\xc0\x9b", "??");           /* ESC, overlong */
    assert_printed("\xe0\x80\x9b", "???");      /* the same */
    assert_printed("\xed\xa0\x80", "???");      /* a surrogate */
    assert_printed("\xf4\x90\x80\x80", "????"); /* beyond U+10FFFF */
    assert_printed("\xc3(", "?(");
}

static void test_what_hides_or_turns_is_replaced(void **state)
{
    (void)state;
    assert_printed("a\xe2\x80\xae"
                   "b",
                   "a???b");                    /* U+202E, right-to-left override */
    assert_printed("\xe2\x80\xa8", "???");      /* U+2028, line separator */
    assert_printed("\xe2\x80\x8b", "???");      /* U+200B, zero width space */
    assert_printed("\xef\xbb\xbf", "???");      /* U+FEFF */
    assert_printed("\xf3\xa0\x81\x81", "????"); /* U+E0041, a tag */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_printable_stays),
        cmocka_unit_test(test_controls_are_replaced),
        cmocka_unit_test(test_what_is_no_utf8_is_replaced),
        cmocka_unit_test(test_what_hides_or_turns_is_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
