/* What a single test of a filter means. */
#include "filter_node.h"

#include "support/test.h"

/* For values below, at and above the bound. */
static void expect(enum filter_operator op, bool below, bool at, bool above)
{
    assert_int_equal(filter_number_is(6, op, 7), below);
    assert_int_equal(filter_number_is(7, op, 7), at);
    assert_int_equal(filter_number_is(8, op, 7), above);
}

static void test_operators(void **state)
{
    (void)state;
    expect(FILTER_EQUAL, false, true, false);
    expect(FILTER_NOT_EQUAL, true, false, true);
    expect(FILTER_GREATER, false, false, true);
    expect(FILTER_LESS, true, false, false);
    expect(FILTER_GREATER_EQUAL, false, true, true);
    expect(FILTER_LESS_EQUAL, true, true, false);
}

static void test_unknown_operator_is_false(void **state)
{
    (void)state;
    expect((enum filter_operator)(FILTER_LESS_EQUAL + 1), false, false, false);
}

static void test_numbers_are_unsigned(void **state)
{
    (void)state;
    assert_true(filter_number_is(UINT64_MAX, FILTER_GREATER, INT64_MAX));
}

static void test_whole_text(void **state)
{
    (void)state;
    assert_true(filter_text_is("sshd", "sshd"));
    assert_false(filter_text_is("sshd", "ssh"));
    assert_false(filter_text_is("ssh", "sshd"));
    assert_true(filter_text_is("", ""));
    assert_false(filter_text_is("sshd", ""));
}

static void test_beginning(void **state)
{
    (void)state;
    assert_true(filter_text_is("sshd", "ssh*"));
    assert_true(filter_text_is("ssh", "ssh*"));
    assert_false(filter_text_is("ss", "ssh*"));
    assert_true(filter_text_is("", "*"));
    assert_false(filter_text_is("sshd", "s*d")); /* only at the end */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operators),
        cmocka_unit_test(test_unknown_operator_is_false),
        cmocka_unit_test(test_numbers_are_unsigned),
        cmocka_unit_test(test_whole_text),
        cmocka_unit_test(test_beginning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
