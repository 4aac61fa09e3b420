/* A router on the path that cannot forward a packet, and reports it (RFC 1191 4, RFC 4443 3.2). */
#ifndef SIM_TOO_BIG_H
#define SIM_TOO_BIG_H

#include "wire.h"

#define TOO_BIG_FRAME_MAX 128

/* The size on the wire of the IP packets in a frame; 0 if it has none. */
size_t too_big_packet_bytes(const uint8_t *frame, size_t len, const struct te_frame_meta *meta);
/* Writes the frame that brings the ICMP message to the sender (room for TOO_BIG_FRAME_MAX), and
 * returns its length. */
size_t too_big_answer(const uint8_t *frame, size_t len, uint32_t mtu_bytes, uint8_t *ret_frame);

#endif
