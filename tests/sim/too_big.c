#include "too_big.h"

#include <string.h>

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define QUOTE_TCP_BYTES 8 /* of the packet's payload: what RFC 792 guarantees */
#define ICMP_HEADER 8
#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define HOP_LIMIT 64

static bool is_ipv4(const uint8_t *frame)
{
    return wire_get16(frame + 12) == ETHERTYPE_IPV4;
}

size_t too_big_packet_bytes(const uint8_t *frame, size_t len, const struct te_frame_meta *meta)
{
    struct wire_segment segment;
    if (len < WIRE_ETH_BYTES + IPV4_HEADER || !wire_parse(frame, len, meta, &segment))
        return 0;
    if (meta->gso_type != TE_GSO_NONE)
        return segment.payload_at - segment.ip_at + meta->gso_size_bytes;
    return segment.ip_bytes;
}

static void write_ethernet(const uint8_t *frame, uint8_t *ret_frame)
{
    static const uint8_t router_mac[6] = {2, 0, 0, 0, 0, 0xfe};
    memcpy(ret_frame, frame + 6, 6);
    memcpy(ret_frame + 6, router_mac, 6);
    memcpy(ret_frame + 12, frame + 12, 2);
}

/* The router has the last address of the network: the destination's, with another last byte. */
static void write_ipv4(const uint8_t *frame, size_t payload_len, uint8_t *ret_ip)
{
    const uint8_t *ip = frame + WIRE_ETH_BYTES;
    memset(ret_ip, 0, IPV4_HEADER);
    ret_ip[0] = 0x45;
    wire_put16(ret_ip + 2, (uint16_t)(IPV4_HEADER + payload_len));
    ret_ip[8] = HOP_LIMIT;
    ret_ip[9] = 1; /* ICMP */
    memcpy(ret_ip + 12, ip + 16, 4);
    ret_ip[15] = 0xfe;
    memcpy(ret_ip + 16, ip + 12, 4);
    wire_put16(ret_ip + 10, wire_checksum(0, ret_ip, IPV4_HEADER));
}

static void write_ipv6(const uint8_t *frame, size_t payload_len, uint8_t *ret_ip)
{
    const uint8_t *ip = frame + WIRE_ETH_BYTES;
    memset(ret_ip, 0, IPV6_HEADER);
    ret_ip[0] = 0x60;
    wire_put16(ret_ip + 4, (uint16_t)payload_len);
    ret_ip[6] = 58; /* ICMPv6 */
    ret_ip[7] = HOP_LIMIT;
    memcpy(ret_ip + 8, ip + 24, 16);
    ret_ip[23] = 0xfe;
    memcpy(ret_ip + 24, ip + 8, 16);
}

/* The pseudo-header that an ICMPv6 checksum covers (RFC 8200 8.1). */
static uint64_t sum_of_pseudo_header(const uint8_t *ip, size_t payload_len)
{
    uint64_t sum = 58 + payload_len;
    for (unsigned i = 8; i < IPV6_HEADER; i += 2)
        sum += wire_get16(ip + i);
    return sum;
}

size_t too_big_answer(const uint8_t *frame, size_t len, uint32_t mtu_bytes, uint8_t *ret_frame)
{
    bool v4 = is_ipv4(frame);
    size_t ip_header = v4 ? IPV4_HEADER : IPV6_HEADER;
    size_t quote = ip_header + QUOTE_TCP_BYTES;
    uint8_t *ip = ret_frame + WIRE_ETH_BYTES;
    uint8_t *icmp = ip + ip_header;
    if (quote > len - WIRE_ETH_BYTES)
        quote = len - WIRE_ETH_BYTES;
    write_ethernet(frame, ret_frame);
    memset(icmp, 0, ICMP_HEADER);
    icmp[0] = v4 ? 3 : 2; /* destination unreachable: fragmentation needed; packet too big */
    icmp[1] = v4 ? 4 : 0;
    wire_put32(icmp + 4, mtu_bytes);
    memcpy(icmp + ICMP_HEADER, frame + WIRE_ETH_BYTES, quote);
    if (v4)
        write_ipv4(frame, ICMP_HEADER + quote, ip);
    else
        write_ipv6(frame, ICMP_HEADER + quote, ip);
    uint64_t sum = v4 ? 0 : sum_of_pseudo_header(ip, ICMP_HEADER + quote);
    wire_put16(icmp + 2, wire_checksum(sum, icmp, ICMP_HEADER + quote));
    return WIRE_ETH_BYTES + ip_header + ICMP_HEADER + quote;
}
