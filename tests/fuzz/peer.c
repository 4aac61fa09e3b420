#include "peer.h"

#include <string.h>

#include "util/bytes.h"
#include "wire/arp.h"
#include "wire/checksum.h"
#include "wire/eth.h"
#include "wire/icmp.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/nd.h"
#include "wire/protocol.h"

#define CHECKSUM_AT 16
#define REMOTE_PORT 7000
#define HOST_ROUTER 3
#define HOST_COUNT 8 /* existing stations: .2 to .7 */

static const struct te_frame_meta plain;

static struct te_addr host_addr(bool is_v6, uint8_t host)
{
    const uint8_t v4[4] = {10, 0, 0, host};
    const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = host};
    return is_v6 ? te_addr_from_v6(v6) : te_addr_from_v4(v4);
}

struct te_addr peer_router(void)
{
    return host_addr(false, HOST_ROUTER);
}

/* Two on the link, of each family; one behind the router; the last is the first from another port.
 */
void peer_init_slot(struct rig_slot *slot, unsigned index)
{
    const uint8_t far[4] = {192, 0, 2, 9};
    bool is_v6 = index == 1;
    memset(slot, 0, sizeof(*slot));
    slot->local = (struct te_endpoint){rig_stack_addr(is_v6), RIG_SERVER_PORT};
    slot->remote = (struct te_endpoint){host_addr(is_v6, 2), (uint16_t)(REMOTE_PORT + index)};
    if (index == 2)
        slot->remote.addr = te_addr_from_v4(far);
    slot->peer_iss = 0xffffff00u + index;
}

/* --- frames ----------------------------------------------------------------------------------- */

static void put_ethernet(struct rig *rig, uint16_t type, uint8_t host, bool is_broadcast)
{
    struct te_eth_header eth = {.type = type, .source = {2, [5] = host}};
    memcpy(eth.destination, rig->config.mac, 6);
    if (is_broadcast)
        memset(eth.destination, 0xff, 6);
    te_eth_emit(&eth, rig->frame);
}

void peer_put_ethernet(struct rig *rig, uint16_t type)
{
    put_ethernet(rig, type, 2, false);
}

struct packet {
    struct te_addr source, destination;
    uint8_t protocol, hop_limit;
    size_t len;
    uint8_t ecn;
};

/* Ethernet and IP headers for packet->len bytes; returns where the payload goes. */
static uint8_t *put_headers(struct rig *rig, const struct packet *packet)
{
    uint8_t *ip = rig->frame + TE_ETH_HEADER_LEN;
    bool is_v4 = te_addr_is_v4(&packet->destination);
    size_t header_len = is_v4 ? TE_IPV4_HEADER_LEN : TE_IPV6_HEADER_LEN;
    put_ethernet(rig, is_v4 ? TE_ETH_TYPE_IPV4 : TE_ETH_TYPE_IPV6, 2, false);
    if (is_v4) {
        struct te_ipv4_header header = {.source = packet->source,
                                        .destination = packet->destination,
                                        .payload_len = packet->len,
                                        .ecn = packet->ecn,
                                        .hop_limit = packet->hop_limit,
                                        .protocol = packet->protocol};
        te_ipv4_emit(&header, ip);
    } else {
        struct te_ipv6_header header = {.source = packet->source,
                                        .destination = packet->destination,
                                        .payload_len = packet->len,
                                        .ecn = packet->ecn,
                                        .hop_limit = packet->hop_limit,
                                        .next_header = packet->protocol};
        te_ipv6_emit(&header, ip);
    }
    rig->frame_len = TE_ETH_HEADER_LEN + header_len + packet->len;
    return ip + header_len;
}

static void give(struct rig *rig, const struct te_frame_meta *meta)
{
    rig_input(rig, meta);
    rig_settle(rig);
}

/* --- TCP -------------------------------------------------------------------------------------- */

static size_t put_header(const struct peer_segment *segment, uint8_t *ret_bytes)
{
    struct te_tcp_header header = {.source_port = segment->slot->remote.port,
                                   .destination_port = segment->slot->local.port,
                                   .seq = segment->seq,
                                   .ack = segment->ack,
                                   .flags = segment->flags,
                                   .window = segment->window,
                                   .urgent_pointer = segment->urgent_pointer};
    if (segment->raw_len == 0)
        header.options = segment->options;
    size_t len = te_tcp_emit(&header, ret_bytes);
    if (segment->raw_len > 0) {
        memcpy(ret_bytes + len, segment->raw_options, segment->raw_len);
        len += segment->raw_len;
        ret_bytes[12] = (uint8_t)(len / 4 << 4);
    }
    return len;
}

