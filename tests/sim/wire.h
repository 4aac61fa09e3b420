/* Frames on the wire, read and changed without the engine's own code: what the engine writes is
 * judged by an independent reading of the RFCs. */
#ifndef SIM_WIRE_H
#define SIM_WIRE_H

#include <tcpengine/event.h>
#include <tcpengine/frame.h>

#define WIRE_FRAME_MAX (14 + 65535)
#define WIRE_ETH_BYTES 14
#define WIRE_SACK_MAX 4
#define WIRE_OPTION_FAST_OPEN 34 /* RFC 7413 4.1.1 */

struct wire_block {
    uint32_t start, end;
};

/* One TCP segment in its frame. */
struct wire_segment {
    struct te_endpoint source, destination;
    size_t ip_at, tcp_at, payload_at; /* from the start of the frame */
    size_t ip_bytes;                  /* whole packet, as its header says */
    size_t payload_len;
    uint32_t seq, ack;
    uint16_t window;
    uint8_t flags;
    bool is_sound; /* all lengths and checksums are correct */
    bool has_mss, has_wscale, sack_permitted, has_timestamps, has_cookie;
    uint16_t mss_bytes;
    uint8_t wscale;
    uint32_t ts_value, ts_echo;
    unsigned sack_count;
    struct wire_block sack[WIRE_SACK_MAX];
};

/* False if the frame is not a TCP segment, or too broken to be read as one. */
bool wire_parse(const uint8_t *frame, size_t len, const struct te_frame_meta *meta,
                struct wire_segment *ret_segment);
/* SEG.LEN: payload, SYN and FIN. */
uint32_t wire_segment_len(const struct wire_segment *segment);

uint16_t wire_get16(const uint8_t *at);
uint32_t wire_get32(const uint8_t *at);
void wire_put16(uint8_t *at, uint16_t value);
void wire_put32(uint8_t *at, uint32_t value);

/* The Internet checksum (RFC 1071) over bytes, starting from another sum. */
uint16_t wire_checksum(uint64_t sum, const uint8_t *bytes, size_t len);
/* Fills in the checksum left to offload, and updates *meta. */
void wire_finish_checksum(uint8_t *frame, size_t len, struct te_frame_meta *meta);
/* Recomputes IP lengths and both checksums after the segment has changed. */
void wire_rewrite(uint8_t *frame, size_t len, const struct wire_segment *segment);
/* Piece number index of a frame that stands for several segments of meta->gso_size_bytes, written
 * to ret_frame (room for len bytes): returns its length, or 0 if there is no such piece. */
size_t wire_cut(const uint8_t *frame, size_t len, const struct te_frame_meta *meta, unsigned index,
                uint8_t *ret_frame);
/* Overwrites one kind of option with NOPs in a SYN. True if it was there. */
bool wire_strip_option(uint8_t *frame, const struct wire_segment *segment, uint8_t kind);
/* RFC 3168 5: ECT(0) or ECT(1), or already marked. */
bool wire_is_ecn_capable(const uint8_t *frame, size_t len);
/* Sets both ECN bits: congestion experienced. */
void wire_mark(uint8_t *frame, size_t len);
/* Clears them: not ECN-capable. */
void wire_bleach(uint8_t *frame, size_t len);

#endif
