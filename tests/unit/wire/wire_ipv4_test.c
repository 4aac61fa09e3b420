#include <stdlib.h>
#include <string.h>

#include "support/captured.h"
#include "support/exact.h"
#include "support/frames.h"
#include "support/test.h"
#include "util/bytes.h"
#include "wire/checksum.h"

#define PACKET_MAX 2048

struct packet {
    uint8_t bytes[PACKET_MAX];
    size_t len;
};

static struct packet packet_of(const struct captured *frame)
{
    struct packet packet = {.len = frame->len - TE_ETH_HEADER_LEN};
    memcpy(packet.bytes, frame->bytes + TE_ETH_HEADER_LEN, packet.len);
    return packet;
}

/* Makes the header checksum right again, as far as the header claims to reach. */
static void fix_checksum(struct packet *packet)
{
    size_t header_len = (packet->bytes[0] & 0x0fu) * 4u;
    te_store_be16(packet->bytes + 10, 0);
    te_store_be16(packet->bytes + 10,
                  te_checksum_finish(te_checksum_add(0, packet->bytes, header_len)));
}

static bool parses(const struct packet *packet, size_t len)
{
    struct te_ipv4_parsed parsed;
    uint8_t *copy = exact_copy(packet->bytes, len);
    bool ok = te_ipv4_parse(copy, len, &parsed);
    if (ok) {
        assert_true(parsed.header_len >= TE_IPV4_HEADER_LEN);
        assert_true(parsed.header_len + parsed.header.payload_len <= len);
        assert_ptr_equal(parsed.payload, copy + parsed.header_len);
    }
    free(copy);
    return ok;
}

static void test_linux_ping(void **state)
{
    struct packet packet = packet_of(&linux_echo_request4);
    struct te_ipv4_parsed parsed;
    (void)state;
    assert_true(te_ipv4_parse(packet.bytes, packet.len, &parsed));
    assert_addr(&parsed.header.source, "10.0.0.2");
    assert_addr(&parsed.header.destination, "10.0.0.3");
    assert_int_equal(parsed.header_len, 20);
    assert_int_equal(parsed.header.payload_len, 64);
    assert_int_equal(parsed.header.id, 0x368b);
    assert_true(parsed.header.dont_fragment);
    assert_false(parsed.header.more_fragments);
    assert_int_equal(parsed.header.fragment_offset_bytes, 0);
    assert_int_equal(parsed.header.hop_limit, 64);
    assert_int_equal(parsed.header.protocol, TE_PROTO_ICMP);
    assert_ptr_equal(parsed.payload, packet.bytes + 20);
}

static void test_linux_options_are_skipped(void **state)
{
    struct packet packet = packet_of(&linux_echo_request4_options);
    struct te_ipv4_parsed parsed;
    (void)state;
    assert_true(te_ipv4_parse(packet.bytes, packet.len, &parsed));
    assert_int_equal(parsed.header_len, 60);
    assert_int_equal(parsed.header.payload_len, 64);
    assert_int_equal(parsed.payload[0], TE_ICMP4_ECHO_REQUEST);
}

static void test_linux_fragments(void **state)
{
    struct packet first = packet_of(&linux_fragment4_1), last = packet_of(&linux_fragment4_2);
    struct te_ipv4_parsed a, b;
    (void)state;
    assert_true(te_ipv4_parse(first.bytes, first.len, &a));
    assert_true(te_ipv4_parse(last.bytes, last.len, &b));
    assert_int_equal(a.header.fragment_offset_bytes, 0);
    assert_true(a.header.more_fragments);
    assert_int_equal(b.header.fragment_offset_bytes, a.header.payload_len);
    assert_false(b.header.more_fragments);
    assert_int_equal(a.header.id, b.header.id);
    assert_int_equal(a.header.payload_len + b.header.payload_len, 1108);
}

static void test_every_truncation(void **state)
{
    struct packet packet = packet_of(&linux_echo_request4_options);
    (void)state;
    for (size_t len = 0; len <= packet.len; len++)
        assert_int_equal(parses(&packet, len), len == packet.len);
}

