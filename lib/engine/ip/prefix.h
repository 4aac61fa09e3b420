/* Prefixes of addresses, counted in the 128 bits of te_addr: an IPv4 prefix of n bits has 96 + n.
 */
#ifndef TCPENGINE_IP_PREFIX_H
#define TCPENGINE_IP_PREFIX_H

#include <tcpengine/config.h>

#define TE_PREFIX_V4_BITS 96u
#define TE_PREFIX_ALL_BITS 128u

/* How many leading bits a and b share: 0 to 128. */
unsigned te_prefix_common_bits(const struct te_addr *a, const struct te_addr *b);
/* The prefix length of cidr in 128 bits. */
uint8_t te_prefix_bits_of(const struct te_cidr *cidr);
/* fe80::/10 */
bool te_prefix_is_link_local(const struct te_addr *addr);

#endif
