/* The Internet checksum (RFC 1071), summed in 64-bit words. No state.
 *
 * A partial sum is a uint64_t: 0 or te_checksum_pseudo() to begin with, continued by
 * te_checksum_add(). te_checksum_finish() ends it. */
#ifndef TCPENGINE_WIRE_CHECKSUM_H
#define TCPENGINE_WIRE_CHECKSUM_H

#include <tcpengine/types.h>

/* Adds len bytes. Only the last piece of a sum may have an odd length. */
uint64_t te_checksum_add(uint64_t sum, const void *data, size_t len);
/* Adds several pieces as if they were one; any of them may have an odd length. */
uint64_t te_checksum_add_iovec(uint64_t sum, const struct te_iovec *iov, unsigned count);
/* The sum of the pseudo-header of TCP, UDP or ICMPv6 (RFC 9293 3.1, RFC 8200 8.1). The family
 * follows from the addresses; len_bytes is that of the transport header and payload. */
uint64_t te_checksum_pseudo(const struct te_addr *source, const struct te_addr *destination,
                            uint8_t protocol, uint32_t len_bytes);
/* The sum folded to 16 bits but not inverted, as a partial checksum field holds it
 * (TE_CHECKSUM_PARTIAL). To be stored by te_store_be16. */
uint16_t te_checksum_fold(uint64_t sum);
/* Folded and inverted: the checksum, to be stored by te_store_be16. Over data that contains its own
 * right checksum the result is 0. */
uint16_t te_checksum_finish(uint64_t sum);

#endif
