/* Neighbour Discovery in and out (RFC 4861 7.2, RFC 4862 5.4). The state is in ip/neighbour.h and
 * ip/local.h. There is no router discovery and no redirect: routes are configured.
 *
 * The senders queue one urgent frame (control_queue.h). When its share is full or memory is
 * refused, the frame is dropped and counted; the caller's timer asks again. */
#ifndef TCPENGINE_IP_ND_H
#define TCPENGINE_IP_ND_H

#include "ip/packet.h"

struct te_stack;

/* Handles an ICMPv6 message of type 135 or 136 whose checksum is right. source_mac is the frame's;
 * NULL when the packet came in fragments, which drops it (RFC 6980 5). Solicitations for our usable
 * addresses are answered, advertisements go to the neighbour cache, and a claim to one of our
 * addresses goes to te_local_on_claim. Anything else is dropped and counted. */
void te_nd_input(struct te_stack *stack, const struct te_packet *packet,
                 const uint8_t source_mac[6]);
/* Asks for target's MAC from source: mac alone, or its solicited-node group when mac is NULL. */
void te_nd_ask(struct te_stack *stack, const struct te_addr *source, const struct te_addr *target,
               const uint8_t *mac);
/* Asks for addr without claiming it: the source is :: (RFC 4862 5.4.2). */
void te_nd_probe(struct te_stack *stack, const struct te_addr *addr);
/* Announces addr as ours: an unsolicited advertisement to all nodes (RFC 4861 7.2.6). */
void te_nd_announce(struct te_stack *stack, const struct te_addr *addr);
/* The solicited-node group of addr, ff02::1:ffXX:XXXX (RFC 4291 2.7.1). */
struct te_addr te_nd_group_of(const struct te_addr *addr);

#endif
