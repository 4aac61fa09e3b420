/* Prefixes with a meaning of their own. The arithmetic is te_cidr_* of types.h. */
#ifndef TCPENGINE_IP_PREFIX_H
#define TCPENGINE_IP_PREFIX_H

#include <tcpengine/config.h>

#define TE_PREFIX_ALL_BITS 128u /* the most that te_addr_common_bits answers */

/* Whether addr is in fe80::/10 (RFC 4291 2.5.6). Never true of an IPv4 address: 169.254.0.0/16
 * (RFC 3927) gets no treatment of its own. */
bool te_prefix_is_link_local(const struct te_addr *addr);

#endif
