/* Plain text in a manual page. */
#include "captured_output.h"
#include "support/test.h"
#include "troff.h"

static struct captured_output captured;

static const char *printed(const char *text)
{
    capture_begin(&captured, 1);
    troff_print(text);
    return capture_end(&captured);
}

static void backslashes_and_hyphens_are_escaped(void **state)
{
    (void)state;
    assert_string_equal(printed("plain text, 100 %"), "plain text, 100 %");
    assert_string_equal(printed("--json"), "\\-\\-json");
    assert_string_equal(printed("a\\fBb"), "a\\efBb");
    assert_string_equal(printed(""), "");
}

static void an_entry_ends_with_a_full_stop(void **state)
{
    (void)state;
    capture_begin(&captured, 1);
    troff_print_entry("snd_una", "", "Oldest byte");
    troff_print_entry("a-b", "true or false", ".so/etc/passwd");
    assert_string_equal(capture_end(&captured),
                        ".TP\n.B snd_una\n\\&Oldest byte.\n"
                        ".TP\n.B a\\-b\n\\&(true or false) .so/etc/passwd.\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(backslashes_and_hyphens_are_escaped),
        cmocka_unit_test(an_entry_ends_with_a_full_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
