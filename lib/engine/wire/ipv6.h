/* The IPv6 header and its extension headers (RFC 8200), as bytes and as values. No state. */
#ifndef TCPENGINE_WIRE_IPV6_H
#define TCPENGINE_WIRE_IPV6_H

#include <tcpengine/types.h>

#define TE_IPV6_HEADER_LEN 40
#define TE_IPV6_FRAGMENT_LEN 8
#define TE_IPV6_ALERT_LEN 8 /* a hop-by-hop header with a router alert */
#define TE_IPV6_MTU_MIN 1280
/* Most extension headers of a packet, and options of one header, that we walk. */
#define TE_IPV6_EXTENSIONS_MAX 8
#define TE_IPV6_OPTIONS_MAX 8

struct te_ipv6_header {
    struct te_addr source, destination;
    size_t payload_len;
    uint8_t next_header;
    uint8_t hop_limit;
    uint8_t ecn;
};

/* The Fragment header (RFC 8200 4.5). */
struct te_ipv6_fragment {
    uint32_t id;
    uint16_t offset_bytes; /* a multiple of 8 */
    bool more;
    uint8_t next_header;
};

enum te_ipv6_verdict {
    TE_IPV6_OK,
    TE_IPV6_MALFORMED, /* a length is wrong, or an IPv4 address in an IPv6 packet */
    TE_IPV6_LIMIT,     /* more extension headers or options than we walk */
    TE_IPV6_DISCARD,   /* an option asks for it (RFC 8200 4.2) */
    TE_IPV6_PROBLEM    /* ICMPv6 parameter problem: problem_code and problem_pointer are set */
};

struct te_ipv6_parsed {
    struct te_ipv6_header header;
    uint8_t protocol;         /* of the payload: an upper layer's */
    size_t protocol_at_bytes; /* where the packet names it: what a parameter problem points at */
    const uint8_t *payload;   /* into the input, after the extension headers */
    size_t payload_len;
    /* With a fragment the payload is the fragment's, and protocol what its header names; the walk
     * ends there. A whole datagram in one fragment (RFC 6946) counts as none. */
    bool is_fragment;
    struct te_ipv6_fragment fragment;
    size_t fragment_at_bytes; /* where the Fragment header lies in the packet */
    bool has_mld_alert;       /* the router alert of MLD messages (RFC 2711 2.1, value 0) */
    uint8_t problem_code;
    uint32_t problem_pointer;
};

/* Reads a packet of len bytes and walks its extension headers. header is set with every verdict but
 * MALFORMED, the rest with OK. */
enum te_ipv6_verdict te_ipv6_parse(const uint8_t *packet, size_t len,
                                   struct te_ipv6_parsed *ret_parsed);
/* Whether the chain of headers from next_header on ends in an upper layer's header within the len
 * bytes, as it must in a first fragment (RFC 8200 4.5). */
bool te_ipv6_chain_is_complete(uint8_t next_header, const uint8_t *bytes, size_t len);
/* Writes TE_IPV6_HEADER_LEN bytes. */
void te_ipv6_emit(const struct te_ipv6_header *header, uint8_t *ret_bytes);
/* Writes TE_IPV6_ALERT_LEN bytes: a hop-by-hop header with MLD's router alert. */
void te_ipv6_emit_alert(uint8_t next_header, uint8_t *ret_bytes);
/* Writes TE_IPV6_FRAGMENT_LEN bytes. */
void te_ipv6_emit_fragment(const struct te_ipv6_fragment *fragment, uint8_t *ret_bytes);

#endif
