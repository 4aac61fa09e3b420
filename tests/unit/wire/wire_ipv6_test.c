#include <stdlib.h>
#include <string.h>

#include "support/captured.h"
#include "support/exact.h"
#include "support/frames.h"
#include "support/test.h"
#include "util/bytes.h"

#define PACKET_MAX 4096

/* A packet under construction: an IPv6 header, then one extension header after the other. */
struct packet {
    uint8_t bytes[PACKET_MAX];
    size_t len;
    size_t next_header_at; /* where the next header's type goes */
};

static void start(struct packet *packet)
{
    struct te_ipv6_header header = {.source = fixture_addr("2001:db8::2"),
                                    .destination = fixture_addr("2001:db8::1"),
                                    .hop_limit = 64};
    memset(packet, 0, sizeof(*packet));
    te_ipv6_emit(&header, packet->bytes);
    packet->len = TE_IPV6_HEADER_LEN;
    packet->next_header_at = 6;
}

/* An extension header of 8 bytes whose last 6 are given. */
static void extend(struct packet *packet, uint8_t type, const uint8_t body[6])
{
    packet->bytes[packet->next_header_at] = type;
    packet->next_header_at = packet->len;
    memcpy(packet->bytes + packet->len + 2, body, 6);
    packet->len += 8;
}

static void extend_empty(struct packet *packet, uint8_t type)
{
    static const uint8_t pad[6] = {1, 4};
    extend(packet, type, pad);
}

static void finish(struct packet *packet, uint8_t protocol, size_t payload_len)
{
    packet->bytes[packet->next_header_at] = protocol;
    packet->len += payload_len;
    te_store_be16(packet->bytes + 4, (uint16_t)(packet->len - TE_IPV6_HEADER_LEN));
}

static enum te_ipv6_verdict parse(const struct packet *packet, size_t len,
                                  struct te_ipv6_parsed *ret_parsed)
{
    uint8_t *copy = exact_copy(packet->bytes, len);
    enum te_ipv6_verdict verdict = te_ipv6_parse(copy, len, ret_parsed);
    if (verdict == TE_IPV6_OK)
        assert_true((size_t)(ret_parsed->payload - copy) + ret_parsed->payload_len <= len);
    free(copy);
    return verdict;
}

static enum te_ipv6_verdict parse_whole(const struct packet *packet,
                                        struct te_ipv6_parsed *ret_parsed)
{
    return parse(packet, packet->len, ret_parsed);
}

static struct packet packet_of(const struct captured *frame)
{
    struct packet packet = {.len = frame->len - TE_ETH_HEADER_LEN};
    memcpy(packet.bytes, frame->bytes + TE_ETH_HEADER_LEN, packet.len);
    return packet;
}

static void test_linux_ping(void **state)
{
    struct packet packet = packet_of(&linux_echo_request6);
    struct te_ipv6_parsed parsed;
    (void)state;
    assert_int_equal(parse_whole(&packet, &parsed), TE_IPV6_OK);
    assert_addr(&parsed.header.source, "2001:db8::2");
    assert_addr(&parsed.header.destination, "2001:db8::3");
    assert_int_equal(parsed.header.payload_len, 64);
    assert_int_equal(parsed.header.hop_limit, 64);
    assert_int_equal(parsed.header.next_header, TE_PROTO_ICMPV6);
    assert_int_equal(parsed.protocol, TE_PROTO_ICMPV6);
    assert_int_equal(parsed.protocol_at_bytes, 6);
    assert_int_equal(parsed.payload_len, 64);
    assert_false(parsed.is_fragment);
}

static void test_linux_hop_by_hop(void **state)
{
    struct packet packet = packet_of(&linux_mld_report);
    struct te_ipv6_parsed parsed;
    (void)state;
    assert_int_equal(parse_whole(&packet, &parsed), TE_IPV6_OK);
    assert_int_equal(parsed.header.next_header, TE_PROTO_HOP_BY_HOP);
    assert_int_equal(parsed.protocol, TE_PROTO_ICMPV6);
    assert_int_equal(parsed.protocol_at_bytes, 40);
    assert_int_equal(parsed.payload_len, 28);
}

static void test_linux_fragments(void **state)
{
    struct packet first = packet_of(&linux_fragment6_1), last = packet_of(&linux_fragment6_2);
    struct te_ipv6_parsed a, b;
    (void)state;
    assert_int_equal(parse_whole(&first, &a), TE_IPV6_OK);
    assert_int_equal(parse_whole(&last, &b), TE_IPV6_OK);
    assert_true(a.is_fragment && b.is_fragment);
    assert_int_equal(a.fragment.offset_bytes, 0);
    assert_true(a.fragment.more);
    assert_int_equal(a.payload_len, 1232);
    assert_int_equal(b.fragment.offset_bytes, 1232);
    assert_false(b.fragment.more);
    assert_int_equal(b.payload_len, 16);
    assert_int_equal(a.fragment.id, b.fragment.id);
    assert_int_equal(a.protocol, TE_PROTO_ICMPV6);
    assert_int_equal(a.fragment_at_bytes, 40);
}

