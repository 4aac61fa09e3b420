/* Arguments of the command line. */
#include <string.h>

#include "address.h"
#include "parse.h"
#include "support/test.h"

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
        {"any:80", "*:80"},
        {"http", "*:80"},
        {"*:http", "*:80"},
        {"10.0.0.2:http", "10.0.0.2:80"},
        {"[fe80::2%eth0]:80", "[fe80::2]:80"},
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

static void seconds_are_rounded_up_and_bounded(void **state)
{
    uint32_t ms = 7;
    (void)state;
    assert_true(parse_seconds("1.0001", &ms));
    assert_int_equal(ms, 1001);
    assert_true(parse_seconds("4000000", &ms));
    assert_true(ms == UINT32_C(4000000000));
    assert_false(parse_seconds("4000000.1", &ms));
    assert_false(parse_seconds("0x10 ", &ms));
    assert_false(parse_seconds(" 1", &ms));
    assert_true(ms == UINT32_C(4000000000));
}

static bool parse_address(const char *text, struct tcpc_endpoint *ret_endpoint)
{
    const char *why;
    return parse_host(text, 0, ret_endpoint, 1, &why) == 1;
}

static void addresses_are_alone(void **state)
{
    struct tcpc_endpoint endpoint = {"10.0.0.9", 9};
    (void)state;
    assert_true(parse_address("10.0.0.2", &endpoint));
    assert_string_equal(endpoint.address, "10.0.0.2");
    assert_int_equal(endpoint.port, 0);
    assert_true(parse_address("[2001:DB8::2]", &endpoint));
    assert_string_equal(endpoint.address, "2001:db8::2");
    assert_false(parse_address("10.0.0.2:80", &endpoint));
    assert_false(parse_address("[]", &endpoint));
    assert_false(parse_address("[2001:db8::2", &endpoint));
    assert_false(parse_address("", &endpoint));
    assert_false(parse_address("00000000000000000000000000000000000000000000000000::1", &endpoint));
    assert_string_equal(endpoint.address, "2001:db8::2");
}

/* What was there before stays when an argument is refused. */
static void refused_arguments_change_nothing(void **state)
{
    struct tcpc_endpoint endpoint = {"10.0.0.9", 9};
    uint64_t number = 7;
    int64_t value = 7;
    (void)state;
    assert_false(parse_number("99999999999999999999", UINT64_MAX, &number));
    assert_false(parse_id("9007199254740992", &number));
    assert_false(parse_value("9223372036854775808", &value));
    assert_false(parse_value("--5", &value));
    assert_false(parse_value("", &value));
    assert_false(parse_local("10.0.0.2:65536", &endpoint));
    assert_false(parse_local("[2001:db8::2]", &endpoint));
    assert_int_equal(number, 7);
    assert_int_equal(value, 7);
    assert_string_equal(endpoint.address, "10.0.0.9");
    assert_int_equal(endpoint.port, 9);
}

static void no_more_hosts_than_there_is_room_for(void **state)
{
    struct tcpc_endpoint endpoints[2] = {{"", 0}, {"untouched", 1}};
    const char *why = NULL;
    (void)state;
    assert_int_equal(parse_host("localhost", 80, endpoints, 1, &why), 1);
    assert_int_equal(endpoints[0].port, 80);
    assert_string_equal(endpoints[1].address, "untouched");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_checked),
        cmocka_unit_test(seconds_are_checked),
        cmocka_unit_test(local_endpoints_are_checked),
        cmocka_unit_test(hosts_are_addresses_or_names),
        cmocka_unit_test(values_are_words_or_numbers),
        cmocka_unit_test(seconds_are_rounded_up_and_bounded),
        cmocka_unit_test(addresses_are_alone),
        cmocka_unit_test(refused_arguments_change_nothing),
        cmocka_unit_test(no_more_hosts_than_there_is_room_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
