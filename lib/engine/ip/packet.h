/* An IP packet as the layers above see it: addresses, payload, and what the link said of it. */
#ifndef TCPENGINE_IP_PACKET_H
#define TCPENGINE_IP_PACKET_H

#include <tcpengine/frame.h>

#include "wire/protocol.h"

struct te_packet {
    struct te_addr source,
        destination; /* destination is one of ours, or ours by broadcast/multicast */
    uint8_t protocol;
    uint8_t hop_limit;
    uint8_t ecn;       /* the two ECN bits */
    bool is_broadcast; /* link or IP broadcast or multicast: TCP must drop it (RFC 9293 MUST-57) */
    bool checksum_ok;  /* transport checksum need not be verified: partial or validated below */
    const uint8_t *payload; /* transport header on; borrowed */
    size_t payload_len;
    const uint8_t *ip_header; /* for quoting in ICMP errors; borrowed; header + payload contiguous
                                 unless reassembled */
    size_t ip_header_len;
    uint16_t gso_size_bytes; /* 0, or the size of the segments that the payload was merged from */
};

/* An ICMP error about a TCP segment that we sent, already translated from v4 or v6. */
struct te_icmp_error {
    struct te_endpoint local, remote; /* of the quoted segment: local sent it */
    uint32_t seq;                     /* quoted */
    enum te_err error;                /* TE_ERR_HOST_UNREACHABLE, ..., or TE_OK for too-big alone */
    uint32_t mtu_bytes;               /* packet too big: next-hop MTU, else 0 */
};

#endif