static void test_every_truncation(void **state)
{
    static const struct captured *const frames[] = {&linux_echo_request6, &linux_mld_report,
                                                    &linux_fragment6_2};
    (void)state;
    for (unsigned i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
        struct packet packet = packet_of(frames[i]);
        struct te_ipv6_parsed parsed;
        for (size_t len = 0; len < packet.len; len++)
            assert_int_equal(parse(&packet, len, &parsed), TE_IPV6_MALFORMED);
    }
}

static void test_every_payload_length(void **state)
{
    (void)state;
    for (unsigned len = 0; len <= 0xffff; len++) {
        struct packet packet = packet_of(&linux_mld_report);
        struct te_ipv6_parsed parsed;
        te_store_be16(packet.bytes + 4, (uint16_t)len);
        enum te_ipv6_verdict verdict = parse_whole(&packet, &parsed);
        /* Less than the extension header, or more than the frame. */
        assert_int_equal(verdict == TE_IPV6_OK, len >= 8 && len <= packet.len - 40);
    }
}

static void test_padding_is_cut_off(void **state)
{
    struct packet packet = packet_of(&linux_udp6);
    struct te_ipv6_parsed parsed;
    (void)state;
    assert_int_equal(parse(&packet, packet.len + 10, &parsed), TE_IPV6_OK);
    assert_int_equal(parsed.payload_len, 11);
}

static void test_every_version(void **state)
{
    (void)state;
    for (unsigned version = 0; version < 16; version++) {
        struct packet packet = packet_of(&linux_udp6);
        struct te_ipv6_parsed parsed;
        packet.bytes[0] = (uint8_t)(version << 4);
        assert_int_equal(parse_whole(&packet, &parsed) == TE_IPV6_OK, version == 6);
    }
}

static void test_mapped_addresses_are_refused(void **state)
{
    static const uint8_t mapped[16] = {[10] = 0xff, 0xff, 10, 0, 0, 2};
    struct packet packet = packet_of(&linux_udp6);
    struct te_ipv6_parsed parsed;
    (void)state;
    memcpy(packet.bytes + 8, mapped, 16);
    assert_int_equal(parse_whole(&packet, &parsed), TE_IPV6_MALFORMED);
    packet = packet_of(&linux_udp6);
    memcpy(packet.bytes + 24, mapped, 16);
    assert_int_equal(parse_whole(&packet, &parsed), TE_IPV6_MALFORMED);
}

static void test_every_extension_length(void **state)
{
    (void)state;
    for (unsigned units = 0; units < 256; units++) {
        struct packet packet;
        struct te_ipv6_parsed parsed;
        start(&packet);
        extend_empty(&packet, TE_PROTO_DESTINATION);
        packet.bytes[41] = (uint8_t)units;
        /* The rest of the option area is one PadN. */
        packet.bytes[43] = units > 30 ? 4 : (uint8_t)(units * 8 + 4);
        finish(&packet, TE_PROTO_NONE, 16);
        assert_int_equal(parse_whole(&packet, &parsed) == TE_IPV6_OK, units <= 2);
    }
}

static void test_every_option_length(void **state)
{
    (void)state;
    for (unsigned len = 0; len < 256; len++) {
        struct packet packet;
        struct te_ipv6_parsed parsed;
        const uint8_t option[6] = {0x1e, (uint8_t)len, 0, 0, 0, 0};
        start(&packet);
        extend(&packet, TE_PROTO_DESTINATION, option);
        finish(&packet, TE_PROTO_TCP, 20);
        /* What an option leaves over is read as Pad1. */
        assert_int_equal(parse_whole(&packet, &parsed), len <= 4 ? TE_IPV6_OK : TE_IPV6_MALFORMED);
    }
}

static void test_option_without_length(void **state)
{
    static const uint8_t options[6] = {1, 3, 0, 0, 0, 0x1e};
    struct packet packet;
    struct te_ipv6_parsed parsed;
    (void)state;
    start(&packet);
    extend(&packet, TE_PROTO_DESTINATION, options);
    finish(&packet, TE_PROTO_TCP, 20);
    assert_int_equal(parse_whole(&packet, &parsed), TE_IPV6_MALFORMED);
}

