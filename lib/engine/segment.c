#include <assert.h>
#include <string.h>
#include <tcpengine/segment.h>

#include "util/bytes.h"
#include "wire/checksum.h"
#include "wire/eth.h"
#include "wire/icmp.h"
#include "wire/ip_view.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/protocol.h"
#include "wire/tcp.h"

/* Offsets in headers, and what they are called in RFC 791, RFC 8200 and RFC 9293. */
enum {
    IPV4_TOTAL_LENGTH = 2,
    IPV4_ID = 4,
    IPV4_CHECKSUM = 10,
    IPV6_PAYLOAD_LENGTH = 4,
    TCP_SEQ = 4,
    TCP_FLAGS = 13,
    TCP_WINDOW = 14,
    TCP_CHECKSUM = 16
};

#define HOP_LIMIT 64
#define QUOTE_TCP_LEN 8 /* what RFC 792 guarantees: the ports and the sequence number */

/* --- reading ---------------------------------------------------------------------------------- */

bool te_segment_parse(const uint8_t *frame, size_t len, struct te_segment_view *ret_view)
{
    struct te_ip_view ip;
    struct te_tcp_parsed tcp;
    if (!te_ip_view_find(frame, len, &ip) || !ip.has_segment ||
        !te_tcp_parse(ip.payload, ip.payload_len, &tcp))
        return false;
    *ret_view =
        (struct te_segment_view){.source = {ip.source, tcp.header.source_port},
                                 .destination = {ip.destination, tcp.header.destination_port},
                                 .seq = tcp.header.seq,
                                 .ack = tcp.header.ack,
                                 .window = tcp.header.window,
                                 .flags = tcp.header.flags,
                                 .payload_bytes = (uint32_t)tcp.payload_len,
                                 .ip_at = ip.ip_at,
                                 .tcp_at = (size_t)(ip.payload - frame),
                                 .payload_at = (size_t)(tcp.payload - frame)};
    return true;
}

size_t te_segment_packet_bytes(const struct te_segment_view *view, const struct te_frame_meta *meta)
{
    size_t payload = view->payload_bytes;
    if (meta->gso_size_bytes != 0 && meta->gso_size_bytes < payload)
        payload = meta->gso_size_bytes;
    return view->payload_at - view->ip_at + payload;
}

/* --- changing --------------------------------------------------------------------------------- */

/* Of the segment as it is, without its checksum field. */
static uint64_t sum_of(const uint8_t *frame, const struct te_segment_view *view, size_t len)
{
    uint64_t sum = te_checksum_pseudo(&view->source.addr, &view->destination.addr, TE_PROTO_TCP,
                                      (uint32_t)len);
    return te_checksum_add(sum, frame + view->tcp_at, len);
}

static void write_checksum(uint8_t *frame, const struct te_segment_view *view, size_t tcp_len)
{
    uint8_t *field = frame + view->tcp_at + TCP_CHECKSUM;
    te_store_be16(field, 0);
    te_store_be16(field, te_checksum_finish(sum_of(frame, view, tcp_len)));
}

/* RFC 1624 (eqn 3): the old value out, the new one in. */
static uint16_t adjust(uint16_t checksum, uint16_t old, uint16_t new)
{
    uint32_t sum = (uint32_t)(uint16_t)~checksum + (uint16_t)~old + new;
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t) ~((sum & 0xffff) + (sum >> 16));
}

void te_segment_set_window(uint8_t *frame, const struct te_segment_view *view,
                           const struct te_frame_meta *meta, uint16_t window)
{
    uint8_t *tcp = frame + view->tcp_at;
    uint16_t old = te_load_be16(tcp + TCP_WINDOW);
    te_store_be16(tcp + TCP_WINDOW, window);
    if (meta->checksum == TE_CHECKSUM_PARTIAL) /* the field covers the pseudo-header alone */
        return;
    te_store_be16(tcp + TCP_CHECKSUM, adjust(te_load_be16(tcp + TCP_CHECKSUM), old, window));
}

void te_segment_break_checksum(uint8_t *frame, const struct te_segment_view *view)
{
    frame[view->tcp_at + TCP_CHECKSUM] ^= 0x01;
}

/* --- cutting ---------------------------------------------------------------------------------- */

static void write_ip_length(uint8_t *ip, bool is_v4, size_t packet_len, unsigned index)
{
    if (!is_v4) {
        te_store_be16(ip + IPV6_PAYLOAD_LENGTH, (uint16_t)(packet_len - TE_IPV6_HEADER_LEN));
        return;
    }
    size_t header_len = (size_t)(ip[0] & 0x0f) * 4;
    te_store_be16(ip + IPV4_TOTAL_LENGTH, (uint16_t)packet_len);
    te_store_be16(ip + IPV4_ID, (uint16_t)(te_load_be16(ip + IPV4_ID) + index));
    te_store_be16(ip + IPV4_CHECKSUM, 0);
    te_store_be16(ip + IPV4_CHECKSUM, te_checksum_finish(te_checksum_add(0, ip, header_len)));
}

