#include "ip/output.h"

#include <string.h>

#include "ip/ip.h"
#include "stack_internal.h"
#include "wire/eth.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/protocol.h"

#define IP_PACKET_MAX 65535u

static uint16_t eth_type_of(const struct te_addr *addr)
{
    return te_addr_is_v4(addr) ? TE_ETH_TYPE_IPV4 : TE_ETH_TYPE_IPV6;
}

static void emit_eth(const struct te_stack *stack, const uint8_t *mac, uint16_t type,
                     uint8_t *ret_bytes)
{
    struct te_eth_header header = {.type = type};
    if (mac != NULL)
        memcpy(header.destination, mac, 6);
    memcpy(header.source, stack->config.mac, 6);
    te_eth_emit(&header, ret_bytes);
}

size_t te_ip_emit_tcp_headers(const struct te_stack *stack, const struct te_ip_send *send,
                              uint8_t *ret_bytes)
{
    uint8_t *ip = ret_bytes + TE_ETH_HEADER_LEN;
    emit_eth(stack, send->mac, eth_type_of(send->destination), ret_bytes);
    if (te_addr_is_v4(send->destination)) {
        struct te_ipv4_header header = {.source = *send->source,
                                        .destination = *send->destination,
                                        .payload_len = send->segment_len,
                                        .dont_fragment = true,
                                        .ecn = send->ecn,
                                        .hop_limit = TE_HOP_LIMIT,
                                        .protocol = TE_PROTO_TCP};
        te_ipv4_emit(&header, ip);
        return TE_ETH_HEADER_LEN + TE_IPV4_HEADER_LEN;
    }
    struct te_ipv6_header header = {.source = *send->source,
                                    .destination = *send->destination,
                                    .payload_len = send->segment_len,
                                    .next_header = TE_PROTO_TCP,
                                    .hop_limit = TE_HOP_LIMIT,
                                    .ecn = send->ecn};
    te_ipv6_emit(&header, ip);
    return TE_ETH_HEADER_LEN + TE_IPV6_HEADER_LEN;
}

/* --- whole packets and fragments -------------------------------------------------------------- */

/* The part of a packet that one frame carries. */
struct slice {
    const struct te_ip_output_packet *packet;
    const struct te_addr *next_hop;
    size_t total_len; /* of the packet's payload */
    size_t offset, len;
    bool is_fragment;
    uint32_t id;
};

static size_t header_len_of(const struct slice *slice)
{
    if (te_addr_is_v4(slice->packet->destination))
        return TE_IPV4_HEADER_LEN;
    return TE_IPV6_HEADER_LEN + (slice->is_fragment ? TE_IPV6_FRAGMENT_LEN : 0u);
}

static void emit_ipv4(const struct slice *slice, uint8_t *ret_bytes)
{
    struct te_ipv4_header header = {.source = *slice->packet->source,
                                    .destination = *slice->packet->destination,
                                    .payload_len = slice->len,
                                    .id = (uint16_t)slice->id,
                                    .fragment_offset_bytes = (uint16_t)slice->offset,
                                    .dont_fragment = !slice->is_fragment,
                                    .more_fragments = slice->offset + slice->len < slice->total_len,
                                    .hop_limit = TE_HOP_LIMIT,
                                    .protocol = slice->packet->protocol};
    te_ipv4_emit(&header, ret_bytes);
}

static void emit_ipv6(const struct slice *slice, uint8_t *ret_bytes)
{
    struct te_ipv6_header header = {.source = *slice->packet->source,
                                    .destination = *slice->packet->destination,
                                    .payload_len =
                                        header_len_of(slice) - TE_IPV6_HEADER_LEN + slice->len,
                                    .next_header = slice->packet->protocol,
                                    .hop_limit = TE_HOP_LIMIT};
    if (slice->is_fragment) {
        struct te_ipv6_fragment fragment = {.id = slice->id,
                                            .offset_bytes = (uint16_t)slice->offset,
                                            .more = slice->offset + slice->len < slice->total_len,
                                            .next_header = slice->packet->protocol};
        header.next_header = TE_PROTO_FRAGMENT;
        te_ipv6_emit_fragment(&fragment, ret_bytes + TE_IPV6_HEADER_LEN);
    }
    te_ipv6_emit(&header, ret_bytes);
}

