/* Input: the frame, the IP header, fragments, then the protocol that is carried. */
#include <string.h>

#include "ip/arp.h"
#include "ip/icmp.h"
#include "ip/ip.h"
#include "stack_internal.h"
#include "util/bytes.h"
#include "wire/checksum.h"
#include "wire/eth.h"
#include "wire/icmp.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

#define IP_PACKET_MAX 65535u
#define UDP_HEADER_LEN 8

/* How a packet arrived. */
struct arrival {
    const uint8_t *source_mac; /* NULL when it was reassembled from fragments */
    bool is_group;             /* the frame went to a group */
    bool checksum_ok;
    uint16_t gso_size_bytes;
};

static void input_ipv4(struct te_stack *stack, const uint8_t *bytes, size_t len,
                       const struct arrival *arrival);
static void input_ipv6(struct te_stack *stack, const uint8_t *bytes, size_t len,
                       const struct arrival *arrival);

/* --- Ethernet --------------------------------------------------------------------------------- */

static bool is_frame_for_us(struct te_stack *stack, const struct te_eth_header *eth)
{
    /* Our own frames come back when the link has a loop. */
    if (!te_mac_is_station(eth->source) || te_mac_equal(eth->source, stack->config.mac)) {
        te_drop_packet(stack, TE_DROP_ETH_BAD_SOURCE, NULL, NULL);
        return false;
    }
    if (te_mac_equal(eth->destination, stack->config.mac) ||
        (te_mac_is_group(eth->destination) && te_local_hears_mac(stack, eth->destination)))
        return true;
    te_drop_packet(stack, TE_DROP_ETH_NOT_FOR_US, NULL, NULL);
    return false;
}

/* Switches and drivers that carry 802.1p priorities put a tag without a VLAN on frames that were
 * sent untagged. Our answers have none: who understands the one understands the other. */
static bool is_untagged(struct te_stack *stack, const uint8_t *frame, size_t len,
                        struct te_eth_header *eth, size_t *ret_header_len)
{
    enum te_eth_tags tags = te_eth_pass_tags(frame, len, eth, ret_header_len);
    if (tags == TE_ETH_TAGS_OK)
        return true;
    te_drop_packet(stack, tags == TE_ETH_TAGS_OF_VLAN ? TE_DROP_ETH_VLAN : TE_DROP_ETH_MALFORMED,
                   NULL, NULL);
    return false;
}

void te_ip_input_frame(struct te_stack *stack, const uint8_t *frame, size_t len,
                       const struct te_frame_meta *meta)
{
    struct te_eth_header eth;
    size_t header_len;
    if (!te_eth_parse(frame, len, &eth)) {
        te_drop_packet(stack, TE_DROP_ETH_MALFORMED, NULL, NULL);
        return;
    }
    if (!is_frame_for_us(stack, &eth) || !is_untagged(stack, frame, len, &eth, &header_len))
        return;
    struct arrival arrival = {.source_mac = eth.source,
                              .is_group = te_mac_is_group(eth.destination),
                              .checksum_ok = meta->checksum != TE_CHECKSUM_UNKNOWN,
                              .gso_size_bytes = meta->gso_size_bytes};
    const uint8_t *bytes = frame + header_len;
    len -= header_len;
    if (eth.type == TE_ETH_TYPE_IPV4)
        input_ipv4(stack, bytes, len, &arrival);
    else if (eth.type == TE_ETH_TYPE_IPV6)
        input_ipv6(stack, bytes, len, &arrival);
    else if (eth.type == TE_ETH_TYPE_ARP)
        te_arp_input(stack, bytes, len, !arrival.is_group);
    else
        te_drop_packet(stack, TE_DROP_ETH_UNKNOWN_TYPE, NULL, NULL);
}

/* --- what both IP versions share -------------------------------------------------------------- */

/* Duplicate address detection sends from the unspecified address (RFC 4862 5.4.2), and so does MLD
 * (RFC 3590); ip/icmp.c drops everything else from there. */