static void test_unknown_options(void **state)
{
    static const enum te_ipv6_verdict verdicts[4] = {TE_IPV6_OK, TE_IPV6_DISCARD, TE_IPV6_PROBLEM,
                                                     TE_IPV6_PROBLEM};
    (void)state;
    for (unsigned action = 0; action < 4; action++) {
        struct packet packet;
        struct te_ipv6_parsed parsed;
        const uint8_t option[6] = {(uint8_t)(action << 6 | 0x3e), 4, 0, 0, 0, 0};
        start(&packet);
        extend(&packet, TE_PROTO_DESTINATION, option);
        finish(&packet, TE_PROTO_TCP, 20);
        assert_int_equal(parse_whole(&packet, &parsed), verdicts[action]);
        if (verdicts[action] == TE_IPV6_PROBLEM) {
            assert_int_equal(parsed.problem_code, TE_ICMP6_BAD_OPTION);
            assert_int_equal(parsed.problem_pointer, 42);
        }
    }
}

static void test_extension_limit(void **state)
{
    struct packet packet;
    struct te_ipv6_parsed parsed;
    (void)state;
    for (unsigned count = 0; count <= 100; count++) {
        start(&packet);
        for (unsigned i = 0; i < count; i++)
            extend_empty(&packet, TE_PROTO_DESTINATION);
        finish(&packet, TE_PROTO_TCP, 20);
        assert_int_equal(parse_whole(&packet, &parsed),
                         count <= TE_IPV6_EXTENSIONS_MAX ? TE_IPV6_OK : TE_IPV6_LIMIT);
        if (count <= TE_IPV6_EXTENSIONS_MAX)
            assert_int_equal(parsed.payload_len, 20);
    }
}

static void test_option_limit(void **state)
{
    struct packet packet;
    struct te_ipv6_parsed parsed;
    (void)state;
    for (unsigned count = 1; count <= 20; count++) {
        start(&packet);
        extend_empty(&packet, TE_PROTO_DESTINATION);
        /* 14 bytes of options, then more: Pad1s and one PadN for the rest. */
        packet.bytes[41] = 3;
        memset(packet.bytes + 42, 0, 30);
        packet.bytes[42 + count - 1] = 1;
        packet.bytes[42 + count] = (uint8_t)(30 - count - 1);
        packet.len += 24;
        finish(&packet, TE_PROTO_TCP, 20);
        assert_int_equal(parse_whole(&packet, &parsed),
                         count <= TE_IPV6_OPTIONS_MAX ? TE_IPV6_OK : TE_IPV6_LIMIT);
    }
}

static void test_hop_by_hop_only_comes_first(void **state)
{
    struct packet packet;
    struct te_ipv6_parsed parsed;
    (void)state;
    start(&packet);
    extend_empty(&packet, TE_PROTO_DESTINATION);
    extend_empty(&packet, TE_PROTO_HOP_BY_HOP);
    finish(&packet, TE_PROTO_TCP, 20);
    assert_int_equal(parse_whole(&packet, &parsed), TE_IPV6_PROBLEM);
    assert_int_equal(parsed.problem_code, TE_ICMP6_BAD_NEXT_HEADER);
    assert_int_equal(parsed.problem_pointer, 40);
}

static void test_routing_header(void **state)
{
    static const uint8_t finished[6] = {0, 0, 0, 0, 0, 0}, unfinished[6] = {0, 1, 0, 0, 0, 0};
    struct packet packet;
    struct te_ipv6_parsed parsed;
    (void)state;
    start(&packet);
    extend(&packet, TE_PROTO_ROUTING, finished);
    finish(&packet, TE_PROTO_TCP, 20);
    assert_int_equal(parse_whole(&packet, &parsed), TE_IPV6_OK);
    start(&packet);
    extend(&packet, TE_PROTO_ROUTING, unfinished);
    finish(&packet, TE_PROTO_TCP, 20);
    assert_int_equal(parse_whole(&packet, &parsed), TE_IPV6_PROBLEM);
    assert_int_equal(parsed.problem_code, TE_ICMP6_BAD_FIELD);
    assert_int_equal(parsed.problem_pointer, 42);
}

/* RFC 6946: a whole datagram in one fragment is none. */
static void test_atomic_fragment(void **state)
{
    static const uint8_t whole[6] = {0, 0, 1, 2, 3, 4};
    struct packet packet;
    struct te_ipv6_parsed parsed;
    (void)state;
    start(&packet);
    extend(&packet, TE_PROTO_FRAGMENT, whole);
    extend_empty(&packet, TE_PROTO_DESTINATION);
    finish(&packet, TE_PROTO_TCP, 20);
    assert_int_equal(parse_whole(&packet, &parsed), TE_IPV6_OK);
    assert_false(parsed.is_fragment);
    assert_int_equal(parsed.protocol, TE_PROTO_TCP);
    assert_int_equal(parsed.payload_len, 20);
}

