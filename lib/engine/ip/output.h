/* Frames of the network layer's own: Ethernet and IP headers, fragments, and the way to the queue.
 */
#ifndef TCPENGINE_IP_OUTPUT_H
#define TCPENGINE_IP_OUTPUT_H

#include <tcpengine/types.h>

struct te_stack;

#define TE_HOP_LIMIT 64 /* of all that we send beyond the link */

/* A transport packet in pieces, checksum included. */
struct te_ip_output_packet {
    const struct te_addr *source, *destination;
    uint8_t protocol;
    const struct te_iovec *iov;
    unsigned iov_count;
};
/* Copies it into frames of at most the path's MTU. Dropped and counted as a whole when there is no
 * route, no room in the control queue, or more than an IP packet holds. */
void te_ip_output_send(struct te_stack *stack, const struct te_ip_output_packet *packet);

/* A message of Neighbour Discovery: it names its MAC itself and goes with hop limit 255. */
struct te_link_message {
    const struct te_addr *source, *destination;
    const uint8_t *mac; /* NULL: that of the group destination */
    const uint8_t *payload;
    size_t len;
};
void te_ip_output_link_message(struct te_stack *stack, const struct te_link_message *message);
/* An ARP packet; mac NULL: broadcast. */
void te_ip_output_arp(struct te_stack *stack, const uint8_t *mac, const uint8_t *packet,
                      size_t len);

#endif
