#include <stdlib.h>
#include <string.h>

#include "ip/ip.h"
#include "stack_internal.h"
#include "support/fixture.h"
#include "support/frames.h"
#include "support/test.h"

static void add_route(struct fixture *f, const char *destination, const char *gateway)
{
    struct te_route *route = &f->config.routes[f->config.route_count++];
    route->destination = fixture_cidr(destination);
    if (gateway != NULL)
        route->gateway = fixture_addr(gateway);
}

static void assert_path(const struct fixture *f, const char *destination, const char *next_hop,
                        const char *source)
{
    struct te_addr addr = fixture_addr(destination);
    struct te_path path;
    assert_int_equal(te_ip_route(f->stack, &addr, &path), TE_OK);
    assert_addr(&path.next_hop, next_hop);
    assert_addr(&path.source, source);
}

static void assert_no_route(const struct fixture *f, const char *destination)
{
    struct te_addr addr = fixture_addr(destination);
    struct te_path path, before;
    memset(&path, 0x5a, sizeof(path));
    before = path;
    assert_int_equal(te_ip_route(f->stack, &addr, &path), TE_ERR_NO_ROUTE);
    assert_memory_equal(&path, &before, sizeof(path));
}

static void test_on_the_link(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_start(&f);
    assert_path(&f, "10.0.0.2", "10.0.0.2", "10.0.0.1");
    assert_path(&f, "2001:db8::2", "2001:db8::2", "2001:db8::1");
    assert_path(&f, "fe80::2", "fe80::2", "fe80::ff:fe00:1");
    assert_no_route(&f, "10.0.1.2");
    assert_no_route(&f, "2001:db8:1::2");
    fixture_stop(&f);
}

static void test_no_way_to_ourselves(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_start(&f);
    assert_no_route(&f, "10.0.0.1");
    assert_no_route(&f, "2001:db8::1");
    fixture_stop(&f);
}

static void test_default_routes(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    add_route(&f, "0.0.0.0/0", "10.0.0.254");
    add_route(&f, "::/0", "2001:db8::fe");
    fixture_start(&f);
    assert_path(&f, "192.0.2.1", "10.0.0.254", "10.0.0.1");
    assert_path(&f, "10.0.0.2", "10.0.0.2", "10.0.0.1");
    assert_path(&f, "2001:db8:ffff::1", "2001:db8::fe", "2001:db8::1");
    fixture_stop(&f);
}

/* Each default route serves its own family only. */
static void test_default_route_of_one_family(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    add_route(&f, "::/0", "2001:db8::fe");
    fixture_start(&f);
    assert_no_route(&f, "192.0.2.1");
    fixture_stop(&f);
    fixture_init(&f);
    add_route(&f, "0.0.0.0/0", "10.0.0.254");
    fixture_start(&f);
    assert_no_route(&f, "2001:db8:ffff::1");
    fixture_stop(&f);
}

/* Prefix 0 with the address left zero: the gateway's family decides. */
static void test_default_route_by_its_gateway(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    f.config.routes[0].gateway = fixture_addr("10.0.0.254");
    f.config.route_count = 1;
    fixture_start(&f);
    assert_path(&f, "192.0.2.1", "10.0.0.254", "10.0.0.1");
    fixture_stop(&f);
}

static void test_longest_prefix_wins(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    add_route(&f, "0.0.0.0/0", "10.0.0.250");
    add_route(&f, "192.0.2.0/24", "10.0.0.251");
    add_route(&f, "192.0.2.128/25", "10.0.0.252");
    add_route(&f, "192.0.2.129/32", "10.0.0.253");
    add_route(&f, "192.0.2.128/25", "10.0.0.254");
    add_route(&f, "10.0.0.64/26", "10.0.0.249");
    fixture_start(&f);
    assert_path(&f, "198.51.100.1", "10.0.0.250", "10.0.0.1");
    assert_path(&f, "192.0.2.1", "10.0.0.251", "10.0.0.1");
    assert_path(&f, "192.0.2.200", "10.0.0.252", "10.0.0.1");
    assert_path(&f, "192.0.2.129", "10.0.0.253", "10.0.0.1");
    assert_path(&f, "10.0.0.65", "10.0.0.249", "10.0.0.1");
    assert_path(&f, "10.0.0.2", "10.0.0.2", "10.0.0.1");
    fixture_stop(&f);
}