static void test_padding_is_cut_off(void **state)
{
    struct packet packet = packet_of(&linux_udp4);
    struct te_ipv4_parsed parsed;
    (void)state;
    assert_int_equal(packet.len, 31);
    assert_true(te_ipv4_parse(packet.bytes, 46, &parsed));
    assert_int_equal(parsed.header.payload_len, 11);
}

static void test_every_header_length(void **state)
{
    (void)state;
    for (uint8_t words = 0; words < 16; words++) {
        struct packet packet = packet_of(&linux_echo_request4);
        packet.bytes[0] = (uint8_t)(0x40 | words);
        fix_checksum(&packet);
        assert_int_equal(parses(&packet, packet.len), words >= 5);
    }
}

static void test_every_total_length(void **state)
{
    (void)state;
    for (unsigned total = 0; total <= 0xffff; total++) {
        struct packet packet = packet_of(&linux_udp4);
        te_store_be16(packet.bytes + 2, (uint16_t)total);
        fix_checksum(&packet);
        assert_int_equal(parses(&packet, packet.len), total >= 20 && total <= packet.len);
    }
}

/* With options the header's own end is the least total length. */
static void test_total_length_within_the_header(void **state)
{
    struct packet packet = packet_of(&linux_echo_request4_options);
    (void)state;
    te_store_be16(packet.bytes + 2, 59);
    fix_checksum(&packet);
    assert_false(parses(&packet, packet.len));
    te_store_be16(packet.bytes + 2, 60);
    fix_checksum(&packet);
    assert_true(parses(&packet, packet.len));
}

static void test_every_version(void **state)
{
    (void)state;
    for (unsigned version = 0; version < 16; version++) {
        struct packet packet = packet_of(&linux_echo_request4);
        packet.bytes[0] = (uint8_t)(version << 4 | 5);
        fix_checksum(&packet);
        assert_int_equal(parses(&packet, packet.len), version == 4);
    }
}

static void test_every_flipped_bit_of_the_header(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 160; bit++) {
        struct packet packet = packet_of(&linux_echo_request4);
        packet.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(parses(&packet, packet.len));
    }
}

static void test_emit(void **state)
{
    struct packet packet = packet_of(&linux_echo_request4);
    struct te_ipv4_parsed parsed;
    uint8_t bytes[TE_IPV4_HEADER_LEN];
    (void)state;
    assert_true(te_ipv4_parse(packet.bytes, packet.len, &parsed));
    te_ipv4_emit(&parsed.header, bytes);
    assert_memory_equal(bytes, packet.bytes, sizeof(bytes));
    packet = packet_of(&linux_fragment4_2);
    assert_true(te_ipv4_parse(packet.bytes, packet.len, &parsed));
    te_ipv4_emit(&parsed.header, bytes);
    assert_memory_equal(bytes, packet.bytes, sizeof(bytes));
}

static void test_emit_of_the_largest(void **state)
{
    struct te_ipv4_header header = {.source = fixture_addr("10.0.0.1"),
                                    .destination = fixture_addr("10.0.0.2"),
                                    .payload_len = 65515,
                                    .ecn = 3,
                                    .hop_limit = 1,
                                    .protocol = TE_PROTO_TCP};
    uint8_t bytes[TE_IPV4_HEADER_LEN];
    (void)state;
    te_ipv4_emit(&header, bytes);
    assert_int_equal(te_load_be16(bytes + 2), 65535);
    assert_int_equal(bytes[1], 3);
    assert_int_equal(te_checksum_finish(te_checksum_add(0, bytes, sizeof(bytes))), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linux_ping),
        cmocka_unit_test(test_linux_options_are_skipped),
        cmocka_unit_test(test_linux_fragments),
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_padding_is_cut_off),
        cmocka_unit_test(test_every_header_length),
        cmocka_unit_test(test_every_total_length),
        cmocka_unit_test(test_total_length_within_the_header),
        cmocka_unit_test(test_every_version),
        cmocka_unit_test(test_every_flipped_bit_of_the_header),
        cmocka_unit_test(test_emit),
        cmocka_unit_test(test_emit_of_the_largest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
