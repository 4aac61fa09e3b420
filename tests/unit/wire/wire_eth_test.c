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

/* What the tags after the header make of it; the frame is cut to exactly len bytes. */
static enum te_eth_tags pass(const uint8_t *after, size_t after_len, uint16_t *ret_type,
                             size_t *ret_len)
{
    uint8_t frame[128] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
    struct te_eth_header header;
    memcpy(frame + 12, after, after_len);
    uint8_t *copy = exact_copy(frame, 12 + after_len);
    assert_true(te_eth_parse(copy, 12 + after_len, &header));
    enum te_eth_tags tags = te_eth_pass_tags(copy, 12 + after_len, &header, ret_len);
    *ret_type = header.type;
    free(copy);
    return tags;
}

static void test_tags(void **state)
{
    static const struct {
        uint8_t bytes[16];
        size_t bytes_len;
        enum te_eth_tags tags;
        uint16_t type;
        size_t header_len;
    } rows[] = {
        {{0x08, 0x00}, 2, TE_ETH_TAGS_OK, 0x0800, 14},
        {{0x81, 0x00, 0x00, 0x00, 0x08, 0x06}, 6, TE_ETH_TAGS_OK, 0x0806, 18},
        {{0x81, 0x00, 0xf0, 0x00, 0x86, 0xdd}, 6, TE_ETH_TAGS_OK, 0x86dd, 18}, /* PCP 7, DEI */
        {{0x88, 0xa8, 0x20, 0x00, 0x08, 0x00}, 6, TE_ETH_TAGS_OK, 0x0800, 18},
        {{0x88, 0xa8, 0, 0, 0x81, 0x00, 0, 0, 0x08, 0x00}, 10, TE_ETH_TAGS_OK, 0x0800, 22},
        {{0x81, 0x00, 0, 0, 0x81, 0x00, 0, 0, 0x08, 0x00}, 10, TE_ETH_TAGS_OK, 0x0800, 22},
        {{0x81, 0x00, 0x00, 0x01, 0x08, 0x00}, 6, TE_ETH_TAGS_OF_VLAN, 0, 0},
        {{0x81, 0x00, 0xef, 0xff, 0x08, 0x00}, 6, TE_ETH_TAGS_OF_VLAN, 0, 0},
        {{0x88, 0xa8, 0, 0, 0x81, 0x00, 0, 7, 0x08, 0x00}, 10, TE_ETH_TAGS_OF_VLAN, 0, 0},
        {{0x88, 0xa8, 0, 7, 0x81, 0x00, 0, 0, 0x08, 0x00}, 10, TE_ETH_TAGS_OF_VLAN, 0, 0},
        {{0x81, 0x00}, 2, TE_ETH_TAGS_MALFORMED, 0, 0},
        {{0x81, 0x00, 0, 0, 0x08}, 5, TE_ETH_TAGS_MALFORMED, 0, 0},
        {{0x81, 0x00, 0, 0, 0x81, 0x00}, 6, TE_ETH_TAGS_MALFORMED, 0, 0},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint16_t type;
        size_t header_len = 0;
        enum te_eth_tags tags = pass(rows[i].bytes, rows[i].bytes_len, &type, &header_len);
        if (tags != rows[i].tags)
            fail_msg("row %u: %u", i, tags);
        if (tags == TE_ETH_TAGS_OK) {
            assert_int_equal(type, rows[i].type);
            assert_int_equal(header_len, rows[i].header_len);
        }
    }
}

static void test_most_tags(void **state)
{
    uint8_t bytes[2 + (TE_ETH_TAGS_MAX + 1) * TE_ETH_TAG_LEN];
    uint16_t type;
    size_t header_len = 0;
    (void)state;
    for (unsigned tags = 1; tags <= TE_ETH_TAGS_MAX + 1; tags++) {
        for (unsigned i = 0; i < tags; i++)
            memcpy(bytes + i * TE_ETH_TAG_LEN, "\x81\x00\x00\x00", TE_ETH_TAG_LEN);
        memcpy(bytes + tags * TE_ETH_TAG_LEN, "\x08\x00", 2);
        assert_int_equal(pass(bytes, 2 + tags * TE_ETH_TAG_LEN, &type, &header_len),
                         tags <= TE_ETH_TAGS_MAX ? TE_ETH_TAGS_OK : TE_ETH_TAGS_MALFORMED);
    }
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
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_most_tags),
        cmocka_unit_test(test_kinds_of_mac),
        cmocka_unit_test(test_mac_of_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