/* Copies bytes [offset, offset + len) of the pieces. */
static void gather(const struct te_ip_output_packet *packet, size_t offset, size_t len,
                   uint8_t *ret_bytes)
{
    for (unsigned i = 0; i < packet->iov_count && len > 0; i++) {
        const struct te_iovec *piece = &packet->iov[i];
        if (offset >= piece->len) {
            offset -= piece->len;
            continue;
        }
        size_t take = piece->len - offset < len ? piece->len - offset : len;
        memcpy(ret_bytes, piece->base + offset, take);
        ret_bytes += take;
        len -= take;
        offset = 0;
    }
}

/* False when memory is refused. */
static bool send_slice(struct te_stack *stack, const struct slice *slice)
{
    size_t header_len = header_len_of(slice);
    enum te_control_share share =
        slice->packet->is_last_word ? TE_CONTROL_LAST_WORD : TE_CONTROL_ORDINARY;
    struct te_control_frame *frame =
        te_control_frame_new(stack, TE_ETH_HEADER_LEN + header_len + slice->len, share);
    if (frame == NULL)
        return false;
    uint8_t *ip = frame->bytes + TE_ETH_HEADER_LEN;
    emit_eth(stack, NULL, eth_type_of(slice->packet->destination), frame->bytes);
    if (te_addr_is_v4(slice->packet->destination))
        emit_ipv4(slice, ip);
    else
        emit_ipv6(slice, ip);
    gather(slice->packet, slice->offset, slice->len, ip + header_len);
    te_neighbour_send(stack, slice->next_hop, frame);
    return true;
}

/* A counter mixed by four Feistel rounds with the stack's key: no id repeats before all 65,536 were
 * used (RFC 6864 4.3), and no outsider can predict the next one (RFC 7739 5). */
static uint16_t next_id16(struct te_stack *stack)
{
    uint16_t counter = stack->ip_id++;
    uint8_t left = (uint8_t)(counter >> 8), right = (uint8_t)counter;
    for (uint8_t round = 0; round < 4; round++) {
        const uint8_t input[3] = {'i', round, right};
        uint8_t mixed = left ^ (uint8_t)te_siphash(&stack->key, input, sizeof(input));
        left = right;
        right = mixed;
    }
    return (uint16_t)(left << 8 | right);
}

/* IPv6 ids have 16 more bits, which come from the destination. */
static uint32_t next_id(struct te_stack *stack, const struct te_addr *destination)
{
    uint32_t high = (uint32_t)te_siphash(&stack->key, destination, sizeof(*destination));
    return (high & 0xffff0000) | next_id16(stack);
}

static void drop(struct te_stack *stack, enum te_drop_reason reason,
                 const struct te_ip_output_packet *packet)
{
    te_drop_packet(stack, reason, packet->source, packet->destination);
}

static void send_fragments(struct te_stack *stack, struct slice *slice, uint32_t mtu_bytes)
{
    slice->is_fragment = true;
    slice->id = next_id(stack, slice->packet->destination);
    size_t step = (mtu_bytes - header_len_of(slice)) & ~(size_t)7;
    size_t count = (slice->total_len + step - 1) / step;
    if (count > te_control_queue_room(stack)) {
        drop(stack, TE_DROP_CONTROL_QUEUE_FULL, slice->packet);
        return;
    }
    for (; slice->offset < slice->total_len; slice->offset += step) {
        size_t left = slice->total_len - slice->offset;
        slice->len = left < step ? left : step;
        if (!send_slice(stack, slice))
            return;
        stack->counters.fragments_out++;
    }
}

static size_t total_len_of(const struct te_ip_output_packet *packet)
{
    size_t total = 0;
    for (unsigned i = 0; i < packet->iov_count; i++)
        total += packet->iov[i].len;
    return total;
}