static void test_route_without_gateway(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    add_route(&f, "172.16.0.0/12", NULL);
    fixture_start(&f);
    assert_path(&f, "172.31.0.1", "172.31.0.1", "10.0.0.1");
    assert_no_route(&f, "172.32.0.1");
    fixture_stop(&f);
}

static void test_source_in_the_network_of_the_next_hop(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    f.config.addresses[1] = fixture_cidr("192.168.7.1/24");
    add_route(&f, "0.0.0.0/0", "192.168.7.254");
    fixture_start(&f);
    assert_path(&f, "10.0.0.2", "10.0.0.2", "10.0.0.1");
    assert_path(&f, "192.168.7.2", "192.168.7.2", "192.168.7.1");
    assert_path(&f, "10.0.1.1", "192.168.7.254", "192.168.7.1");
    fixture_stop(&f);
}

static void test_source_by_longest_common_prefix(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    f.config.addresses[0] = fixture_cidr("2001:db8::1:1/64");
    f.config.addresses[1] = fixture_cidr("2001:db8::2:1/64");
    fixture_start(&f);
    assert_path(&f, "2001:db8::1:9", "2001:db8::1:9", "2001:db8::1:1");
    assert_path(&f, "2001:db8::2:9", "2001:db8::2:9", "2001:db8::2:1");
    fixture_stop(&f);
}

/* A link-local gateway is reached from the link-local address, but not spoken through from it. */
static void test_link_local_gateway(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    add_route(&f, "::/0", "fe80::fe");
    fixture_start(&f);
    assert_path(&f, "2001:db8:ffff::1", "fe80::fe", "2001:db8::1");
    fixture_stop(&f);
}

static void test_ready_source_first(void **state)
{
    struct te_addr probed = fixture_addr("10.0.0.9");
    struct fixture f;
    (void)state;
    fixture_init(&f);
    f.config.addresses[1] = fixture_cidr("10.0.0.9/24");
    fixture_start(&f);
    assert_path(&f, "10.0.0.8", "10.0.0.8", "10.0.0.9");
    te_local_find(f.stack, &probed)->state = TE_LOCAL_TENTATIVE;
    assert_path(&f, "10.0.0.8", "10.0.0.8", "10.0.0.1");
    fixture_stop(&f);
}

static void test_any_source_rather_than_none(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    f.config.dad = true;
    fixture_start(&f);
    assert_path(&f, "10.0.0.2", "10.0.0.2", "10.0.0.1");
    fixture_stop(&f);
}

static void test_family_without_address(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    f.config.address_count = 1;
    add_route(&f, "2001:db8::/32", NULL);
    fixture_start(&f);
    assert_no_route(&f, "2001:db8::2");
    fixture_stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_on_the_link),
        cmocka_unit_test(test_no_way_to_ourselves),
        cmocka_unit_test(test_default_routes),
        cmocka_unit_test(test_default_route_of_one_family),
        cmocka_unit_test(test_default_route_by_its_gateway),
        cmocka_unit_test(test_longest_prefix_wins),
        cmocka_unit_test(test_route_without_gateway),
        cmocka_unit_test(test_source_in_the_network_of_the_next_hop),
        cmocka_unit_test(test_source_by_longest_common_prefix),
        cmocka_unit_test(test_link_local_gateway),
        cmocka_unit_test(test_ready_source_first),
        cmocka_unit_test(test_any_source_rather_than_none),
        cmocka_unit_test(test_family_without_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