static bool may_be_unspecified(const struct te_packet *packet)
{
    return packet->protocol == TE_PROTO_ICMPV6 && packet->is_broadcast;
}

/* A station that has our address says so from that address (RFC 4862 5.4.4); ip/icmp.c drops
 * everything but Neighbour Discovery. */
static bool may_be_ours(const struct te_packet *packet)
{
    return packet->protocol == TE_PROTO_ICMPV6 && packet->hop_limit == 255;
}

static bool is_good_source(const struct te_stack *stack, const struct te_packet *packet)
{
    if (te_addr_is_unspecified(&packet->source))
        return may_be_unspecified(packet);
    return te_ip_is_unicast(stack, &packet->source) &&
           (!te_ip_is_local(stack, &packet->source) || may_be_ours(packet));
}

/* Whether the packet is for us and its source is valid. Notes whether it is for others too. */
static bool accept_addresses(struct te_stack *stack, struct te_packet *packet)
{
    if (!te_ip_is_local(stack, &packet->destination)) {
        if (!te_local_is_in_group(stack, &packet->destination)) {
            te_packet_drop(stack, TE_DROP_IP_NOT_FOR_US, packet);
            return false;
        }
        packet->is_broadcast = true;
    }
    if (is_good_source(stack, packet))
        return true;
    te_packet_drop(stack, TE_DROP_IP_BAD_SOURCE, packet);
    return false;
}

/* The sum decides only whether there is an answer: over the limit of those a flood is not summed.
 */
static bool udp_is_sane(const struct te_stack *stack, const struct te_packet *packet)
{
    if (packet->payload_len < UDP_HEADER_LEN)
        return false;
    size_t len = te_load_be16(packet->payload + 4);
    uint16_t checksum = te_load_be16(packet->payload + 6);
    if (len < UDP_HEADER_LEN || len > packet->payload_len)
        return false;
    /* 0 means none, which only IPv4 allows (RFC 8200 8.1). */
    if (packet->checksum_ok || (checksum == 0 && te_addr_is_v4(&packet->source)) ||
        te_icmp_is_spent(stack))
        return true;
    uint64_t sum =
        te_checksum_pseudo(&packet->source, &packet->destination, TE_PROTO_UDP, (uint32_t)len);
    return checksum != 0 && te_checksum_finish(te_checksum_add(sum, packet->payload, len)) == 0;
}

static void input_udp(struct te_stack *stack, const struct te_packet *packet)
{
    if (!udp_is_sane(stack, packet)) {
        te_packet_drop(stack, TE_DROP_UDP_MALFORMED, packet);
        return;
    }
    te_packet_drop(stack, TE_DROP_UDP_NO_PORT, packet);
    te_icmp_send_error(stack, packet, TE_ICMP_NO_PORT);
}

/* Handles the protocols that both IP versions carry. False when it is another. */
static bool deliver_common(struct te_stack *stack, const struct te_packet *packet)
{
    if (packet->protocol == TE_PROTO_TCP)
        stack->transport->input(stack, packet);
    else if (packet->protocol == TE_PROTO_UDP)
        input_udp(stack, packet);
    else
        return false;
    return true;
}

/* Adds a fragment to its datagram. A complete datagram is input again as a whole packet. */
static void input_fragment(struct te_stack *stack, const struct te_fragment *fragment)
{
    struct te_reassembled whole;
    if (!te_reassembly_add(stack, fragment, &whole))
        return;
    struct arrival arrival = {.is_group = whole.is_broadcast};
    if (te_addr_is_v4(&fragment->packet->source))
        input_ipv4(stack, whole.bytes, whole.len, &arrival);
    else
        input_ipv6(stack, whole.bytes, whole.len, &arrival);
    te_reassembled_free(stack, &whole);
}

static bool is_good_fragment_len(size_t len, bool more)
{
    return len > 0 && (!more || len % 8 == 0);
}

/* --- IPv4 ------------------------------------------------------------------------------------- */

