#include "ip/arp.h"

#include <string.h>

#include "ip/ip.h"
#include "ip/output.h"
#include "stack_internal.h"
#include "wire/arp.h"
#include "wire/eth.h"

static const struct te_addr no_addr = {{[10] = 0xff, [11] = 0xff}}; /* ::ffff:0.0.0.0 */

static void send(struct te_stack *stack, const struct te_arp *arp, const uint8_t *mac)
{
    uint8_t bytes[TE_ARP_LEN];
    te_arp_emit(arp, bytes);
    te_ip_output_arp(stack, mac, bytes, sizeof(bytes));
}

static struct te_arp arp_from_us(const struct te_stack *stack, uint16_t operation,
                                 const struct te_addr *sender, const struct te_addr *target)
{
    struct te_arp arp = {.operation = operation, .sender = *sender, .target = *target};
    memcpy(arp.sender_mac, stack->config.mac, 6);
    return arp;
}

void te_arp_ask(struct te_stack *stack, const struct te_addr *source, const struct te_addr *target,
                const uint8_t *mac)
{
    struct te_arp arp = arp_from_us(stack, TE_ARP_REQUEST, source, target);
    send(stack, &arp, mac);
}

void te_arp_probe(struct te_stack *stack, const struct te_addr *addr)
{
    te_arp_ask(stack, &no_addr, addr, NULL);
}

void te_arp_announce(struct te_stack *stack, const struct te_addr *addr)
{
    te_arp_ask(stack, addr, addr, NULL);
}

/* Also answers probes: that is how an address in use is defended against a newcomer. */
static void answer(struct te_stack *stack, const struct te_arp *request)
{
    struct te_arp reply = arp_from_us(stack, TE_ARP_REPLY, &request->target, &request->sender);
    memcpy(reply.target_mac, request->sender_mac, 6);
    send(stack, &reply, request->sender_mac);
    if (!te_addr_is_unspecified(&request->sender))
        te_neighbour_on_question(stack, &request->sender, request->sender_mac);
}

/* Passes a claim to one of our addresses on to local (RFC 5227 2.1.1, 2.4). True when the sender
 * makes one: then nothing is left to do. */
static bool check_claim(struct te_stack *stack, const struct te_arp *arp, bool is_unicast)
{
    struct te_local *sender = te_local_find(stack, &arp->sender);
    struct te_local *target = te_local_find(stack, &arp->target);
    bool is_probe = arp->operation == TE_ARP_REQUEST && te_addr_is_unspecified(&arp->sender);
    if (sender != NULL && sender->state != TE_LOCAL_CONFLICT) {
        te_local_on_claim(stack, sender, arp->sender_mac);
        return true;
    }
    /* Two stations probe for the same address: neither gets it. A station that wants the address
     * asks everybody (RFC 5227 2.1.1); a probe to us alone is a switch or an access point that
     * looks whether we are still there. */
    if (is_probe && !is_unicast && target != NULL && target->state == TE_LOCAL_TENTATIVE)
        te_local_on_claim(stack, target, arp->sender_mac);
    return false;
}

/* RFC 826's merge. A reply to somebody else says as much of its sender as an announcement, but
 * resolves nothing: we would have got one of our own. */
static bool merge(struct te_stack *stack, const struct te_arp *arp)
{
    bool is_announcement = te_addr_equal(&arp->sender, &arp->target);
    const struct te_neighbour *neighbour = te_neighbour_find(stack, &arp->sender);
    if (neighbour == NULL || (arp->operation == TE_ARP_REPLY && !is_announcement &&
                              neighbour->state == TE_NEIGHBOUR_INCOMPLETE))
        return false;
    return te_neighbour_on_claim(stack, &arp->sender, arp->sender_mac);
}

/* It is about another address than ours. */
static void on_others(struct te_stack *stack, const struct te_arp *arp)
{
    bool is_reply = arp->operation == TE_ARP_REPLY;
    if (!merge(stack, arp))
        te_drop_packet(stack, is_reply ? TE_DROP_ARP_UNSOLICITED : TE_DROP_ARP_NOT_FOR_US,
                       &arp->target, &arp->sender);
}

void te_arp_input(struct te_stack *stack, const uint8_t *packet, size_t len, bool is_unicast)
{
    struct te_arp arp;
    stack->counters.arp_in++;
    if (!te_arp_parse(packet, len, &arp)) {
        te_drop_packet(stack, TE_DROP_ARP_MALFORMED, NULL, NULL);
        return;
    }
    /* Our own packet, looped back by the link, is no conflict (RFC 5227 2.4). */
    if (te_mac_equal(arp.sender_mac, stack->config.mac)) {
        te_drop_packet(stack, TE_DROP_ARP_LOOPED, &arp.target, &arp.sender);
        return;
    }
    if (check_claim(stack, &arp, is_unicast))
        return;
    if (!te_ip_is_local(stack, &arp.target))
        on_others(stack, &arp);
    else if (arp.operation == TE_ARP_REQUEST)
        answer(stack, &arp);
    else
        te_neighbour_on_arp_reply(stack, &arp.sender, arp.sender_mac);
}
