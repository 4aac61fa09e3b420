#include "support/frames.h"

#include <stdlib.h>
#include <string.h>

#include "ip/packet.h"
#include "support/test.h"
#include "util/bytes.h"
#include "wire/checksum.h"

const uint8_t stack_mac[6] = {0x02, 0, 0, 0, 0, 0x01};
const uint8_t peer_mac[6] = {0x02, 0, 0, 0, 0, 0x02};
const uint8_t other_mac[6] = {0x02, 0, 0, 0, 0, 0x77};
const uint8_t broadcast_mac[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

void assert_addr(const struct te_addr *addr, const char *text)
{
    char is[TE_ADDR_TEXT_MAX];
    te_addr_format(addr, is);
    assert_string_equal(is, text);
}

void assert_mac(const uint8_t *mac, const uint8_t *expected)
{
    assert_memory_equal(mac, expected, 6);
}

/* --- in --------------------------------------------------------------------------------------- */

static bool is_group(const struct te_addr *addr)
{
    return addr->bytes[0] == 0xff || (te_addr_is_v4(addr) && (addr->bytes[12] & 0xf0) == 224);
}

static void emit_eth(const struct ip_spec *spec, const struct te_addr *destination,
                     uint8_t *ret_frame)
{
    struct te_eth_header eth = {.type = te_addr_is_v4(destination) ? TE_ETH_TYPE_IPV4
                                                                   : TE_ETH_TYPE_IPV6};
    memcpy(eth.source, spec->mac != NULL ? spec->mac : peer_mac, 6);
    if (spec->to_mac != NULL)
        memcpy(eth.destination, spec->to_mac, 6);
    else if (is_group(destination))
        te_mac_of_group(destination, eth.destination);
    else
        memcpy(eth.destination, stack_mac, 6);
    te_eth_emit(&eth, ret_frame);
}

static size_t emit_ipv4(const struct ip_spec *spec, size_t len, uint8_t *ret_bytes)
{
    struct te_ipv4_header header = {.source = fixture_addr(spec->source),
                                    .destination = fixture_addr(spec->destination),
                                    .payload_len = len,
                                    .id = (uint16_t)spec->id,
                                    .fragment_offset_bytes = spec->offset_bytes,
                                    .more_fragments = spec->more,
                                    .ecn = spec->ecn,
                                    .hop_limit = spec->hop_limit != 0 ? spec->hop_limit : 64,
                                    .protocol = spec->protocol};
    te_ipv4_emit(&header, ret_bytes);
    return TE_IPV4_HEADER_LEN;
}

static size_t emit_ipv6(const struct ip_spec *spec, size_t len, uint8_t *ret_bytes)
{
    size_t extra = spec->is_fragment ? TE_IPV6_FRAGMENT_LEN : 0;
    struct te_ipv6_header header = {.source = fixture_addr(spec->source),
                                    .destination = fixture_addr(spec->destination),
                                    .payload_len = len + extra,
                                    .next_header = spec->protocol,
                                    .hop_limit = spec->hop_limit != 0 ? spec->hop_limit : 64,
                                    .ecn = spec->ecn};
    struct te_ipv6_fragment fragment = {spec->id, spec->offset_bytes, spec->more, spec->protocol};
    if (spec->is_fragment) {
        header.next_header = TE_PROTO_FRAGMENT;
        te_ipv6_emit_fragment(&fragment, ret_bytes + TE_IPV6_HEADER_LEN);
    }
    te_ipv6_emit(&header, ret_bytes);
    return TE_IPV6_HEADER_LEN + extra;
}

size_t build_ip(const struct ip_spec *spec, const void *payload, size_t len, uint8_t *ret_frame)
{
    struct te_addr destination = fixture_addr(spec->destination);
    uint8_t *ip = ret_frame + TE_ETH_HEADER_LEN;
    emit_eth(spec, &destination, ret_frame);
    size_t header_len =
        te_addr_is_v4(&destination) ? emit_ipv4(spec, len, ip) : emit_ipv6(spec, len, ip);
    if (len > 0)
        memcpy(ip + header_len, payload, len);
    return TE_ETH_HEADER_LEN + header_len + len;
}

void input_ip(struct fixture *fixture, const struct ip_spec *spec, const void *payload, size_t len)
{
    static uint8_t frame[FRAME_MAX + 100];
    size_t frame_len = build_ip(spec, payload, len, frame);
    fixture_input(fixture, frame, frame_len);
}

static void set_icmp_checksum(const struct ip_spec *spec, uint8_t *message, size_t len)
{
    struct te_addr source = fixture_addr(spec->source);
    struct te_addr destination = fixture_addr(spec->destination);
    uint64_t sum = 0;
    if (!te_addr_is_v4(&destination))
        sum = te_checksum_pseudo(&source, &destination, TE_PROTO_ICMPV6, (uint32_t)len);
    te_store_be16(message + 2, 0);
    te_store_be16(message + 2, te_checksum_finish(te_checksum_add(sum, message, len)));
}

static void input_message(struct fixture *fixture, const struct ip_spec *spec, uint8_t *message,
                          size_t len)
{
    struct te_addr destination = fixture_addr(spec->destination);
    struct ip_spec with_protocol = *spec;
    with_protocol.protocol = te_addr_is_v4(&destination) ? TE_PROTO_ICMP : TE_PROTO_ICMPV6;
    set_icmp_checksum(spec, message, len);
    input_ip(fixture, &with_protocol, message, len);
}

void input_icmp(struct fixture *fixture, const struct ip_spec *spec, const struct te_icmp *icmp)
{
    static uint8_t message[FRAME_MAX];
    te_icmp_emit_header(icmp, message);
    if (icmp->body_len > 0)
        memcpy(message + TE_ICMP_HEADER_LEN, icmp->body, icmp->body_len);
    input_message(fixture, spec, message, TE_ICMP_HEADER_LEN + icmp->body_len);
}

void input_arp(struct fixture *fixture, uint16_t operation, const char *sender, const char *target,
               const uint8_t *mac)
{
    uint8_t frame[TE_ETH_HEADER_LEN + TE_ARP_LEN];
    struct te_eth_header eth = {.type = TE_ETH_TYPE_ARP};
    struct te_arp arp = {
        .operation = operation, .sender = fixture_addr(sender), .target = fixture_addr(target)};
    bool is_request = operation == TE_ARP_REQUEST;
    memcpy(arp.sender_mac, mac != NULL ? mac : peer_mac, 6);
    memcpy(eth.source, arp.sender_mac, 6);
    memcpy(eth.destination, is_request ? broadcast_mac : stack_mac, 6);
    if (!is_request)
        memcpy(arp.target_mac, stack_mac, 6);
    te_eth_emit(&eth, frame);
    te_arp_emit(&arp, frame + TE_ETH_HEADER_LEN);
    fixture_input(fixture, frame, sizeof(frame));
}

void input_nd(struct fixture *fixture, const char *source, const char *destination,
              const struct te_nd *nd)
{
    uint8_t message[TE_ND_LEN_MAX];
    struct ip_spec spec = {.source = source,
                           .destination = destination,
                           .hop_limit = 255,
                           .mac = nd->has_mac ? nd->mac : NULL};
    size_t len = te_nd_emit(nd, message);
    input_message(fixture, &spec, message, len);
}

struct te_nd claim_of_other(const char *addr)
{
    struct te_nd nd = {.type = TE_ND_ADVERTISE,
                       .is_override = true,
                       .has_mac = true,
                       .target = fixture_addr(addr)};
    memcpy(nd.mac, other_mac, sizeof(nd.mac));
    return nd;
}

void input_answer(struct fixture *fixture, const char *addr, const uint8_t *mac)
{
    struct te_nd nd = {.type = TE_ND_ADVERTISE,
                       .is_solicited = true,
                       .is_override = true,
                       .has_mac = true,
                       .target = fixture_addr(addr)};
    if (te_addr_is_v4(&nd.target)) {
        input_arp(fixture, TE_ARP_REPLY, addr, "10.0.0.1", mac);
        return;
    }
    memcpy(nd.mac, mac, 6);
    input_nd(fixture, addr, "2001:db8::1", &nd);
}

/* --- out -------------------------------------------------------------------------------------- */

static const struct fixture_frame *expect_frame(struct fixture *fixture,
                                                struct te_eth_header *ret_eth)
{
    const struct fixture_frame *frame = fixture_next(fixture);
    assert_non_null(frame);
    assert_true(te_eth_parse(frame->bytes, frame->len, ret_eth));
    assert_mac(ret_eth->source, fixture->config.mac);
    return frame;
}

struct te_arp expect_arp(struct fixture *fixture, const uint8_t *to_mac)
{
    struct te_eth_header eth;
    struct te_arp arp;
    const struct fixture_frame *frame = expect_frame(fixture, &eth);
    assert_int_equal(eth.type, TE_ETH_TYPE_ARP);
    assert_mac(eth.destination, to_mac);
    assert_int_equal(frame->len, TE_ETH_HEADER_LEN + TE_ARP_LEN);
    assert_true(te_arp_parse(frame->bytes + TE_ETH_HEADER_LEN, TE_ARP_LEN, &arp));
    return arp;
}

static void read_ipv4(const uint8_t *bytes, size_t len, struct sent_ip *ret_ip)
{
    struct te_ipv4_parsed parsed;
    assert_true(te_ipv4_parse(bytes, len, &parsed));
    assert_int_equal(parsed.header_len + parsed.header.payload_len, len);
    ret_ip->source = parsed.header.source;
    ret_ip->destination = parsed.header.destination;
    ret_ip->protocol = parsed.header.protocol;
    ret_ip->hop_limit = parsed.header.hop_limit;
    ret_ip->ecn = parsed.header.ecn;
    ret_ip->payload = parsed.payload;
    ret_ip->payload_len = parsed.header.payload_len;
    ret_ip->offset_bytes = parsed.header.fragment_offset_bytes;
    ret_ip->more = parsed.header.more_fragments;
    ret_ip->dont_fragment = parsed.header.dont_fragment;
    ret_ip->is_fragment = ret_ip->more || ret_ip->offset_bytes != 0;
    ret_ip->id = parsed.header.id;
}

static void read_ipv6(const uint8_t *bytes, size_t len, struct sent_ip *ret_ip)
{
    struct te_ipv6_parsed parsed;
    assert_int_equal(te_ipv6_parse(bytes, len, &parsed), TE_IPV6_OK);
    assert_int_equal(TE_IPV6_HEADER_LEN + parsed.header.payload_len, len);
    ret_ip->source = parsed.header.source;
    ret_ip->destination = parsed.header.destination;
    ret_ip->protocol = parsed.protocol;
    ret_ip->hop_limit = parsed.header.hop_limit;
    ret_ip->ecn = parsed.header.ecn;
    ret_ip->payload = parsed.payload;
    ret_ip->payload_len = parsed.payload_len;
    ret_ip->offset_bytes = parsed.fragment.offset_bytes;
    ret_ip->more = parsed.fragment.more;
    ret_ip->is_fragment = parsed.is_fragment;
    ret_ip->id = parsed.fragment.id;
}

struct sent_ip expect_ip(struct fixture *fixture)
{
    struct sent_ip ip = {.is_fragment = false};
    const struct fixture_frame *frame = expect_frame(fixture, &ip.eth);
    const uint8_t *bytes = frame->bytes + TE_ETH_HEADER_LEN;
    if (ip.eth.type == TE_ETH_TYPE_IPV4)
        read_ipv4(bytes, frame->len - TE_ETH_HEADER_LEN, &ip);
    else
        read_ipv6(bytes, frame->len - TE_ETH_HEADER_LEN, &ip);
    return ip;
}

static void assert_icmp_checksum(const struct sent_ip *ip)
{
    uint64_t sum = 0;
    if (ip->protocol == TE_PROTO_ICMPV6)
        sum = te_checksum_pseudo(&ip->source, &ip->destination, TE_PROTO_ICMPV6,
                                 (uint32_t)ip->payload_len);
    sum = te_checksum_add(sum, ip->payload, ip->payload_len);
    assert_int_equal(te_checksum_finish(sum), 0);
}

struct te_icmp expect_icmp(struct fixture *fixture, const char *destination, uint8_t type,
                           uint8_t code)
{
    struct te_icmp icmp;
    struct sent_ip ip = expect_ip(fixture);
    assert_addr(&ip.destination, destination);
    assert_int_equal(ip.protocol, te_addr_is_v4(&ip.destination) ? TE_PROTO_ICMP : TE_PROTO_ICMPV6);
    assert_icmp_checksum(&ip);
    assert_true(te_icmp_parse(ip.payload, ip.payload_len, &icmp));
    assert_int_equal(icmp.type, type);
    assert_int_equal(icmp.code, code);
    return icmp;
}

struct te_nd expect_nd(struct fixture *fixture, const uint8_t *to_mac, const char *source,
                       const char *destination)
{
    struct te_nd nd;
    struct sent_ip ip = expect_ip(fixture);
    assert_mac(ip.eth.destination, to_mac);
    assert_addr(&ip.source, source);
    assert_addr(&ip.destination, destination);
    assert_int_equal(ip.hop_limit, 255);
    assert_icmp_checksum(&ip);
    assert_true(te_nd_parse(ip.payload, ip.payload_len, &nd));
    return nd;
}
