/* ARP for IPv4 over Ethernet (RFC 826), as bytes and as values. No state. */
#ifndef TCPENGINE_WIRE_ARP_H
#define TCPENGINE_WIRE_ARP_H

#include <tcpengine/types.h>

#define TE_ARP_LEN 28
#define TE_ARP_REQUEST 1
#define TE_ARP_REPLY 2

struct te_arp {
    uint16_t operation;
    uint8_t sender_mac[6], target_mac[6];
    struct te_addr sender, target; /* IPv4; sender 0.0.0.0 is a probe (RFC 5227 1.1) */
};

/* Reads a packet of len bytes; what follows the first TE_ARP_LEN is padding. False when it is
 * short, not IPv4 over Ethernet, neither request nor reply, or from a MAC that no station can have.
 */
bool te_arp_parse(const uint8_t *packet, size_t len, struct te_arp *ret_arp);
/* Writes TE_ARP_LEN bytes. */
void te_arp_emit(const struct te_arp *arp, uint8_t *ret_bytes);

#endif
