/* The Internet checksum (RFC 1071), summed in 64-bit words.
 *
 * A partial sum is a uint64_t that te_checksum_add continues; only the last piece may have an odd
 * length. te_checksum_finish folds and inverts; the result is in the order of the wire's bytes as
 * te_store_be16 writes it. */
#ifndef TCPENGINE_WIRE_CHECKSUM_H
#define TCPENGINE_WIRE_CHECKSUM_H

#include <tcpengine/types.h>

uint64_t te_checksum_add(uint64_t sum, const void *data, size_t len);
/* Like te_checksum_add over several pieces of any length, odd ones included. */
uint64_t te_checksum_add_iovec(uint64_t sum, const struct te_iovec *iov, unsigned count);
/* Pseudo-header of TCP, UDP and ICMPv6 (RFC 9293 3.1, RFC 8200 8.1), of the addresses' family. */
uint64_t te_checksum_pseudo(const struct te_addr *source, const struct te_addr *destination,
                            uint8_t protocol, uint32_t len_bytes);
/* Folded, not inverted: what a partial checksum field holds. */
uint16_t te_checksum_fold(uint64_t sum);
uint16_t te_checksum_finish(uint64_t sum);

#endif
