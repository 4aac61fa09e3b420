/* Values of IP header fields: IANA's protocol numbers, which IPv4 and IPv6 share, and ECN's
 * codepoints. */
#ifndef TCPENGINE_WIRE_PROTOCOL_H
#define TCPENGINE_WIRE_PROTOCOL_H

#define TE_PROTO_ICMP 1
#define TE_PROTO_TCP 6
#define TE_PROTO_UDP 17
#define TE_PROTO_ICMPV6 58

/* IPv6 extension headers (RFC 8200 4). */
#define TE_PROTO_HOP_BY_HOP 0
#define TE_PROTO_ROUTING 43
#define TE_PROTO_FRAGMENT 44
#define TE_PROTO_NONE 59
#define TE_PROTO_DESTINATION 60

/* Codepoints of the ECN field (RFC 3168 5). */
#define TE_ECN_NOT_ECT 0
#define TE_ECN_ECT1 1
#define TE_ECN_ECT0 2
#define TE_ECN_CE 3

#endif