static void deliver_ipv4(struct te_stack *stack, const struct te_packet *packet,
                         const struct arrival *arrival)
{
    if (deliver_common(stack, packet))
        return;
    if (packet->protocol == TE_PROTO_ICMP) {
        te_icmp_input(stack, packet, arrival->source_mac);
        return;
    }
    te_packet_drop(stack, TE_DROP_IP_UNKNOWN_PROTOCOL, packet);
    te_icmp_send_error(stack, packet, TE_ICMP_NO_PROTOCOL);
}

static void input_fragment4(struct te_stack *stack, const struct te_packet *packet,
                            const struct te_ipv4_header *header)
{
    struct te_fragment fragment = {.packet = packet,
                                   .id = header->id,
                                   .offset_bytes = header->fragment_offset_bytes,
                                   .more = header->more_fragments};
    size_t end = fragment.offset_bytes + packet->payload_len;
    stack->counters.reassembly_in++;
    if (!is_good_fragment_len(packet->payload_len, fragment.more) ||
        end > IP_PACKET_MAX - TE_IPV4_HEADER_LEN) {
        te_packet_drop(stack, TE_DROP_REASSEMBLY_MALFORMED, packet);
        return;
    }
    input_fragment(stack, &fragment);
}

static void input_ipv4(struct te_stack *stack, const uint8_t *bytes, size_t len,
                       const struct arrival *arrival)
{
    struct te_ipv4_parsed parsed;
    if (!te_ipv4_parse(bytes, len, &parsed)) {
        te_drop_packet(stack, TE_DROP_IP_MALFORMED, NULL, NULL);
        return;
    }
    struct te_packet packet = {.source = parsed.header.source,
                               .destination = parsed.header.destination,
                               .protocol = parsed.header.protocol,
                               .hop_limit = parsed.header.hop_limit,
                               .ecn = parsed.header.ecn,
                               .is_broadcast = arrival->is_group,
                               .checksum_ok = arrival->checksum_ok,
                               .payload = parsed.payload,
                               .payload_len = parsed.header.payload_len,
                               .ip_header = bytes,
                               .ip_header_len = parsed.header_len,
                               .gso_size_bytes = arrival->gso_size_bytes};
    if (!accept_addresses(stack, &packet))
        return;
    if (parsed.header.fragment_offset_bytes != 0 || parsed.header.more_fragments)
        input_fragment4(stack, &packet, &parsed.header);
    else
        deliver_ipv4(stack, &packet, arrival);
}

/* --- IPv6 ------------------------------------------------------------------------------------- */

static void deliver_ipv6(struct te_stack *stack, const struct te_packet *packet,
                         const struct te_ipv6_parsed *parsed, const struct arrival *arrival)
{
    if (packet->protocol == TE_PROTO_NONE) {
        te_packet_drop(stack, TE_DROP_IP6_NO_NEXT_HEADER, packet);
        return;
    }
    if (deliver_common(stack, packet))
        return;
    if (packet->protocol == TE_PROTO_ICMPV6) {
        te_icmp_input(stack, packet, arrival->source_mac);
        return;
    }
    te_packet_drop(stack, TE_DROP_IP_UNKNOWN_PROTOCOL, packet);
    te_icmp_send_problem(stack, packet, TE_ICMP6_BAD_NEXT_HEADER,
                         (uint32_t)parsed->protocol_at_bytes);
}

/* Whether the fragment breaks a rule of RFC 8200 4.5 that is reported to its sender, and what the
 * report says. */
static bool has_fragment_problem(const struct te_packet *packet,
                                 const struct te_ipv6_parsed *parsed, uint8_t *ret_code,
                                 uint32_t *ret_pointer)
{
    const struct te_ipv6_fragment *fragment = &parsed->fragment;
    *ret_code = TE_ICMP6_BAD_FIELD;
    if (fragment->more && packet->payload_len % 8 != 0) {
        *ret_pointer = 4; /* the payload length */
        return true;
    }
    if (fragment->offset_bytes + packet->payload_len > IP_PACKET_MAX) {
        *ret_pointer = (uint32_t)parsed->fragment_at_bytes + 2; /* the offset */
        return true;
    }
    *ret_code = TE_ICMP6_BAD_CHAIN;
    *ret_pointer = 0;
    return fragment->offset_bytes == 0 &&
           !te_ipv6_chain_is_complete(fragment->next_header, packet->payload, packet->payload_len);
}

