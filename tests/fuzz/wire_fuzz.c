/* Wire formats: what a parser accepts can be written and parsed again, and means the same. The
 * first byte chooses the format, the rest is the packet. */
#include <string.h>

#include "fuzz.h"
#include "wire/arp.h"
#include "wire/eth.h"
#include "wire/icmp.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/nd.h"
#include "wire/tcp.h"

#define FORMATS 10
#define SAME(a, b) FUZZ_CHECK((a) == (b), "%s is not %s after a round trip", #a, #b)
#define SAME_BYTES(a, b, len)                                                                      \
    FUZZ_CHECK(memcmp(a, b, len) == 0, "%s is not %s after a round trip", #a, #b)

static void eth(const uint8_t *bytes, size_t len)
{
    struct te_eth_header first;
    uint8_t out[TE_ETH_HEADER_LEN];
    if (!te_eth_parse(bytes, len, &first))
        return;
    te_eth_emit(&first, out);
    SAME_BYTES(out, bytes, sizeof(out));
}

static void arp(const uint8_t *bytes, size_t len)
{
    struct te_arp first, second;
    uint8_t out[TE_ARP_LEN], again[TE_ARP_LEN];
    if (!te_arp_parse(bytes, len, &first))
        return;
    te_arp_emit(&first, out);
    SAME_BYTES(out, bytes, sizeof(out));
    FUZZ_CHECK(te_arp_parse(out, sizeof(out), &second), "our own ARP packet is not read");
    te_arp_emit(&second, again);
    SAME_BYTES(out, again, sizeof(out));
}

static void ipv4(const uint8_t *bytes, size_t len)
{
    struct te_ipv4_parsed first, second;
    static uint8_t out[TE_IPV4_HEADER_LEN + UINT16_MAX];
    uint8_t again[TE_IPV4_HEADER_LEN];
    if (!te_ipv4_parse(bytes, len, &first))
        return;
    FUZZ_CHECK(first.payload >= bytes && first.payload + first.header.payload_len <= bytes + len,
               "the payload lies beyond the packet");
    te_ipv4_emit(&first.header, out);
    FUZZ_CHECK(te_ipv4_parse(out, TE_IPV4_HEADER_LEN + first.header.payload_len, &second),
               "our own IPv4 header is not read");
    SAME(first.header.payload_len, second.header.payload_len);
    SAME(first.header.fragment_offset_bytes, second.header.fragment_offset_bytes);
    SAME(first.header.more_fragments, second.header.more_fragments);
    te_ipv4_emit(&second.header, again);
    SAME_BYTES(out, again, sizeof(again));
}

static void ipv6_fragment(const struct te_ipv6_fragment *fragment, const uint8_t *bytes)
{
    uint8_t out[TE_IPV6_FRAGMENT_LEN];
    te_ipv6_emit_fragment(fragment, out);
    SAME(out[0], bytes[0]);
    SAME_BYTES(out + 4, bytes + 4, 4);
    SAME(out[2], bytes[2]);
    SAME(out[3] & 0xf9, bytes[3] & 0xf9); /* two bits between offset and M are reserved */
}

static void ipv6(const uint8_t *bytes, size_t len)
{
    struct te_ipv6_parsed first, second;
    static uint8_t out[TE_IPV6_HEADER_LEN + UINT16_MAX];
    uint8_t again[TE_IPV6_HEADER_LEN];
    enum te_ipv6_verdict verdict = te_ipv6_parse(bytes, len, &first);
    if (verdict == TE_IPV6_MALFORMED)
        return;
    if (verdict == TE_IPV6_PROBLEM)
        FUZZ_CHECK(first.problem_pointer < len, "a problem is pointed at beyond the packet");
    te_ipv6_emit(&first.header, out);
    if (verdict != TE_IPV6_OK)
        return;
    FUZZ_CHECK(first.payload >= bytes && first.payload + first.payload_len <= bytes + len,
               "the payload lies beyond the packet");
    FUZZ_CHECK(first.protocol_at_bytes < len && bytes[first.protocol_at_bytes] == first.protocol,
               "the protocol does not stand where it is said to");
    if (first.is_fragment)
        ipv6_fragment(&first.fragment, bytes + first.fragment_at_bytes);
    size_t extensions = first.header.payload_len;
    memcpy(out + TE_IPV6_HEADER_LEN, bytes + TE_IPV6_HEADER_LEN, extensions);
    FUZZ_CHECK(te_ipv6_parse(out, TE_IPV6_HEADER_LEN + extensions, &second) == TE_IPV6_OK,
               "our own IPv6 header is not read");
    SAME(first.protocol, second.protocol);
    SAME(first.payload_len, second.payload_len);
    te_ipv6_emit(&second.header, again);
    SAME_BYTES(out, again, sizeof(again));
}

static void icmp(const uint8_t *bytes, size_t len)
{
    struct te_icmp first;
    uint8_t out[TE_ICMP_HEADER_LEN];
    if (!te_icmp_parse(bytes, len, &first))
        return;
    te_icmp_emit_header(&first, out);
    SAME_BYTES(out, bytes, sizeof(out));
    SAME(first.body_len, len - sizeof(out));
    SAME(first.body, bytes + sizeof(out));
}

static void check_quote(const struct te_icmp_quote *quote, bool is_v4)
{
    FUZZ_CHECK(te_addr_is_v4(&quote->source.addr) == is_v4, "a quote of the other family");
    FUZZ_CHECK(te_addr_is_v4(&quote->destination.addr) == is_v4, "a quote of the other family");
}

static void quote4(const uint8_t *bytes, size_t len)
{
    struct te_icmp_quote quote;
    if (te_icmp4_parse_quote(bytes, len, &quote))
        check_quote(&quote, true);
}

static void quote6(const uint8_t *bytes, size_t len)
{
    struct te_icmp_quote quote;
    if (te_icmp6_parse_quote(bytes, len, &quote))
        check_quote(&quote, false);
}

static void nd(const uint8_t *bytes, size_t len)
{
    struct te_nd first, second;
    uint8_t out[TE_ND_LEN_MAX], again[TE_ND_LEN_MAX];
    if (!te_nd_parse(bytes, len, &first))
        return;
    size_t out_len = te_nd_emit(&first, out);
    FUZZ_CHECK(out_len <= sizeof(out), "a Neighbour Discovery message of %zu bytes", out_len);
    FUZZ_CHECK(te_nd_parse(out, out_len, &second), "our own message is not read");
    SAME(te_nd_emit(&second, again), out_len);
    SAME_BYTES(out, again, out_len);
}

static void tcp(const uint8_t *bytes, size_t len)
{
    struct te_tcp_parsed first, second;
    uint8_t out[TE_TCP_HEADER_MAX], again[TE_TCP_HEADER_MAX];
    if (!te_tcp_parse(bytes, len, &first))
        return;
    FUZZ_CHECK(first.payload >= bytes + TE_TCP_HEADER_MIN &&
                   first.payload + first.payload_len == bytes + len,
               "the payload does not end with the segment");
    size_t out_len = te_tcp_emit(&first.header, out);
    FUZZ_CHECK(te_tcp_parse(out, out_len, &second), "our own header is not read");
    FUZZ_CHECK(second.bad_options == 0, "our own options are malformed");
    SAME_BYTES(out, bytes, 12);
    SAME(out[13], bytes[13]);
    SAME_BYTES(out + 14, bytes + 14, 6);
    SAME(te_tcp_emit(&second.header, again), out_len);
    SAME_BYTES(out, again, out_len);
}

static void chain(const uint8_t *bytes, size_t len)
{
    if (len > 0)
        (void)te_ipv6_chain_is_complete(bytes[0], bytes + 1, len - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const formats[FORMATS])(const uint8_t *, size_t) = {
        eth, arp, ipv4, ipv6, icmp, quote4, quote6, nd, tcp, chain};
    if (size > 0)
        formats[data[0] % FORMATS](data + 1, size - 1);
    return 0;
}
