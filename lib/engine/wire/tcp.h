/* The TCP header (RFC 9293 3.1) and its options, as bytes and as values. No state. */
#ifndef TCPENGINE_WIRE_TCP_H
#define TCPENGINE_WIRE_TCP_H

#include <tcpengine/event.h>
#include <tcpengine/types.h>

#define TE_TCP_HEADER_MIN 20
#define TE_TCP_HEADER_MAX 60
#define TE_SACK_BLOCKS_MAX 4
#define TE_FAST_OPEN_COOKIE_MAX 16

struct te_sack_block {
    uint32_t start, end; /* sequence numbers, end exclusive */
};

struct te_tcp_options {
    bool has_mss, has_wscale, sack_permitted, has_timestamps;
    uint16_t mss_bytes;
    uint8_t wscale; /* as sent, not yet cut to 14 */
    uint32_t ts_value, ts_echo;
    unsigned sack_count;
    struct te_sack_block sack[TE_SACK_BLOCKS_MAX];
    bool has_fast_open;    /* RFC 7413 4.1.1; without a cookie it asks for one */
    uint8_t fast_open_len; /* of the cookie: 0, or 4 to 16 and even */
    uint8_t fast_open_cookie[TE_FAST_OPEN_COOKIE_MAX];
};

struct te_tcp_header {
    uint16_t source_port, destination_port;
    uint32_t seq, ack;
    uint8_t flags;   /* set of enum te_tcp_flag */
    uint16_t window; /* as on the wire, unscaled */
    uint16_t checksum;
    uint16_t urgent_pointer;
    struct te_tcp_options options;
};

struct te_tcp_parsed {
    struct te_tcp_header header;
    const uint8_t *payload; /* into the input */
    size_t payload_len;
    unsigned bad_options; /* malformed options that were skipped */
};

/* Reads header and options of a segment of len bytes. False when it is shorter than its header says
 * or the data offset is under 5. Options (RFC 9293 3.2, MUST-4..7): unknown ones are skipped by
 * their length, a malformed one (length under 2, beyond the header, or wrong for its kind) is
 * skipped and counted in bad_options; when its length is unusable (under 2 or beyond the
 * header), so is all that follows it. Of an option that comes twice the last one counts. MSS,
 * window scale, SACK-permitted and Fast Open are only read when SYN is set. The checksum is not
 * verified.
 */
bool te_tcp_parse(const uint8_t *segment, size_t len, struct te_tcp_parsed *ret_parsed);

/* Length of the header that te_tcp_emit writes, options padded to a multiple of 4. */
size_t te_tcp_header_len(const struct te_tcp_header *header);

/* Writes header and options in the order MSS, SACK-permitted, timestamps, NOP + window scale, Fast
 * Open with NOPs before it for a SYN and NOP NOP timestamps, NOP NOP SACK for others (each 4-byte
 * aligned as Linux does), with header->checksum as it is. Returns the length, at most
 * TE_TCP_HEADER_MAX: SACK blocks that do not fit are left out, the last first. */
size_t te_tcp_emit(const struct te_tcp_header *header, uint8_t *ret_bytes);

#endif