static void input_fragment6(struct te_stack *stack, const struct te_packet *packet,
                            const struct te_ipv6_parsed *parsed, const struct arrival *arrival)
{
    uint8_t code;
    uint32_t pointer;
    struct te_fragment fragment = {.packet = packet,
                                   .id = parsed->fragment.id,
                                   .offset_bytes = parsed->fragment.offset_bytes,
                                   .more = parsed->fragment.more};
    stack->counters.reassembly_in++;
    /* No honest sender fragments a fragment. */
    if (arrival->source_mac == NULL || packet->payload_len == 0) {
        te_packet_drop(stack, TE_DROP_REASSEMBLY_MALFORMED, packet);
        return;
    }
    if (has_fragment_problem(packet, parsed, &code, &pointer)) {
        te_packet_drop(stack, TE_DROP_REASSEMBLY_MALFORMED, packet);
        /* A later fragment may be part of an ICMP error: there is no telling. */
        if (fragment.offset_bytes == 0 || packet->protocol != TE_PROTO_ICMPV6)
            te_icmp_send_problem(stack, packet, code, pointer);
        return;
    }
    input_fragment(stack, &fragment);
}

static struct te_packet packet_of_ipv6(const struct te_ipv6_parsed *parsed, const uint8_t *bytes,
                                       const struct arrival *arrival)
{
    return (struct te_packet){.source = parsed->header.source,
                              .destination = parsed->header.destination,
                              .protocol = parsed->protocol,
                              .hop_limit = parsed->header.hop_limit,
                              .ecn = parsed->header.ecn,
                              .is_broadcast = arrival->is_group,
                              .has_mld_alert = parsed->has_mld_alert,
                              .checksum_ok = arrival->checksum_ok,
                              .payload = parsed->payload,
                              .payload_len = parsed->payload_len,
                              .ip_header = bytes,
                              .ip_header_len = (size_t)(parsed->payload - bytes),
                              .gso_size_bytes = arrival->gso_size_bytes};
}

/* A packet whose extension headers cannot be walked to their end. */
static void reject_ipv6(struct te_stack *stack, struct te_packet *packet,
                        enum te_ipv6_verdict verdict, const struct te_ipv6_parsed *parsed)
{
    if (verdict == TE_IPV6_LIMIT) {
        te_packet_drop(stack, TE_DROP_IP6_EXTENSION_LIMIT, packet);
        return;
    }
    te_packet_drop(stack, TE_DROP_IP_MALFORMED, packet);
    if (verdict == TE_IPV6_PROBLEM && accept_addresses(stack, packet))
        te_icmp_send_problem(stack, packet, parsed->problem_code, parsed->problem_pointer);
}

static void input_ipv6(struct te_stack *stack, const uint8_t *bytes, size_t len,
                       const struct arrival *arrival)
{
    struct te_ipv6_parsed parsed;
    enum te_ipv6_verdict verdict = te_ipv6_parse(bytes, len, &parsed);
    if (verdict == TE_IPV6_MALFORMED) {
        te_drop_packet(stack, TE_DROP_IP_MALFORMED, NULL, NULL);
        return;
    }
    struct te_packet packet = packet_of_ipv6(&parsed, bytes, arrival);
    if (verdict != TE_IPV6_OK)
        reject_ipv6(stack, &packet, verdict, &parsed);
    else if (!accept_addresses(stack, &packet))
        return;
    else if (parsed.is_fragment)
        input_fragment6(stack, &packet, &parsed, arrival);
    else
        deliver_ipv6(stack, &packet, &parsed, arrival);
}