/* Header, payload and checksum; returns the length. */
static size_t put_segment(const struct peer_segment *segment, uint8_t *ret_bytes)
{
    size_t header_len = put_header(segment, ret_bytes);
    size_t len = header_len + segment->payload_len;
    uint32_t first = segment->seq + ((segment->flags & TE_SYN) != 0 ? 1 : 0);
    for (size_t i = 0; i < segment->payload_len; i++)
        ret_bytes[header_len + i] = rig_byte(first + (uint32_t)i);
    te_store_be16(ret_bytes + CHECKSUM_AT, 0);
    uint64_t sum = te_checksum_pseudo(&segment->slot->remote.addr, &segment->slot->local.addr,
                                      TE_PROTO_TCP, (uint32_t)len);
    uint16_t checksum = te_checksum_finish(te_checksum_add(sum, ret_bytes, len));
    te_store_be16(ret_bytes + CHECKSUM_AT, checksum);
    return len;
}

void peer_send(struct rig *rig, const struct peer_segment *segment)
{
    static uint8_t bytes[RIG_FRAME_MAX];
    const struct rig_slot *slot = segment->slot;
    struct packet packet = {slot->remote.addr,           slot->local.addr, TE_PROTO_TCP, 64,
                            put_segment(segment, bytes), segment->ecn};
    struct te_frame_meta meta = plain;
    memcpy(put_headers(rig, &packet), bytes, packet.len);
    if (segment->merged_from != 0) {
        meta.gso_type = te_addr_is_v4(&slot->local.addr) ? TE_GSO_TCPV4 : TE_GSO_TCPV6;
        meta.gso_size_bytes = segment->merged_from;
        meta.header_len_bytes = (uint16_t)(rig->frame_len - segment->payload_len);
    }
    give(rig, &meta);
}

static void send_fragment(struct rig *rig, const struct rig_slot *slot, uint16_t id,
                          const uint8_t *bytes, const size_t range[3])
{
    size_t start = range[0], end = range[1], total = range[2];
    struct packet packet = {slot->remote.addr, slot->local.addr, TE_PROTO_TCP, 64, end - start, 0};
    bool is_v4 = te_addr_is_v4(&slot->local.addr);
    uint8_t *ip = rig->frame + TE_ETH_HEADER_LEN;
    if (!is_v4) {
        packet.protocol = TE_PROTO_FRAGMENT;
        packet.len += TE_IPV6_FRAGMENT_LEN;
    }
    uint8_t *payload = put_headers(rig, &packet);
    if (is_v4) {
        struct te_ipv4_header header = {.source = slot->remote.addr,
                                        .destination = slot->local.addr,
                                        .payload_len = end - start,
                                        .id = id,
                                        .fragment_offset_bytes = (uint16_t)start,
                                        .more_fragments = end < total,
                                        .hop_limit = 64,
                                        .protocol = TE_PROTO_TCP};
        te_ipv4_emit(&header, ip);
    } else {
        struct te_ipv6_fragment fragment = {id, (uint16_t)start, end < total, TE_PROTO_TCP};
        te_ipv6_emit_fragment(&fragment, payload);
        payload += TE_IPV6_FRAGMENT_LEN;
    }
    memcpy(payload, bytes, end - start);
    give(rig, &plain);
}

void peer_send_fragments(struct rig *rig, const struct peer_segment *segment,
                         const struct peer_fragments *fragments)
{
    static uint8_t bytes[RIG_FRAME_MAX];
    size_t len = put_segment(segment, bytes);
    for (size_t start = 0, i = 0; start < len && i < 64; start += fragments->piece, i++) {
        size_t end = start + fragments->piece < len ? start + fragments->piece : len;
        size_t range[3] = {start, end, len};
        if ((fragments->lost >> i % 8 & 1) == 0)
            send_fragment(rig, segment->slot, fragments->id, bytes + start, range);
        if ((fragments->again >> i % 8 & 1) == 0)
            continue;
        range[0] += 8;
        range[1] += 8;
        send_fragment(rig, segment->slot, fragments->id, bytes + start, range);
    }
}

/* --- ICMP ------------------------------------------------------------------------------------- */

static void send_icmp(struct rig *rig, const struct te_addr *source, bool is_v6,
                      const struct te_icmp *icmp)
{
    struct packet packet = {*source,
                            rig_stack_addr(is_v6),
                            is_v6 ? TE_PROTO_ICMPV6 : TE_PROTO_ICMP,
                            64,
                            TE_ICMP_HEADER_LEN + icmp->body_len,
                            0};
    uint8_t *message = put_headers(rig, &packet);
    te_icmp_emit_header(icmp, message);
    memcpy(message + TE_ICMP_HEADER_LEN, icmp->body, icmp->body_len);
    te_store_be16(message + 2, 0);
    uint64_t sum = 0;
    if (is_v6)
        sum = te_checksum_pseudo(&packet.source, &packet.destination, packet.protocol,
                                 (uint32_t)packet.len);
    te_store_be16(message + 2, te_checksum_finish(te_checksum_add(sum, message, packet.len)));
    give(rig, &plain);
}

