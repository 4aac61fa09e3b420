/* Neighbour Solicitation and Advertisement (RFC 4861 4.3, 4.4), as bytes and as values. No state.
 */
#ifndef TCPENGINE_WIRE_ND_H
#define TCPENGINE_WIRE_ND_H

#include <tcpengine/types.h>

#define TE_ND_SOLICIT 135
#define TE_ND_ADVERTISE 136
#define TE_ND_LEN_MAX 32 /* with one link-layer address option: the most that we send */
#define TE_ND_OPTIONS_MAX 8

struct te_nd {
    uint8_t type;                              /* TE_ND_SOLICIT or TE_ND_ADVERTISE */
    bool is_router, is_solicited, is_override; /* advertisements only */
    bool has_mac; /* source link-layer address of a solicitation, target's of an advertisement */
    uint8_t mac[6];
    struct te_addr target;
};

/* Reads an ICMPv6 message of len bytes. False when it is neither of the two, its code is not 0, the
 * target is a group, an option's length is 0 or beyond the message (RFC 4861 4.6), there are more
 * than TE_ND_OPTIONS_MAX, or the link-layer address is none that a station can have. The checksum
 * is not verified. */
bool te_nd_parse(const uint8_t *message, size_t len, struct te_nd *ret_nd);
/* Writes the message with checksum 0 and returns its length, at most TE_ND_LEN_MAX. */
size_t te_nd_emit(const struct te_nd *nd, uint8_t *ret_bytes);

#endif
