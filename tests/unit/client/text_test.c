/* Names and endpoints as text. */
#include <ctype.h>
#include <string.h>
#include <tcpclient/tcpclient.h>

#include "support/test.h"

static void states_have_the_names_of_the_rfc(void **state)
{
    static const char *const names[] = {"CLOSED",      "LISTEN",     "SYN_SENT",   "SYN_RCVD",
                                        "ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2", "CLOSE_WAIT",
                                        "CLOSING",     "LAST_ACK",   "TIME_WAIT"};
    (void)state;
    assert_int_equal(sizeof(names) / sizeof(names[0]), TCPC_STATE_COUNT);
    for (unsigned i = 0; i < TCPC_STATE_COUNT; i++)
        assert_string_equal(tcpc_state_name((enum tcpc_state)i), names[i]);
    assert_string_equal(tcpc_state_name(TCPC_STATE_COUNT), "?");
    assert_string_equal(tcpc_state_name((enum tcpc_state) - 1), "?");
}

static void version_is_three_numbers(void **state)
{
    const char *version = tcpc_version();
    unsigned dots = 0;
    (void)state;
    for (const char *at = version; *at != '\0'; at++) {
        assert_true(isdigit((unsigned char)*at) || *at == '.');
        dots += *at == '.';
    }
    assert_int_equal(dots, 2);
}

static void unspecified_parts_are_stars(void **state)
{
    char text[TCPC_ENDPOINT_TEXT_MAX];
    (void)state;
    assert_string_equal(tcpc_endpoint_format(&(struct tcpc_endpoint){"", 0}, text), "*:*");
    assert_string_equal(tcpc_endpoint_format(&(struct tcpc_endpoint){"", 80}, text), "*:80");
    assert_string_equal(tcpc_endpoint_format(&(struct tcpc_endpoint){"::1", 0}, text), "[::1]:*");
}

static void the_longest_endpoint_fits(void **state)
{
    struct tcpc_endpoint endpoint = {.port = 65535};
    char text[TCPC_ENDPOINT_TEXT_MAX];
    (void)state;
    memset(endpoint.address, ':', sizeof(endpoint.address) - 1);
    assert_ptr_equal(tcpc_endpoint_format(&endpoint, text), text);
    assert_int_equal(strlen(text), sizeof(endpoint.address) - 1 + strlen("[]:65535"));
}

/* RFC 5952 4: lower case, no leading zeros, the longest run of zeros shortened. */
static void an_address_has_one_spelling(void **state)
{
    static const char *const spellings[][2] = {
        {"2001:DB8:0:0:0:0:0:2", "2001:db8::2"},
        {"2001:0db8::0002", "2001:db8::2"},
        {"0:0:0:0:0:0:0:0", "::"},
        {"::ffff:10.0.0.1", "::ffff:10.0.0.1"},
        {"10.0.0.1", "10.0.0.1"},
    };
    struct tcpc_endpoint endpoint;
    (void)state;
    for (unsigned i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        assert_true(tcpc_endpoint_set(&endpoint, spellings[i][0], 80));
        assert_string_equal(endpoint.address, spellings[i][1]);
        assert_int_equal(endpoint.port, 80);
    }
}

static void what_is_no_address_changes_nothing(void **state)
{
    static const char *const bad[] = {"",           "*",      "localhost",    "10.0.0",
                                      "10.0.0.256", "[::1]",  "fe80::1%eth0", "10.0.0.1:80",
                                      "::1::",      "12345::"};
    struct tcpc_endpoint endpoint = {"10.0.0.9", 9};
    (void)state;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (tcpc_endpoint_set(&endpoint, bad[i], 80))
            fail_msg("%s was taken", bad[i]);
        assert_string_equal(endpoint.address, "10.0.0.9");
        assert_int_equal(endpoint.port, 9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_have_the_names_of_the_rfc),
        cmocka_unit_test(version_is_three_numbers),
        cmocka_unit_test(unspecified_parts_are_stars),
        cmocka_unit_test(the_longest_endpoint_fits),
        cmocka_unit_test(an_address_has_one_spelling),
        cmocka_unit_test(what_is_no_address_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
