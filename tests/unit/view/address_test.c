/* The one syntax of addresses on the command line. */
#include <string.h>
#include <sys/socket.h>

#include "address.h"
#include "support/test.h"

static void texts_are_taken_apart(void **state)
{
    static const struct {
        const char *text, *host, *port;
        bool has_port;
    } rows[] = {
        {"10.0.0.1:80", "10.0.0.1", "80", true},
        {"10.0.0.1", "10.0.0.1", "", false},
        {"example.org:http", "example.org", "http", true},
        {"[2001:db8::1]:80", "2001:db8::1", "80", true},
        {"[fe80::1%eth0]:80", "fe80::1%eth0", "80", true},
        {"[2001:db8::1]", "2001:db8::1", "", false},
        {"2001:db8::1", "2001:db8::1", "", false},
        {"[2001:db8::]/32:80", "2001:db8::/32", "80", true},
        {"[2001:db8::]/32", "2001:db8::/32", "", false},
        {"10.0.0.0/8:*", "10.0.0.0/8", "*", true},
        {":80", "", "80", true},
        {"*:*", "*", "*", true},
        {"80", "80", "", false},
        {"", "", "", false},
    };
    static const char *const bad[] = {"[", "[]", "[]:80", "[::1", "[::1]80", "[::1]x:80"};
    struct address_text parts;
    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_true(address_split(rows[i].text, &parts));
        assert_string_equal(parts.host, rows[i].host);
        assert_string_equal(parts.port, rows[i].port);
        assert_int_equal(parts.has_port, rows[i].has_port);
    }
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(address_split(bad[i], &parts));
}

static void what_is_too_long_is_refused(void **state)
{
    char text[ADDRESS_HOST_MAX + 8];
    struct address_text parts;
    (void)state;
    memset(text, 'x', sizeof(text));
    strcpy(text + ADDRESS_HOST_MAX - 1, ":80");
    assert_true(address_split(text, &parts));
    memset(text, 'x', sizeof(text));
    strcpy(text + ADDRESS_HOST_MAX, ":80");
    assert_false(address_split(text, &parts));
    text[0] = '[';
    strcpy(text + ADDRESS_HOST_MAX, "]:80");
    assert_true(address_split(text, &parts));
    memset(text, 'x', sizeof(text));
    text[0] = '[';
    strcpy(text + ADDRESS_HOST_MAX + 1, "]:80");
    assert_false(address_split(text, &parts));
}

static void ports_are_numbers_or_services(void **state)
{
    uint16_t port = 7;
    (void)state;
    assert_true(address_port("65535", &port) && port == 65535);
    assert_true(address_port("http", &port) && port == 80);
    assert_false(address_port("0", &port));
    assert_false(address_port("65536", &port));
    assert_false(address_port("", &port));
    assert_false(address_port("*", &port));
    assert_false(address_port("no-such-service", &port));
    assert_int_equal(port, 80);
}

static const char *first_of(const char *host, int family, const char **ret_why)
{
    static struct tcpc_endpoint endpoints[4];
    *ret_why = NULL;
    if (!address_resolve(host, family, endpoints, 4, ret_why))
        return NULL;
    assert_int_equal(endpoints[0].port, 0);
    return endpoints[0].address;
}

static void hosts_are_resolved(void **state)
{
    const char *why;
    (void)state;
    assert_string_equal(first_of("10.0.0.1", AF_UNSPEC, &why), "10.0.0.1");
    assert_string_equal(first_of("2001:DB8::1", AF_UNSPEC, &why), "2001:db8::1");
    assert_string_equal(first_of("localhost", AF_INET, &why), "127.0.0.1");
    assert_null(first_of("10.0.0.1", AF_INET6, &why));
    assert_string_equal(why, "not an IPv6 address");
    assert_null(first_of("2001:db8::1", AF_INET, &why));
    assert_string_equal(why, "not an IPv4 address");
    assert_null(first_of("10.1", AF_UNSPEC, &why));
    assert_string_equal(why, "an IPv4 address has four numbers");
    assert_null(first_of("no-such-host.invalid", AF_UNSPEC, &why));
    assert_non_null(why);
}

static void scopes_are_dropped_where_they_may_stand(void **state)
{
    const char *why;
    (void)state;
    assert_string_equal(first_of("fe80::1%eth0", AF_UNSPEC, &why), "fe80::1");
    assert_string_equal(first_of("febf::1%2", AF_INET6, &why), "febf::1");
    assert_string_equal(first_of("ff02::1%eth0", AF_UNSPEC, &why), "ff02::1");
    assert_null(first_of("2001:db8::1%eth0", AF_UNSPEC, &why));
    assert_string_equal(why, "only a link-local IPv6 address has a %SCOPE");
    assert_null(first_of("fec0::1%eth0", AF_UNSPEC, &why));
    assert_null(first_of("fe80::1%", AF_UNSPEC, &why));
    assert_null(first_of("10.0.0.1%eth0", AF_UNSPEC, &why));
}

static void any_has_three_names(void **state)
{
    (void)state;
    assert_true(address_is_any("") && address_is_any("*") && address_is_any("ANY"));
    assert_false(address_is_any("0.0.0.0") || address_is_any("anyone"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_taken_apart),
        cmocka_unit_test(what_is_too_long_is_refused),
        cmocka_unit_test(ports_are_numbers_or_services),
        cmocka_unit_test(hosts_are_resolved),
        cmocka_unit_test(scopes_are_dropped_where_they_may_stand),
        cmocka_unit_test(any_has_three_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
