/* ICMP and ICMPv6 in and out: echo, errors about what we received, errors about what we sent. */
#ifndef TCPENGINE_IP_ICMP_H
#define TCPENGINE_IP_ICMP_H

#include "ip/packet.h"

struct te_stack;

/* A message of the protocol that goes with the packet's family. source_mac is the frame's, NULL
 * when the packet came in fragments: Neighbour Discovery never does (RFC 6980 5). */
void te_icmp_input(struct te_stack *stack, const struct te_packet *packet,
                   const uint8_t *source_mac);

/* Which error, in the terms of each family. */
enum te_icmp_reason {
    TE_ICMP_NO_PORT,
    TE_ICMP_NO_PROTOCOL, /* IPv4; for IPv6 it is a parameter problem */
    TE_ICMP_EXPIRED      /* reassembly took too long */
};
/* Tells the sender of packet, unless it must not be told (RFC 1122 3.2.2, RFC 4443 2.4 (e)) or the
 * limit is reached. */
void te_icmp_send_error(struct te_stack *stack, const struct te_packet *packet,
                        enum te_icmp_reason reason);
/* The same for an ICMPv6 parameter problem of that code, pointing at a byte of the packet. */
void te_icmp_send_problem(struct te_stack *stack, const struct te_packet *packet, uint8_t code,
                          uint32_t pointer);

#endif
