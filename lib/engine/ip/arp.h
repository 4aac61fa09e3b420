/* ARP in and out (RFC 826, RFC 5227). The state is in ip/neighbour.h and ip/local.h.
 *
 * The senders queue one urgent frame (control_queue.h). When its share is full or memory is
 * refused, the frame is dropped and counted; the caller's timer asks again. */
#ifndef TCPENGINE_IP_ARP_H
#define TCPENGINE_IP_ARP_H

#include <tcpengine/types.h>

struct te_stack;

/* Handles one packet, Ethernet header taken off; link padding may follow it. is_unicast: the frame
 * was for us alone. Requests for our usable addresses are answered; what the packet says of its
 * sender's MAC goes to the neighbour cache; a claim to one of our addresses goes to
 * te_local_on_claim. Anything else is dropped and counted. */
void te_arp_input(struct te_stack *stack, const uint8_t *packet, size_t len, bool is_unicast);
/* Asks for target's MAC from source: mac alone, or everybody when mac is NULL. */
void te_arp_ask(struct te_stack *stack, const struct te_addr *source, const struct te_addr *target,
                const uint8_t *mac);
/* Asks everybody for addr without claiming it: the sender is 0.0.0.0 (RFC 5227 2.1.1). */
void te_arp_probe(struct te_stack *stack, const struct te_addr *addr);
/* Announces addr as ours: a broadcast request with sender and target addr (RFC 5227 2.3). */
void te_arp_announce(struct te_stack *stack, const struct te_addr *addr);

#endif
