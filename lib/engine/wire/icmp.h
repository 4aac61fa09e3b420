/* ICMP (RFC 792) and ICMPv6 (RFC 4443) messages, as bytes and as values. No state. */
#ifndef TCPENGINE_WIRE_ICMP_H
#define TCPENGINE_WIRE_ICMP_H

#include <tcpengine/types.h>

#define TE_ICMP_HEADER_LEN 8

/* ICMP types (RFC 792). */
#define TE_ICMP4_ECHO_REPLY 0
#define TE_ICMP4_UNREACHABLE 3
#define TE_ICMP4_SOURCE_QUENCH 4 /* deprecated: RFC 6633 */
#define TE_ICMP4_REDIRECT 5
#define TE_ICMP4_ECHO_REQUEST 8
#define TE_ICMP4_TIME_EXCEEDED 11
#define TE_ICMP4_PARAMETER_PROBLEM 12
/* Codes of TE_ICMP4_UNREACHABLE. */
#define TE_ICMP4_PROTOCOL_UNREACHABLE 2
#define TE_ICMP4_PORT_UNREACHABLE 3
#define TE_ICMP4_FRAGMENTATION_NEEDED 4

/* ICMPv6 types (RFC 4443). */
#define TE_ICMP6_UNREACHABLE 1
#define TE_ICMP6_TOO_BIG 2
#define TE_ICMP6_TIME_EXCEEDED 3
#define TE_ICMP6_PARAMETER_PROBLEM 4
#define TE_ICMP6_ERROR_LAST 127 /* types up to this one are errors (RFC 4443 2.1) */
#define TE_ICMP6_ECHO_REQUEST 128
#define TE_ICMP6_ECHO_REPLY 129
#define TE_ICMP6_REDIRECT 137
/* Codes of TE_ICMP6_UNREACHABLE and TE_ICMP6_PARAMETER_PROBLEM. */
#define TE_ICMP6_PORT_UNREACHABLE 4
#define TE_ICMP6_BAD_FIELD 0
#define TE_ICMP6_BAD_NEXT_HEADER 1
#define TE_ICMP6_BAD_OPTION 2
#define TE_ICMP6_BAD_CHAIN 3 /* first fragment without the whole header chain (RFC 7112) */

/* Code of both time exceeded types. */
#define TE_ICMP_REASSEMBLY_TIMEOUT 1

struct te_icmp {
    uint8_t type, code;
    uint16_t checksum; /* not verified */
    uint32_t rest;     /* bytes 4 to 7: identifier and sequence, MTU, pointer, ... */
    const uint8_t *body;
    size_t body_len;
};

/* False when len is below TE_ICMP_HEADER_LEN. */
bool te_icmp_parse(const uint8_t *message, size_t len, struct te_icmp *ret_icmp);
/* Writes the first TE_ICMP_HEADER_LEN bytes, with icmp->checksum as it is; the caller copies the
 * body. */
void te_icmp_emit_header(const struct te_icmp *icmp, uint8_t *ret_bytes);

/* Whether a message of that type must never be answered by an error (RFC 1122 3.2.2, RFC 4443 2.4
 * (e)). */
bool te_icmp4_is_error(uint8_t type);
bool te_icmp6_is_error(uint8_t type);

/* The start of a TCP segment as an ICMP error quotes it. */
struct te_icmp_quote {
    struct te_endpoint source, destination;
    uint32_t seq;
    size_t packet_len; /* of the whole quoted packet, by its IP header */
};

/* Reads the packet quoted in the body of an error. False unless it is a TCP segment, not a later
 * fragment, quoted at least up to its sequence number. The quote's checksum is not verified:
 * routers change the header before they quote it. */
bool te_icmp4_parse_quote(const uint8_t *body, size_t len, struct te_icmp_quote *ret_quote);
bool te_icmp6_parse_quote(const uint8_t *body, size_t len, struct te_icmp_quote *ret_quote);

#endif
