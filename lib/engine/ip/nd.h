/* Neighbour Discovery in and out (RFC 4861 7.2, RFC 4862 5.4). The state is in ip/neighbour.h and
 * ip/local.h. Router discovery and redirects are not spoken: routes are configured. */
#ifndef TCPENGINE_IP_ND_H
#define TCPENGINE_IP_ND_H

#include "ip/packet.h"

struct te_stack;

/* An ICMPv6 message of type 135 or 136 whose checksum is right; source_mac is the frame's. */
void te_nd_input(struct te_stack *stack, const struct te_packet *packet,
                 const uint8_t source_mac[6]);
/* Asks for target; mac NULL: everybody in its solicited-node group. */
void te_nd_ask(struct te_stack *stack, const struct te_addr *source, const struct te_addr *target,
               const uint8_t *mac);
/* Asks whether anybody has addr, without claiming it (RFC 4862 5.4.2). */
void te_nd_probe(struct te_stack *stack, const struct te_addr *addr);
/* Tells everybody that addr is ours (RFC 4861 7.2.6). */
void te_nd_announce(struct te_stack *stack, const struct te_addr *addr);
/* The solicited-node group of addr (RFC 4291 2.7.1). */
struct te_addr te_nd_group_of(const struct te_addr *addr);

#endif
