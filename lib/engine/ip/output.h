/* Frames that ip/ itself sends: Ethernet and IP headers, fragmentation, and on to the control
 * queue. All input is copied before return; no caller learns of a drop, all are counted. */
#ifndef TCPENGINE_IP_OUTPUT_H
#define TCPENGINE_IP_OUTPUT_H

#include <tcpengine/types.h>

struct te_stack;

#define TE_HOP_LIMIT 64 /* of all that we send beyond the link */

/* A transport packet in pieces, its checksum filled in. */
struct te_ip_output_packet {
    const struct te_addr *source, *destination;
    uint8_t protocol;
    bool is_last_word; /* of a connection: see control_queue.h */
    const struct te_iovec *iov;
    unsigned iov_count;
};
/* Sends it in frames of at most the path's MTU, fragmented when it is larger (the source may: RFC
 * 8200 4.5). Dropped as a whole when no route exists, when it exceeds what an IP packet holds, or
 * when the control queue has no room for all fragments. Without memory for a fragment the rest is
 * dropped too; a frame whose neighbour does not answer is dropped later, by ip/neighbour.h. */
void te_ip_output_send(struct te_stack *stack, const struct te_ip_output_packet *packet);

/* An ICMPv6 message of the link itself, which needs no resolution: of Neighbour Discovery, with hop
 * limit 255, or of MLD, with hop limit 1 behind a router alert (RFC 3810 5, RFC 2711). */
struct te_link_message {
    const struct te_addr *source, *destination;
    const uint8_t *mac; /* NULL: destination is a group, whose MAC follows from it */
    const uint8_t *payload;
    size_t len;
    bool has_router_alert; /* MLD */
};
void te_ip_output_link_message(struct te_stack *stack, const struct te_link_message *message);
/* Sends an ARP packet to mac; NULL: broadcast. */
void te_ip_output_arp(struct te_stack *stack, const uint8_t *mac, const uint8_t *packet,
                      size_t len);

#endif