static void test_the_walk_ends_at_a_fragment(void **state)
{
    static const uint8_t first[6] = {0, 1, 1, 2, 3, 4};
    struct packet packet;
    struct te_ipv6_parsed parsed;
    (void)state;
    start(&packet);
    extend_empty(&packet, TE_PROTO_HOP_BY_HOP);
    extend(&packet, TE_PROTO_FRAGMENT, first);
    extend_empty(&packet, TE_PROTO_DESTINATION);
    finish(&packet, TE_PROTO_TCP, 24);
    assert_int_equal(parse_whole(&packet, &parsed), TE_IPV6_OK);
    assert_true(parsed.is_fragment);
    assert_int_equal(parsed.fragment.id, 0x01020304);
    assert_int_equal(parsed.protocol, TE_PROTO_DESTINATION);
    assert_int_equal(parsed.payload_len, 32);
    assert_int_equal(parsed.fragment_at_bytes, 48);
}

static void test_chain_of_a_first_fragment(void **state)
{
    uint8_t bytes[64] = {TE_PROTO_TCP, 0};
    (void)state;
    for (size_t len = 0; len <= 28; len++) {
        uint8_t *copy = exact_copy(bytes, len);
        assert_int_equal(te_ipv6_chain_is_complete(TE_PROTO_TCP, copy, len), len >= 20);
        assert_int_equal(te_ipv6_chain_is_complete(TE_PROTO_UDP, copy, len), len >= 8);
        assert_int_equal(te_ipv6_chain_is_complete(TE_PROTO_DESTINATION, copy, len), len >= 28);
        free(copy);
    }
    memset(bytes, TE_PROTO_DESTINATION, sizeof(bytes));
    assert_false(te_ipv6_chain_is_complete(TE_PROTO_DESTINATION, bytes, sizeof(bytes)));
}

/* Nothing is read beyond the packet, whatever is in it. */
static void test_random_chains(void **state)
{
    static const uint8_t types[] = {TE_PROTO_HOP_BY_HOP, TE_PROTO_ROUTING, TE_PROTO_FRAGMENT,
                                    TE_PROTO_DESTINATION, TE_PROTO_TCP};
    uint64_t seed = 8200;
    (void)state;
    for (unsigned round = 0; round < 50000; round++) {
        struct packet packet;
        struct te_ipv6_parsed parsed;
        start(&packet);
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        size_t len = seed >> 58;
        for (size_t i = 0; i < len; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            unsigned draw = (unsigned)(seed >> 40);
            packet.bytes[40 + i] = draw % 2 ? types[(draw >> 8) % 5] : (uint8_t)(draw >> 16 & 7);
        }
        finish(&packet, types[round % 5], len);
        if (parse_whole(&packet, &parsed) == TE_IPV6_OK && !parsed.is_fragment)
            assert_true(parsed.payload_len <= len);
    }
}

static void test_emit(void **state)
{
    struct packet packet = packet_of(&linux_fragment6_2);
    struct te_ipv6_parsed parsed;
    uint8_t bytes[TE_IPV6_HEADER_LEN + TE_IPV6_FRAGMENT_LEN];
    (void)state;
    assert_int_equal(te_ipv6_parse(packet.bytes, packet.len, &parsed), TE_IPV6_OK);
    te_ipv6_emit(&parsed.header, bytes);
    te_ipv6_emit_fragment(&parsed.fragment, bytes + TE_IPV6_HEADER_LEN);
    /* All but the flow label, which we leave 0. */
    memset(packet.bytes + 1, 0, 3);
    assert_memory_equal(bytes, packet.bytes, sizeof(bytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linux_ping),
        cmocka_unit_test(test_linux_hop_by_hop),
        cmocka_unit_test(test_linux_fragments),
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_every_payload_length),
        cmocka_unit_test(test_padding_is_cut_off),
        cmocka_unit_test(test_every_version),
        cmocka_unit_test(test_mapped_addresses_are_refused),
        cmocka_unit_test(test_every_extension_length),
        cmocka_unit_test(test_every_option_length),
        cmocka_unit_test(test_option_without_length),
        cmocka_unit_test(test_unknown_options),
        cmocka_unit_test(test_extension_limit),
        cmocka_unit_test(test_option_limit),
        cmocka_unit_test(test_hop_by_hop_only_comes_first),
        cmocka_unit_test(test_routing_header),
        cmocka_unit_test(test_atomic_fragment),
        cmocka_unit_test(test_the_walk_ends_at_a_fragment),
        cmocka_unit_test(test_chain_of_a_first_fragment),
        cmocka_unit_test(test_random_chains),
        cmocka_unit_test(test_emit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
