/* A received IP packet as the layers above see it: addresses, payload, and what the link said about
 * it. */
#ifndef TCPENGINE_IP_PACKET_H
#define TCPENGINE_IP_PACKET_H

#include <tcpengine/frame.h>

#include "drop.h"
#include "wire/protocol.h"

struct te_packet {
    struct te_addr source,
        destination; /* destination is one of ours, or ours by broadcast/multicast */
    uint8_t protocol;
    uint8_t hop_limit;
    uint8_t ecn;        /* the two ECN bits */
    bool is_broadcast;  /* link or IP broadcast or multicast: TCP must drop it (RFC 9293 MUST-57) */
    bool has_mld_alert; /* a router alert for MLD stands before the payload */
    bool checksum_ok; /* the link vouches for the transport checksum: partial, or verified below */
    const uint8_t *payload; /* transport header on; borrowed */
    size_t payload_len;
    const uint8_t *ip_header; /* for quoting in ICMP errors; borrowed; header + payload contiguous
                                 unless reassembled */
    size_t ip_header_len;
    uint16_t gso_size_bytes; /* 0, or the size of the segments that the payload was merged from */
};

/* Drops a packet that came in (drop.h). */
static inline void te_packet_drop(struct te_stack *stack, enum te_drop_reason reason,
                                  const struct te_packet *packet)
{
    te_drop_packet(stack, reason, &packet->destination, &packet->source);
}

/* An ICMP or ICMPv6 error about a TCP segment that we sent, translated. */
struct te_icmp_error {
    struct te_endpoint local, remote; /* of the quoted segment; local is ours */
    uint32_t seq;                     /* of the quoted segment: the transport checks it */
    enum te_err error;                /* TE_ERR_HOST_UNREACHABLE, ...; TE_OK: packet too big */
    uint8_t type, code;               /* as received; the family is the addresses' */
    bool is_passing;    /* a condition that may pass by itself: time exceeded, parameter problem */
    uint32_t mtu_bytes; /* packet too big: next-hop MTU, never 0; else 0 */
};

#endif