void te_ip_output_send(struct te_stack *stack, const struct te_ip_output_packet *packet)
{
    struct te_path path;
    if (te_ip_route(stack, packet->destination, &path) != TE_OK) {
        drop(stack, TE_DROP_IP_NO_ROUTE, packet);
        return;
    }
    size_t total_len = total_len_of(packet);
    struct slice slice = {
        .packet = packet, .next_hop = &path.next_hop, .total_len = total_len, .len = total_len};
    uint32_t mtu_bytes = te_pmtu_get(stack, packet->destination);
    if (header_len_of(&slice) + total_len <= mtu_bytes)
        (void)send_slice(stack, &slice);
    else if (TE_IPV4_HEADER_LEN + total_len <= IP_PACKET_MAX)
        send_fragments(stack, &slice, mtu_bytes);
    else
        drop(stack, TE_DROP_IP_TOO_LONG, packet);
}

void te_ip_send_packet(struct te_stack *stack, const struct te_addr *source,
                       const struct te_addr *destination, uint8_t protocol, const uint8_t *payload,
                       size_t len)
{
    struct te_iovec piece = {.base = payload, .len = len};
    struct te_ip_output_packet packet = {.source = source,
                                         .destination = destination,
                                         .protocol = protocol,
                                         .iov = &piece,
                                         .iov_count = 1};
    te_ip_output_send(stack, &packet);
}

void te_ip_send_last_word(struct te_stack *stack, const struct te_addr *source,
                          const struct te_addr *destination, uint8_t protocol,
                          const uint8_t *payload, size_t len)
{
    struct te_iovec piece = {.base = payload, .len = len};
    struct te_ip_output_packet packet = {.source = source,
                                         .destination = destination,
                                         .protocol = protocol,
                                         .is_last_word = true,
                                         .iov = &piece,
                                         .iov_count = 1};
    te_ip_output_send(stack, &packet);
}

/* --- the link's own messages ------------------------------------------------------------------ */

void te_ip_output_link_message(struct te_stack *stack, const struct te_link_message *message)
{
    uint8_t group_mac[6];
    size_t alert_len = message->has_router_alert ? TE_IPV6_ALERT_LEN : 0;
    size_t headers_len = TE_ETH_HEADER_LEN + TE_IPV6_HEADER_LEN + alert_len;
    struct te_control_frame *frame =
        te_control_frame_new(stack, headers_len + message->len, TE_CONTROL_URGENT);
    if (frame == NULL)
        return;
    struct te_ipv6_header header = {.source = *message->source,
                                    .destination = *message->destination,
                                    .payload_len = alert_len + message->len,
                                    .next_header = message->has_router_alert ? TE_PROTO_HOP_BY_HOP
                                                                             : TE_PROTO_ICMPV6,
                                    .hop_limit = message->has_router_alert ? 1 : 255};
    te_mac_of_group(message->destination, group_mac);
    emit_eth(stack, message->mac != NULL ? message->mac : group_mac, TE_ETH_TYPE_IPV6,
             frame->bytes);
    te_ipv6_emit(&header, frame->bytes + TE_ETH_HEADER_LEN);
    if (message->has_router_alert)
        te_ipv6_emit_alert(TE_PROTO_ICMPV6, frame->bytes + headers_len - alert_len);
    memcpy(frame->bytes + headers_len, message->payload, message->len);
    te_control_queue_push(stack, frame);
    *(message->has_router_alert ? &stack->counters.mld_out : &stack->counters.nd_out) += 1;
}

void te_ip_output_arp(struct te_stack *stack, const uint8_t *mac, const uint8_t *packet, size_t len)
{
    static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    struct te_control_frame *frame =
        te_control_frame_new(stack, TE_ETH_HEADER_LEN + len, TE_CONTROL_URGENT);
    if (frame == NULL)
        return;
    emit_eth(stack, mac != NULL ? mac : broadcast, TE_ETH_TYPE_ARP, frame->bytes);
    memcpy(frame->bytes + TE_ETH_HEADER_LEN, packet, len);
    te_control_queue_push(stack, frame);
    stack->counters.arp_out++;
}

bool te_ip_poll_output(struct te_stack *stack, struct te_output *ret_output)
{
    const struct te_control_frame *frame = te_control_queue_take(stack);
    if (frame == NULL)
        return false;
    memset(ret_output, 0, sizeof(*ret_output));
    ret_output->iov[0] = (struct te_iovec){.base = frame->bytes, .len = frame->frame_len};
    ret_output->iov_count = 1;
    ret_output->total_bytes = frame->frame_len;
    return true;
}
