#include <stdlib.h>
#include <string.h>

#include "ip/ip.h"
#include "stack_internal.h"
#include "support/frames.h"
#include "support/test.h"
#include "util/bytes.h"
#include "wire/checksum.h"

static const uint8_t router_mac[6] = {0x02, 0, 0, 0, 0, 0x99};

static void start(struct fixture *f)
{
    fixture_init(f);
    f->config.routes[0] = (struct te_route){fixture_cidr("0.0.0.0/0"), fixture_addr("10.0.0.254")};
    f->config.route_count = 1;
    fixture_start(f);
}

/* --- headers of segments ---------------------------------------------------------------------- */

static void test_ipv4_headers(void **state)
{
    struct te_addr source = fixture_addr("10.0.0.1"), destination = fixture_addr("10.0.0.2");
    struct te_ip_send send = {&source, &destination, peer_mac, 1460, 2};
    uint8_t bytes[TE_OUTPUT_HEADER_MAX];
    struct te_ipv4_parsed parsed;
    uint8_t packet[1500] = {0};
    struct fixture f;
    (void)state;
    start(&f);
    assert_int_equal(te_ip_emit_tcp_headers(f.stack, &send, bytes), 34);
    assert_mac(bytes, peer_mac);
    assert_mac(bytes + 6, stack_mac);
    assert_int_equal(te_load_be16(bytes + 12), TE_ETH_TYPE_IPV4);
    memcpy(packet, bytes + 14, 20);
    assert_true(te_ipv4_parse(packet, 1480, &parsed));
    assert_int_equal(parsed.header.payload_len, 1460);
    assert_int_equal(parsed.header.ecn, 2);
    assert_true(parsed.header.dont_fragment);
    assert_int_equal(parsed.header.id, 0);
    assert_int_equal(parsed.header.protocol, TE_PROTO_TCP);
    assert_true(te_addr_equal(&parsed.header.source, &source));
    assert_true(te_addr_equal(&parsed.header.destination, &destination));
    fixture_stop(&f);
}

static void test_ipv6_headers(void **state)
{
    struct te_addr source = fixture_addr("2001:db8::1"), destination = fixture_addr("2001:db8::2");
    struct te_ip_send send = {&source, &destination, peer_mac, 1440, 1};
    uint8_t bytes[TE_OUTPUT_HEADER_MAX];
    struct te_ipv6_parsed parsed;
    uint8_t packet[1500] = {0};
    struct fixture f;
    (void)state;
    start(&f);
    assert_int_equal(te_ip_emit_tcp_headers(f.stack, &send, bytes), 54);
    assert_int_equal(te_load_be16(bytes + 12), TE_ETH_TYPE_IPV6);
    memcpy(packet, bytes + 14, 40);
    assert_int_equal(te_ipv6_parse(packet, 1480, &parsed), TE_IPV6_OK);
    assert_int_equal(parsed.payload_len, 1440);
    assert_int_equal(parsed.header.ecn, 1);
    assert_int_equal(parsed.protocol, TE_PROTO_TCP);
    assert_true(te_addr_equal(&parsed.header.destination, &destination));
    fixture_stop(&f);
}

static void test_headers_of_the_largest_segment(void **state)
{
    struct te_addr source = fixture_addr("10.0.0.1"), destination = fixture_addr("10.0.0.2");
    struct te_ip_send send = {&source, &destination, peer_mac, 65515, 0};
    uint8_t bytes[TE_OUTPUT_HEADER_MAX];
    struct fixture f;
    (void)state;
    start(&f);
    assert_int_equal(te_ip_emit_tcp_headers(f.stack, &send, bytes), 34);
    assert_int_equal(te_load_be16(bytes + 16), 65535);
    assert_int_equal(te_checksum_finish(te_checksum_add(0, bytes + 14, 20)), 0);
    fixture_stop(&f);
}

/* --- packets ---------------------------------------------------------------------------------- */

static uint8_t payload[65536];

static void send_to(struct fixture *f, const char *destination, size_t len)
{
    struct te_addr to = fixture_addr(destination);
    struct te_addr from = fixture_addr(te_addr_is_v4(&to) ? "10.0.0.1" : "2001:db8::1");
    for (size_t i = 0; i < len; i++)
        payload[i] = (uint8_t)(i * 13 + (i >> 8));
    te_ip_send_packet(f->stack, &from, &to, 253, payload, len);
    fixture_poll(f);
}

static void know(struct fixture *f, const char *text, const uint8_t *mac)
{
    struct te_addr addr = fixture_addr(text);
    uint8_t ignored[6];
    (void)te_ip_resolve(f->stack, &addr, NULL, ignored);
    input_answer(f, text, mac);
    fixture_discard(f);
}

