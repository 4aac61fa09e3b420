/* Base64 in JSON. */
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "support/test.h"

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

/* RFC 4648 table 1: the 64 digits in order, from the 6-bit groups 0 to 63. */
static void every_digit_stands_for_its_value(void **state)
{
    uint8_t bytes[48];
    (void)state;
    for (unsigned i = 0; i < 16; i++) {
        uint32_t group = (4 * i) << 18 | (4 * i + 1) << 12 | (4 * i + 2) << 6 | (4 * i + 3);
        bytes[3 * i] = (uint8_t)(group >> 16);
        bytes[3 * i + 1] = (uint8_t)(group >> 8);
        bytes[3 * i + 2] = (uint8_t)group;
    }
    char *text = base64_encode(bytes, sizeof(bytes));
    assert_string_equal(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    free(text);
}

static void zeros_are_bytes_too(void **state)
{
    char *text = base64_encode((const uint8_t *)"\0\0\0\0", 4);
    (void)state;
    assert_string_equal(text, "AAAAAA==");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_is_that_of_the_rfc),
        cmocka_unit_test(every_digit_stands_for_its_value),
        cmocka_unit_test(zeros_are_bytes_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
