/* The IPv4 header (RFC 791), as bytes and as values. No state. */
#ifndef TCPENGINE_WIRE_IPV4_H
#define TCPENGINE_WIRE_IPV4_H

#include <tcpengine/types.h>

#define TE_IPV4_HEADER_LEN 20 /* without options, as we always send it */

struct te_ipv4_header {
    struct te_addr source, destination;
    size_t payload_len;
    uint16_t id;
    uint16_t fragment_offset_bytes; /* a multiple of 8 */
    bool dont_fragment, more_fragments;
    uint8_t ecn;
    uint8_t hop_limit;
    uint8_t protocol;
};

struct te_ipv4_parsed {
    struct te_ipv4_header header;
    size_t header_len;      /* options included */
    const uint8_t *payload; /* into the input; header.payload_len bytes, link padding cut off */
};

/* Reads a packet of len bytes. False when the version, the header length, the total length (under
 * the header's, or beyond len) or the header checksum is wrong. Options are skipped unread. */
bool te_ipv4_parse(const uint8_t *packet, size_t len, struct te_ipv4_parsed *ret_parsed);
/* Writes TE_IPV4_HEADER_LEN bytes, checksum included. */
void te_ipv4_emit(const struct te_ipv4_header *header, uint8_t *ret_bytes);

#endif
