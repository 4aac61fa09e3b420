/* TCP segments in frames, for programs that look at traffic or change it between a stack and its
 * link. No function takes a stack or keeps state. Frames are plain bytes, as for te_stack_input();
 * bytes from anywhere are safe. */
#ifndef TCPENGINE_SEGMENT_H
#define TCPENGINE_SEGMENT_H

#include <tcpengine/event.h>
#include <tcpengine/frame.h>

/* Largest frame that these functions take or make: Ethernet header and an IP packet of 64 KiB. */
#define TE_SEGMENT_FRAME_MAX (14 + 65535)
/* Largest frame of te_segment_make_reset() and te_segment_make_too_big(). */
#define TE_SEGMENT_MADE_MAX 128

struct te_segment_view {
    struct te_endpoint source, destination;
    uint32_t seq, ack;
    uint16_t window; /* as on the wire, unscaled */
    uint8_t flags;   /* set of enum te_tcp_flag */
    uint32_t payload_bytes;
    size_t ip_at, tcp_at, payload_at; /* offsets in the frame */
};

/* False, *ret_view untouched, unless the frame holds a whole TCP header in one unfragmented IPv4 or
 * IPv6 packet. Checksums are not verified. */
bool te_segment_parse(const uint8_t *frame, size_t len, struct te_segment_view *ret_view);

/* Bytes of its largest packet, IP header included: with GSO, of each that it is cut into. */
size_t te_segment_packet_bytes(const struct te_segment_view *view,
                               const struct te_frame_meta *meta);

/* Writes segment number index (0: the first) of those that a frame with GSO is cut into, as a link
 * carries it: a frame of its own, with whole checksums. Returns its length, at most that of the
 * frame; 0: there is none of that number. A frame without GSO is one segment. */
size_t te_segment_cut(const uint8_t *frame, const struct te_segment_view *view,
                      const struct te_frame_meta *meta, unsigned index, uint8_t *ret_frame);

/* Each changes the segment in place. set_window keeps a right checksum right and a wrong one wrong;
 * meta says whether it is partial. break_checksum makes a whole checksum wrong. */
void te_segment_set_window(uint8_t *frame, const struct te_segment_view *view,
                           const struct te_frame_meta *meta, uint16_t window);
void te_segment_break_checksum(uint8_t *frame, const struct te_segment_view *view);

/* A forged RST from source to destination, exactly at seq. Returns the frame's length. */
struct te_segment_reset {
    uint8_t destination_mac[6], source_mac[6];
    struct te_endpoint source, destination; /* of one family */
    uint32_t seq;
};
size_t te_segment_make_reset(const struct te_segment_reset *reset,
                             uint8_t ret_frame[TE_SEGMENT_MADE_MAX]);
/* What a router answers to a segment that is larger than its next link: ICMP fragmentation needed
 * (RFC 1191) or packet too big (RFC 4443 3.2), from the address that the segment was for. Returns
 * the frame's length. */
size_t te_segment_make_too_big(const uint8_t *frame, const struct te_segment_view *view,
                               uint32_t mtu_bytes, uint8_t ret_frame[TE_SEGMENT_MADE_MAX]);

#endif