size_t te_segment_cut(const uint8_t *frame, const struct te_segment_view *view,
                      const struct te_frame_meta *meta, unsigned index, uint8_t *ret_frame)
{
    uint32_t size = meta->gso_size_bytes != 0 ? meta->gso_size_bytes : view->payload_bytes;
    uint64_t first = (uint64_t)index * size;
    if (index > 0 && first >= view->payload_bytes)
        return 0;
    uint32_t offset = (uint32_t)first, rest = view->payload_bytes - offset;
    uint32_t len = rest < size ? rest : size;
    uint8_t flags = view->flags;
    if (len < rest)
        flags &= (uint8_t) ~(TE_FIN | TE_PSH);
    if (index > 0)
        flags &= (uint8_t)~TE_CWR; /* RFC 3168 6.1.2: on the first alone */
    memcpy(ret_frame, frame, view->payload_at);
    memcpy(ret_frame + view->payload_at, frame + view->payload_at + offset, len);
    te_store_be32(ret_frame + view->tcp_at + TCP_SEQ, view->seq + offset);
    ret_frame[view->tcp_at + TCP_FLAGS] = flags;
    size_t end = view->payload_at + len;
    write_ip_length(ret_frame + view->ip_at, te_addr_is_v4(&view->source.addr), end - view->ip_at,
                    index);
    write_checksum(ret_frame, view, end - view->tcp_at);
    return end;
}

/* --- making ----------------------------------------------------------------------------------- */

struct packet {
    const struct te_addr *source, *destination;
    uint8_t protocol;
    size_t payload_len;
};

static size_t ip_header_len(const struct te_addr *addr)
{
    return te_addr_is_v4(addr) ? TE_IPV4_HEADER_LEN : TE_IPV6_HEADER_LEN;
}

/* Writes Ethernet and IP headers; returns where the payload begins. */
static size_t write_headers(const struct packet *packet, const uint8_t destination_mac[6],
                            const uint8_t source_mac[6], uint8_t *ret_frame)
{
    bool is_v4 = te_addr_is_v4(packet->source);
    struct te_eth_header eth = {.type = is_v4 ? TE_ETH_TYPE_IPV4 : TE_ETH_TYPE_IPV6};
    memcpy(eth.destination, destination_mac, sizeof(eth.destination));
    memcpy(eth.source, source_mac, sizeof(eth.source));
    te_eth_emit(&eth, ret_frame);
    if (is_v4)
        te_ipv4_emit(&(const struct te_ipv4_header){.source = *packet->source,
                                                    .destination = *packet->destination,
                                                    .payload_len = packet->payload_len,
                                                    .dont_fragment = true,
                                                    .hop_limit = HOP_LIMIT,
                                                    .protocol = packet->protocol},
                     ret_frame + TE_ETH_HEADER_LEN);
    else
        te_ipv6_emit(&(const struct te_ipv6_header){.source = *packet->source,
                                                    .destination = *packet->destination,
                                                    .payload_len = packet->payload_len,
                                                    .next_header = packet->protocol,
                                                    .hop_limit = HOP_LIMIT},
                     ret_frame + TE_ETH_HEADER_LEN);
    return TE_ETH_HEADER_LEN + ip_header_len(packet->source);
}

size_t te_segment_make_reset(const struct te_segment_reset *reset,
                             uint8_t ret_frame[TE_SEGMENT_MADE_MAX])
{
    const struct packet packet = {.source = &reset->source.addr,
                                  .destination = &reset->destination.addr,
                                  .protocol = TE_PROTO_TCP,
                                  .payload_len = TE_TCP_HEADER_MIN};
    const struct te_tcp_header header = {.source_port = reset->source.port,
                                         .destination_port = reset->destination.port,
                                         .seq = reset->seq,
                                         .flags = TE_RST};
    struct te_segment_view view = {.source = reset->source, .destination = reset->destination};
    view.tcp_at = write_headers(&packet, reset->destination_mac, reset->source_mac, ret_frame);
    size_t len = te_tcp_emit(&header, ret_frame + view.tcp_at);
    write_checksum(ret_frame, &view, len);
    return view.tcp_at + len;
}

static struct te_icmp too_big_message(bool is_v4, uint32_t mtu_bytes)
{
    return (struct te_icmp){.type = is_v4 ? TE_ICMP4_UNREACHABLE : TE_ICMP6_TOO_BIG,
                            .code = is_v4 ? TE_ICMP4_FRAGMENTATION_NEEDED : 0,
                            .rest = mtu_bytes};
}

size_t te_segment_make_too_big(const uint8_t *frame, const struct te_segment_view *view,
                               uint32_t mtu_bytes, uint8_t ret_frame[TE_SEGMENT_MADE_MAX])
{
    bool is_v4 = te_addr_is_v4(&view->source.addr);
    size_t ip_len = view->tcp_at - view->ip_at;
    if (ip_len > ip_header_len(&view->source.addr)) /* options would not leave room for the quote */
        return 0;
    size_t quote_len = ip_len + QUOTE_TCP_LEN;
    const struct packet packet = {.source = &view->destination.addr,
                                  .destination = &view->source.addr,
                                  .protocol = is_v4 ? TE_PROTO_ICMP : TE_PROTO_ICMPV6,
                                  .payload_len = TE_ICMP_HEADER_LEN + quote_len};
    /* From whom the frame came, to whom it was for. */
    size_t at = write_headers(&packet, frame + sizeof(((struct te_eth_header *)0)->destination),
                              frame, ret_frame);
    struct te_icmp icmp = too_big_message(is_v4, mtu_bytes);
    uint64_t sum = is_v4 ? 0
                         : te_checksum_pseudo(packet.source, packet.destination, TE_PROTO_ICMPV6,
                                              (uint32_t)packet.payload_len);
    memcpy(ret_frame + at + TE_ICMP_HEADER_LEN, frame + view->ip_at, quote_len);
    te_icmp_emit_header(&icmp, ret_frame + at);
    icmp.checksum = te_checksum_finish(te_checksum_add(sum, ret_frame + at, packet.payload_len));
    te_icmp_emit_header(&icmp, ret_frame + at);
    assert(at + packet.payload_len <= TE_SEGMENT_MADE_MAX);
    return at + packet.payload_len;
}
