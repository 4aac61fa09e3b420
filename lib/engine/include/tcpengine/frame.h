/* Ethernet frames with their offload metadata, as virtio_net_hdr carries it.
 *
 * A frame is a plain Ethernet frame of the link's MTU or, with GSO, one large segment that the
 * other side cuts. The TCP or UDP checksum may be left partial: the checksum field then holds the
 * sum of the pseudo-header, and whatever puts the frame on a wire finishes it. The stack sends such
 * frames only as config.gso and config.checksum_offload allow; it accepts them always. */
#ifndef TCPENGINE_FRAME_H
#define TCPENGINE_FRAME_H

#include <tcpengine/types.h>

enum te_checksum_state {
    TE_CHECKSUM_UNKNOWN = 0, /* the receiver must verify it */
    TE_CHECKSUM_VALID,       /* already verified below (VIRTIO_NET_HDR_F_DATA_VALID) */
    TE_CHECKSUM_PARTIAL      /* only the pseudo-header is summed (VIRTIO_NET_HDR_F_NEEDS_CSUM) */
};

enum te_gso_type { TE_GSO_NONE = 0, TE_GSO_TCPV4, TE_GSO_TCPV6 };

/* All zero: an ordinary frame whose checksums are to be verified. On input only checksum and
 * gso_size_bytes are used. */
struct te_frame_meta {
    enum te_checksum_state checksum;
    enum te_gso_type gso_type;
    uint16_t gso_size_bytes;   /* payload of each segment that the frame is cut into; 0: no GSO */
    bool gso_has_cwr;          /* CWR is set: on the first of the segments alone (RFC 3168 6.1.2) */
    uint16_t header_len_bytes; /* Ethernet + IP + TCP headers; set when gso_type is */
    uint16_t checksum_start;   /* offset of the TCP header in the frame; with TE_CHECKSUM_PARTIAL */
    uint16_t checksum_offset;  /* offset of the checksum field from checksum_start */
};

/* Room that te_stack_poll_output needs for headers: Ethernet 14 + IPv6 40 + TCP 60, rounded up. */
#define TE_OUTPUT_HEADER_MAX 128
#define TE_OUTPUT_IOVEC_MAX 3

/* One frame to put on the link: iov[0..iov_count), in order, total_bytes together. iov[0] is the
 * caller's header buffer, or the whole frame in the stack's memory; the rest points into the send
 * buffer of the connection, so that payload is never copied. All of it stays valid until the next
 * call that changes the stack: write or copy it before. */
struct te_output {
    struct te_iovec iov[TE_OUTPUT_IOVEC_MAX];
    unsigned iov_count;
    size_t total_bytes;
    struct te_frame_meta meta;
    bool is_again; /* a TCP segment whose first byte, SYN or FIN was sent before */
};

#endif
