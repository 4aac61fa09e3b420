/* ICMP and ICMPv6 in and out (RFC 792, RFC 4443): echo, errors about packets that we received, and
 * errors about segments that we sent.
 *
 * Errors have a budget, config.icmp_per_second (RFC 1812 4.3.2.8, RFC 4443 2.4 (f)), and echo
 * replies one of their own, config.icmp_echo_per_second: pings take nothing from the errors that
 * others need, and the other way round. What exceeds it is dropped and counted.
 *
 * Echo requests to our addresses are answered, and with IPv6 those to groups that we are in (RFC
 * 4443 4.2: ping ff02::1 finds the nodes of a link). IPv4 broadcast and multicast ones are not, as
 * with Linux's icmp_echo_ignore_broadcasts. */
#ifndef TCPENGINE_IP_ICMP_H
#define TCPENGINE_IP_ICMP_H

#include "ip/packet.h"

struct te_stack;

/* Handles one message: IPv4 carries ICMP, IPv6 carries ICMPv6. Verifies the checksum, answers echo,
 * passes ND to ip/nd.h, MLD to ip/mld.h, and errors that quote a TCP segment of ours to
 * te_transport.icmp_error; the rest is dropped and counted. source_mac is the frame's; NULL when
 * the packet came in fragments, as Neighbour Discovery never may (RFC 6980 5). Everything is
 * borrowed until return. */
void te_icmp_input(struct te_stack *stack, const struct te_packet *packet,
                   const uint8_t *source_mac);

/* Errors that both families know. */
enum te_icmp_reason {
    TE_ICMP_NO_PORT,
    TE_ICMP_NO_PROTOCOL, /* IPv4 only; for IPv6 use te_icmp_send_problem */
    TE_ICMP_EXPIRED      /* reassembly took too long */
};
/* Whether an error would go unsent for its limit. */
bool te_icmp_is_spent(const struct te_stack *stack);
/* Reports reason to the sender of packet, quoting as much of it as fits in 576 bytes (RFC 1812
 * 4.3.2.3) or 1,280 (RFC 4443 2.4 (c)). Sends nothing when packet was not unicast, came from no
 * single host, or is itself an ICMP error (RFC 1122 3.2.2, RFC 4443 2.4 (e)), nor when the budget
 * of errors is spent (counted). */
void te_icmp_send_error(struct te_stack *stack, const struct te_packet *packet,
                        enum te_icmp_reason reason);
/* Sends an ICMPv6 parameter problem of that code (RFC 4443 3.4) under the same conditions. pointer
 * is the offset of the offending byte in the packet, IPv6 header included. */
void te_icmp_send_problem(struct te_stack *stack, const struct te_packet *packet, uint8_t code,
                          uint32_t pointer);

#endif
