/* ARP in and out (RFC 826, RFC 5227). The state is in ip/neighbour.h and ip/local.h. */
#ifndef TCPENGINE_IP_ARP_H
#define TCPENGINE_IP_ARP_H

#include <tcpengine/types.h>

struct te_stack;

/* What follows the Ethernet header. */
void te_arp_input(struct te_stack *stack, const uint8_t *packet, size_t len);
/* Asks for target; mac NULL: everybody. */
void te_arp_ask(struct te_stack *stack, const struct te_addr *source, const struct te_addr *target,
                const uint8_t *mac);
/* Asks whether anybody has addr, without claiming it (RFC 5227 2.1.1). */
void te_arp_probe(struct te_stack *stack, const struct te_addr *addr);
/* Tells everybody that addr is ours (RFC 5227 2.3). */
void te_arp_announce(struct te_stack *stack, const struct te_addr *addr);

#endif
