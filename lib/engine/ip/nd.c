#include "ip/nd.h"

#include <string.h>

#include "ip/output.h"
#include "stack_internal.h"
#include "util/bytes.h"
#include "wire/checksum.h"
#include "wire/eth.h"
#include "wire/nd.h"
#include "wire/protocol.h"

static const struct te_addr no_addr = {{0}};
static const struct te_addr all_nodes = {{0xff, 0x02, [15] = 1}};

struct te_addr te_nd_group_of(const struct te_addr *addr)
{
    struct te_addr group = {{0xff, 0x02, [11] = 1, [12] = 0xff}};
    memcpy(group.bytes + 13, addr->bytes + 13, 3);
    return group;
}

/* The caller has set source, destination and mac of message. */
static void send(struct te_stack *stack, const struct te_nd *nd, struct te_link_message *message)
{
    uint8_t bytes[TE_ND_LEN_MAX];
    message->payload = bytes;
    message->len = te_nd_emit(nd, bytes);
    uint64_t sum = te_checksum_pseudo(message->source, message->destination, TE_PROTO_ICMPV6,
                                      (uint32_t)message->len);
    te_store_be16(bytes + 2, te_checksum_finish(te_checksum_add(sum, bytes, message->len)));
    te_ip_output_link_message(stack, message);
}

void te_nd_ask(struct te_stack *stack, const struct te_addr *source, const struct te_addr *target,
               const uint8_t *mac)
{
    struct te_addr group = te_nd_group_of(target);
    struct te_nd nd = {.type = TE_ND_SOLICIT, .has_mac = true, .target = *target};
    struct te_link_message message = {
        .source = source, .destination = mac != NULL ? target : &group, .mac = mac};
    memcpy(nd.mac, stack->config.mac, 6);
    send(stack, &nd, &message);
}

void te_nd_probe(struct te_stack *stack, const struct te_addr *addr)
{
    struct te_addr group = te_nd_group_of(addr);
    struct te_nd nd = {.type = TE_ND_SOLICIT, .target = *addr};
    struct te_link_message message = {.source = &no_addr, .destination = &group};
    send(stack, &nd, &message);
}

/* Answers destination, which has mac, or announces to all nodes (mac NULL). */
static void advertise(struct te_stack *stack, const struct te_addr *target,
                      const struct te_addr *destination, const uint8_t *mac)
{
    struct te_nd nd = {.type = TE_ND_ADVERTISE,
                       .is_solicited = mac != NULL,
                       .is_override = true,
                       .has_mac = true,
                       .target = *target};
    struct te_link_message message = {.source = target, .destination = destination, .mac = mac};
    memcpy(nd.mac, stack->config.mac, 6);
    send(stack, &nd, &message);
}

void te_nd_announce(struct te_stack *stack, const struct te_addr *addr)
{
    advertise(stack, addr, &all_nodes, NULL);
}

/* Another station probes for the address of local (RFC 4862 5.4.3, RFC 4861 7.2.4). */
static void on_probe(struct te_stack *stack, struct te_local *local, const uint8_t source_mac[6])
{
    if (local->state == TE_LOCAL_READY)
        te_nd_announce(stack, &local->addr);
    else
        te_local_on_claim(stack, local, source_mac);
}

static void on_solicit(struct te_stack *stack, const struct te_packet *packet,
                       const struct te_nd *nd, const uint8_t source_mac[6])
{
    struct te_local *local = te_local_find(stack, &nd->target);
    struct te_local *source = te_local_find(stack, &packet->source);
    if (source != NULL && source->state != TE_LOCAL_CONFLICT) {
        te_local_on_claim(stack, source, nd->has_mac ? nd->mac : source_mac);
        return;
    }
    if (local == NULL) {
        te_drop_packet(stack, TE_DROP_ND_NOT_FOR_US, &nd->target, &packet->source);
        return;
    }
    if (te_addr_is_unspecified(&packet->source)) {
        on_probe(stack, local, source_mac);
        return;
    }
    if (!te_local_is_usable(stack, local)) {
        te_drop_packet(stack, TE_DROP_ND_NOT_READY, &nd->target, &packet->source);
        return;
    }
    /* Without the option the frame's source will do: the answer goes back the way the question
     * came. */
    advertise(stack, &local->addr, &packet->source, nd->has_mac ? nd->mac : source_mac);
    if (nd->has_mac)
        te_neighbour_on_question(stack, &packet->source, nd->mac);
}

static void on_advertise(struct te_stack *stack, const struct te_nd *nd,
                         const uint8_t source_mac[6])
{
    struct te_local *local = te_local_find(stack, &nd->target);
    struct te_neighbour_answer answer = {.addr = nd->target,
                                         .is_solicited = nd->is_solicited,
                                         .is_override = nd->is_override,
                                         .has_mac = nd->has_mac};
    if (local != NULL && local->state != TE_LOCAL_CONFLICT) {
        te_local_on_claim(stack, local, nd->has_mac ? nd->mac : source_mac);
        return;
    }
    memcpy(answer.mac, nd->mac, 6);
    memcpy(answer.from_mac, source_mac, 6);
    te_neighbour_on_answer(stack, &answer);
}

/* Whether the message fits the packet around it (RFC 4861 7.1.1, 7.1.2). */
static bool is_consistent(const struct te_packet *packet, const struct te_nd *nd)
{
    if (nd->type == TE_ND_ADVERTISE)
        return !te_addr_is_unspecified(&packet->source) &&
               !(nd->is_solicited && packet->is_broadcast);
    struct te_addr group = te_nd_group_of(&nd->target);
    return !te_addr_is_unspecified(&packet->source) ||
           (!nd->has_mac && te_addr_equal(&packet->destination, &group));
}

void te_nd_input(struct te_stack *stack, const struct te_packet *packet,
                 const uint8_t source_mac[6])
{
    struct te_nd nd;
    stack->counters.nd_in++;
    /* Hop limit 255: no router has forwarded it (RFC 4861 7.1). */
    if (packet->hop_limit != 255 || source_mac == NULL ||
        !te_nd_parse(packet->payload, packet->payload_len, &nd) || !is_consistent(packet, &nd)) {
        te_packet_drop(stack, TE_DROP_ND_MALFORMED, packet);
        return;
    }
    /* Our own message, come back by a detour that gave it another source, is no claim. */
    if (nd.has_mac && te_mac_equal(nd.mac, stack->config.mac)) {
        te_packet_drop(stack, TE_DROP_ETH_BAD_SOURCE, packet);
        return;
    }
    if (nd.type == TE_ND_SOLICIT)
        on_solicit(stack, packet, &nd, source_mac);
    else
        on_advertise(stack, &nd, source_mac);
}