void peer_send_error(struct rig *rig, const struct peer_error *error)
{
    uint8_t body[TE_IPV6_HEADER_LEN + TE_TCP_HEADER_MIN] = {0};
    const struct rig_slot *slot = error->slot;
    bool is_v6 = !te_addr_is_v4(&slot->local.addr);
    size_t ip_len = is_v6 ? TE_IPV6_HEADER_LEN : TE_IPV4_HEADER_LEN;
    struct te_tcp_header tcp = {.source_port = slot->local.port,
                                .destination_port = slot->remote.port,
                                .seq = error->seq,
                                .flags = TE_ACK};
    if (is_v6) {
        struct te_ipv6_header header = {.source = slot->local.addr,
                                        .destination = slot->remote.addr,
                                        .payload_len = TE_TCP_HEADER_MIN + 1000,
                                        .next_header = TE_PROTO_TCP,
                                        .hop_limit = 1};
        te_ipv6_emit(&header, body);
    } else {
        struct te_ipv4_header header = {.source = slot->local.addr,
                                        .destination = slot->remote.addr,
                                        .payload_len = TE_TCP_HEADER_MIN + 1000,
                                        .hop_limit = 1,
                                        .protocol = TE_PROTO_TCP};
        te_ipv4_emit(&header, body);
    }
    te_tcp_emit(&tcp, body + ip_len);
    struct te_icmp icmp = {.type = error->type,
                           .code = error->code,
                           .rest = error->rest,
                           .body = body,
                           .body_len = ip_len + error->quote_len};
    struct te_addr router = is_v6 ? host_addr(true, HOST_ROUTER) : peer_router();
    send_icmp(rig, &router, is_v6, &icmp);
}

void peer_send_echo(struct rig *rig, bool is_v6, size_t len)
{
    static const uint8_t zeros[UINT16_MAX];
    struct te_icmp icmp = {.type = is_v6 ? TE_ICMP6_ECHO_REQUEST : TE_ICMP4_ECHO_REQUEST,
                           .rest = (uint32_t)len,
                           .body = zeros,
                           .body_len = len};
    struct te_addr source = host_addr(is_v6, 2);
    send_icmp(rig, &source, is_v6, &icmp);
}

/* --- neighbours ------------------------------------------------------------------------------- */

static void send_arp(struct rig *rig, const struct peer_neighbour *neighbour)
{
    struct te_arp arp = {.operation = neighbour->is_reply ? TE_ARP_REPLY : TE_ARP_REQUEST,
                         .sender_mac = {2, [5] = neighbour->mac},
                         .sender = host_addr(false, neighbour->host),
                         .target = host_addr(false, neighbour->target_host)};
    put_ethernet(rig, TE_ETH_TYPE_ARP, neighbour->mac, neighbour->is_broadcast);
    te_arp_emit(&arp, rig->frame + TE_ETH_HEADER_LEN);
    rig->frame_len = TE_ETH_HEADER_LEN + TE_ARP_LEN;
    give(rig, &plain);
}

static void send_nd(struct rig *rig, const struct peer_neighbour *neighbour)
{
    uint8_t bytes[TE_ND_LEN_MAX];
    struct te_nd nd = {
        .type = neighbour->is_reply ? TE_ND_ADVERTISE : TE_ND_SOLICIT,
        .is_router = (neighbour->flags & 1) != 0,
        .is_solicited = (neighbour->flags & 2) != 0,
        .is_override = (neighbour->flags & 4) != 0,
        .has_mac = (neighbour->flags & 8) == 0,
        .mac = {2, [5] = neighbour->mac},
        .target = host_addr(true, neighbour->is_reply ? neighbour->host : neighbour->target_host)};
    struct packet packet = {host_addr(true, neighbour->host),
                            rig_stack_addr(true),
                            TE_PROTO_ICMPV6,
                            255,
                            te_nd_emit(&nd, bytes),
                            0};
    const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 1};
    if (neighbour->is_broadcast)
        packet.destination = te_addr_from_v6(all_nodes);
    uint64_t sum = te_checksum_pseudo(&packet.source, &packet.destination, packet.protocol,
                                      (uint32_t)packet.len);
    te_store_be16(bytes + 2, te_checksum_finish(te_checksum_add(sum, bytes, packet.len)));
    memcpy(put_headers(rig, &packet), bytes, packet.len);
    if (neighbour->is_broadcast)
        te_mac_of_group(&packet.destination, rig->frame);
    give(rig, &plain);
}

void peer_send_neighbour(struct rig *rig, const struct peer_neighbour *neighbour)
{
    if (neighbour->is_v6)
        send_nd(rig, neighbour);
    else
        send_arp(rig, neighbour);
}

void peer_answer(struct rig *rig, const struct te_addr *addr)
{
    uint8_t host = addr->bytes[15];
    bool is_v6 = !te_addr_is_v4(addr);
    struct te_addr station = host_addr(is_v6, host);
    if (host < 2 || host >= HOST_COUNT || !te_addr_equal(&station, addr))
        return;
    const struct peer_neighbour answer = {.is_v6 = is_v6,
                                          .is_reply = true,
                                          .host = host,
                                          .target_host = 1,
                                          .mac = host,
                                          .flags = 2 | 4};
    peer_send_neighbour(rig, &answer);
}