static void test_packet_of_the_mtu(void **state)
{
    struct fixture f;
    (void)state;
    start(&f);
    know(&f, "10.0.0.2", peer_mac);
    send_to(&f, "10.0.0.2", 1480);
    struct sent_ip ip = expect_ip(&f);
    assert_false(ip.is_fragment);
    assert_true(ip.dont_fragment);
    assert_int_equal(ip.id, 0);
    assert_int_equal(ip.hop_limit, 64);
    assert_int_equal(ip.payload_len, 1480);
    assert_memory_equal(ip.payload, payload, 1480);
    fixture_expect_none(&f);
    fixture_stop(&f);
}

static void test_by_way_of_the_gateway(void **state)
{
    struct fixture f;
    (void)state;
    start(&f);
    know(&f, "10.0.0.254", router_mac);
    send_to(&f, "192.0.2.1", 100);
    struct sent_ip ip = expect_ip(&f);
    assert_mac(ip.eth.destination, router_mac);
    assert_addr(&ip.destination, "192.0.2.1");
    fixture_stop(&f);
}

static void test_no_route(void **state)
{
    struct fixture f;
    (void)state;
    start(&f);
    send_to(&f, "2001:db8:ffff::1", 100);
    fixture_expect_none(&f);
    assert_int_equal(fixture_counters(&f)->ip_no_route, 1);
    fixture_stop(&f);
}

/* Every byte arrives once, in frames of at most the MTU that are as long as can be. */
static void fragments(const char *destination, uint32_t mtu_bytes, size_t len)
{
    static uint8_t seen[65536];
    struct fixture f;
    fixture_init(&f);
    f.config.mtu_bytes = mtu_bytes;
    f.config.address_count = mtu_bytes < TE_IPV6_MTU_MIN ? 1 : 2;
    fixture_start(&f);
    know(&f, destination, peer_mac);
    send_to(&f, destination, len);
    size_t total = 0;
    uint32_t id = 0;
    while (total < len) {
        struct sent_ip ip = expect_ip(&f);
        size_t packet_len = f.frames[f.frame_next - 1].len - TE_ETH_HEADER_LEN;
        assert_true(ip.is_fragment && !ip.dont_fragment);
        assert_int_equal(ip.offset_bytes, total);
        assert_true(packet_len <= mtu_bytes && (!ip.more || packet_len > mtu_bytes - 8));
        assert_true(total == 0 || ip.id == id);
        id = ip.id;
        memcpy(seen + total, ip.payload, ip.payload_len);
        total += ip.payload_len;
        assert_int_equal(ip.more, total < len);
    }
    assert_int_equal(total, len);
    assert_memory_equal(seen, payload, len);
    assert_int_equal(fixture_counters(&f)->fragments_out, f.frame_count);
    fixture_expect_none(&f);
    fixture_stop(&f);
}

static void test_fragments(void **state)
{
    static const uint32_t mtus[] = {576, 577, 1280, 1500, 9000};
    (void)state;
    for (unsigned i = 0; i < sizeof(mtus) / sizeof(mtus[0]); i++) {
        fragments("10.0.0.2", mtus[i], mtus[i] - 19);
        fragments("10.0.0.2", mtus[i], 20000);
        fragments("10.0.0.2", mtus[i], 65515);
    }
    fragments("2001:db8::2", 1280, 1241);
    fragments("2001:db8::2", 1500, 1461);
    fragments("2001:db8::2", 1500, 65515);
}

static void test_more_than_a_packet_holds(void **state)
{
    struct fixture f;
    (void)state;
    start(&f);
    know(&f, "10.0.0.2", peer_mac);
    send_to(&f, "10.0.0.2", 65516);
    fixture_expect_none(&f);
    fixture_stop(&f);
}

/* RFC 6864 4.3: no id comes again before all were used; RFC 7739: and none tells the next. */
static void test_ids(void **state)
{
    static bool used[65536];
    struct fixture f;
    uint32_t last = 0;
    unsigned steps_of_one = 0;
    (void)state;
    start(&f);
    know(&f, "10.0.0.2", peer_mac);
    memset(used, 0, sizeof(used));
    for (unsigned i = 0; i < 65536; i++) {
        send_to(&f, "10.0.0.2", 1481);
        struct sent_ip ip = expect_ip(&f);
        assert_false(used[ip.id]);
        used[ip.id] = true;
        steps_of_one += ip.id == last + 1;
        last = ip.id;
        fixture_discard(&f);
    }
    assert_true(steps_of_one < 20);
    fixture_stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ipv4_headers),
        cmocka_unit_test(test_ipv6_headers),
        cmocka_unit_test(test_headers_of_the_largest_segment),
        cmocka_unit_test(test_packet_of_the_mtu),
        cmocka_unit_test(test_by_way_of_the_gateway),
        cmocka_unit_test(test_no_route),
        cmocka_unit_test(test_fragments),
        cmocka_unit_test(test_more_than_a_packet_holds),
        cmocka_unit_test(test_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
