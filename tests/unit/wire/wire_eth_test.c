#include <stdlib.h>
#include <string.h>

#include "support/captured.h"
#include "support/exact.h"
#include "support/test.h"
#include "wire/eth.h"

static struct te_addr addr_of(const char *text)
{
    struct te_addr addr = {{0}};
    assert_true(te_addr_parse(text, &addr));
    return addr;
}

static void test_linux_frame(void **state)
{
    static const uint8_t to[6] = {0x02, 0, 0, 0, 0, 0x03}, from[6] = {0x02, 0, 0, 0, 0, 0x02};
    struct te_eth_header header;
    (void)state;
    assert_true(te_eth_parse(linux_echo_request4.bytes, linux_echo_request4.len, &header));
    assert_memory_equal(header.destination, to, 6);
    assert_memory_equal(header.source, from, 6);
    assert_int_equal(header.type, TE_ETH_TYPE_IPV4);
    assert_true(te_eth_parse(linux_arp_request.bytes, linux_arp_request.len, &header));
    assert_true(te_mac_is_broadcast(header.destination));
    assert_int_equal(header.type, TE_ETH_TYPE_ARP);
    assert_true(te_eth_parse(linux_nd_solicit.bytes, linux_nd_solicit.len, &header));
    assert_int_equal(header.type, TE_ETH_TYPE_IPV6);
}

static void test_every_truncation(void **state)
{
    struct te_eth_header header;
    (void)state;
    for (size_t len = 0; len <= TE_ETH_HEADER_LEN; len++) {
        uint8_t *copy = exact_copy(linux_arp_request.bytes, len);
        assert_int_equal(te_eth_parse(copy, len, &header), len == TE_ETH_HEADER_LEN);
        free(copy);
    }
}

static void test_emit_restores_the_bytes(void **state)
{
    struct te_eth_header header;
    uint8_t bytes[TE_ETH_HEADER_LEN];
    (void)state;
    assert_true(te_eth_parse(linux_nd_solicit.bytes, linux_nd_solicit.len, &header));
    te_eth_emit(&header, bytes);
    assert_memory_equal(bytes, linux_nd_solicit.bytes, sizeof(bytes));
}

static void test_kinds_of_mac(void **state)
{
    static const uint8_t station[6] = {0x02, 0, 0, 0, 0, 1}, zero[6] = {0};
    static const uint8_t group[6] = {0x33, 0x33, 0, 0, 0, 1};
    static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    (void)state;
    assert_true(te_mac_is_station(station));
    assert_false(te_mac_is_station(zero));
    assert_false(te_mac_is_station(group));
    assert_false(te_mac_is_station(broadcast));
    assert_true(te_mac_is_group(group) && te_mac_is_group(broadcast));
    assert_false(te_mac_is_group(station) || te_mac_is_group(zero));
    assert_true(te_mac_is_broadcast(broadcast));
    assert_false(te_mac_is_broadcast(group));
    assert_true(te_mac_equal(group, group));
    assert_false(te_mac_equal(group, station));
}

static void assert_group_mac(const char *group, const uint8_t expected[6])
{
    struct te_addr addr = addr_of(group);
    uint8_t mac[6];
    te_mac_of_group(&addr, mac);
    assert_memory_equal(mac, expected, 6);
}

static void test_mac_of_group(void **state)
{
    (void)state;
    assert_group_mac("224.0.0.1", (const uint8_t[]){0x01, 0x00, 0x5e, 0x00, 0x00, 0x01});
    /* Only 23 bits of an IPv4 group are in its MAC. */
    assert_group_mac("239.255.1.2", (const uint8_t[]){0x01, 0x00, 0x5e, 0x7f, 0x01, 0x02});
    assert_group_mac("ff02::1", (const uint8_t[]){0x33, 0x33, 0x00, 0x00, 0x00, 0x01});
    assert_group_mac("ff02::1:ff00:3", linux_nd_solicit.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linux_frame),
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_emit_restores_the_bytes),
        cmocka_unit_test(test_kinds_of_mac),
        cmocka_unit_test(test_mac_of_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
