/* Prefixes of addresses, counted in the 128 bits of te_addr: an IPv4 prefix of n bits has 96 + n.
 */
#ifndef TCPENGINE_IP_PREFIX_H
#define TCPENGINE_IP_PREFIX_H

#include <tcpengine/config.h>

#define TE_PREFIX_V4_BITS 96u
#define TE_PREFIX_ALL_BITS 128u

/* fe80::/10 */
bool te_prefix_is_link_local(const struct te_addr *addr);

#endif
