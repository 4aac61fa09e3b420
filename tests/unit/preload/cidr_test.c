#include <arpa/inet.h>
#include <cidr.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "support/test.h"

static struct te_addr address_of(const char *text)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    struct te_addr address;
    if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
        assert_true(cidr_address_of((struct sockaddr *)&in, sizeof(in), &address));
        return address;
    }
    assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
    assert_true(cidr_address_of((struct sockaddr *)&in6, sizeof(in6), &address));
    return address;
}

static bool holds(const char *set_text, const char *address_text)
{
    struct cidr_set set;
    struct te_addr address = address_of(address_text);
    assert_true(cidr_set_parse(set_text, &set));
    return cidr_set_holds(&set, &address);
}

static void a_network_holds_its_addresses(void **state)
{
    (void)state;
    assert_true(holds("10.0.0.0/8", "10.255.255.255"));
    assert_false(holds("10.0.0.0/8", "11.0.0.0"));
    assert_true(holds("192.168.4.0/22", "192.168.7.255"));
    assert_false(holds("192.168.4.0/22", "192.168.8.0"));
    assert_true(holds("10.0.0.1", "10.0.0.1"));
    assert_false(holds("10.0.0.1", "10.0.0.2"));
    assert_true(holds("0.0.0.0/0", "8.8.8.8"));
    assert_true(holds("2001:db8::/33", "2001:db8:7fff::1"));
    assert_false(holds("2001:db8::/33", "2001:db8:8000::1"));
    assert_true(holds("::/0", "fe80::1"));
    assert_false(holds("::/0", "10.0.0.1"));
    assert_true(holds("10.0.0.0/8,fd00::/8", "fd12::1"));
    assert_false(holds("", "10.0.0.1"));
}

/* The host's bits of a network do not count: ip(8) writes 10.9.0.1/24, too. */
static void bits_of_the_host_do_not_count(void **state)
{
    (void)state;
    assert_true(holds("10.9.0.1/24", "10.9.0.77"));
    assert_true(holds("fd09::1/64", "fd09::2"));
}

static void a_mapped_address_is_an_ipv4_one(void **state)
{
    (void)state;
    assert_true(holds("10.0.0.0/8", "::ffff:10.1.2.3"));
    assert_false(holds("0.0.0.0/0", "2001:db8::1"));
    assert_true(holds("::ffff:10.0.0.0/8", "10.1.2.3"));
    assert_false(holds("::ffff:10.0.0.0/8", "11.1.2.3"));
}

static void what_cannot_be_read_is_refused(void **state)
{
    struct cidr_set set = {.count = 7};
    static const char *const wrong[] = {
        "10.0.0.0/33", "::/129", "10.0.0/8",   "10.0.0.0/",        "10.0.0.0/8,",
        ",10.0.0.0/8", "/8",     "10.0.0.0/x", "10.0.0.0/-1",      "10.0.0.0/0008",
        "host",        "::1::",  "10.0.0.1 ",  "10.0.0.0/8,,::/0", "10.0.0.0/8/8",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(cidr_set_parse(wrong[i], &set));
    assert_int_equal(set.count, 7); /* untouched */
}

static void a_set_has_room_for_so_many(void **state)
{
    char text[(CIDR_MAX + 1) * 12] = "";
    struct cidr_set set;
    (void)state;
    for (unsigned i = 0; i < CIDR_MAX; i++)
        sprintf(text + strlen(text), "%s10.0.0.%u", i == 0 ? "" : ",", i);
    assert_true(cidr_set_parse(text, &set));
    assert_int_equal(set.count, CIDR_MAX);
    strcat(text, ",10.0.1.1");
    assert_false(cidr_set_parse(text, &set));
}

static void loopback_and_wildcard_are_known_in_every_form(void **state)
{
    static const char *const loopback[] = {"127.0.0.1", "127.255.255.255", "::1",
                                           "::ffff:127.0.0.1"};
    static const char *const wildcard[] = {"0.0.0.0", "::", "::ffff:0.0.0.0"};
    static const char *const neither[] = {"128.0.0.1", "126.255.255.255", "::2", "0.0.0.1"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct te_addr address = address_of(loopback[i]);
        assert_true(cidr_is_loopback(&address) && !te_addr_is_unspecified(&address));
        address = address_of(neither[i]);
        assert_false(cidr_is_loopback(&address) || te_addr_is_unspecified(&address));
    }
    for (size_t i = 0; i < 3; i++) {
        struct te_addr address = address_of(wildcard[i]);
        assert_true(te_addr_is_unspecified(&address) && !cidr_is_loopback(&address));
    }
}

static void what_is_no_address_is_none(void **state)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr other = {.sa_family = AF_UNIX};
    struct te_addr address;
    (void)state;
    assert_false(cidr_address_of(&other, sizeof(other), &address));
    assert_false(cidr_address_of((struct sockaddr *)&in, sizeof(in) - 1, &address));
    assert_false(cidr_address_of((struct sockaddr *)&in6, 23, &address));
    assert_true(cidr_address_of((struct sockaddr *)&in6, 24, &address)); /* without a scope */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_network_holds_its_addresses),
        cmocka_unit_test(bits_of_the_host_do_not_count),
        cmocka_unit_test(a_mapped_address_is_an_ipv4_one),
        cmocka_unit_test(what_cannot_be_read_is_refused),
        cmocka_unit_test(a_set_has_room_for_so_many),
        cmocka_unit_test(loopback_and_wildcard_are_known_in_every_form),
        cmocka_unit_test(what_is_no_address_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
