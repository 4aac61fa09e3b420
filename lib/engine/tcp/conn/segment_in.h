/* One arriving segment, as the steps of RFC 9293 3.10.7 see it. The steps trim it to the window:
 * seq, flags and payload_len change, header and text_len stay as they came. */
#ifndef TCPENGINE_TCP_CONN_SEGMENT_IN_H
#define TCPENGINE_TCP_CONN_SEGMENT_IN_H

#include "ip/packet.h"
#include "wire/tcp.h"

struct te_stack;
struct te_conn;

struct te_segment {
    struct te_endpoint local, remote; /* local: ours, its destination */
    struct te_tcp_header header;
    uint32_t seq, ack;
    uint8_t flags;
    const uint8_t *payload; /* borrowed from the frame */
    uint32_t payload_len;
    uint32_t text_len;       /* payload_len as it came */
    uint8_t ecn;             /* the two bits of the IP header */
    bool wants_ack;          /* its ACK should not be delayed */
    uint16_t gso_size_bytes; /* the link merged it from segments of this size; 0: one segment */
};

/* SEG.LEN (RFC 9293 3.4): payload, SYN and FIN. */
static inline uint32_t te_segment_len(const struct te_segment *segment)
{
    return segment->payload_len + ((segment->flags & TE_SYN) != 0) +
           ((segment->flags & TE_FIN) != 0);
}

/* The header for histories and events, with the payload that is left. wscale scales the peer's
 * window; a SYN's is never scaled (RFC 7323 2.2). len_bytes stops at 65,535. */
static inline struct te_segment_info te_segment_info_of(const struct te_segment *segment,
                                                        uint8_t wscale)
{
    uint32_t scaled = (uint32_t)segment->header.window
                      << ((segment->header.flags & TE_SYN) ? 0 : wscale);
    uint32_t len = segment->payload_len;
    return (struct te_segment_info){.seq = segment->header.seq,
                                    .ack = segment->header.ack,
                                    .wnd_bytes = scaled,
                                    .len_bytes = (uint16_t)(len > UINT16_MAX ? UINT16_MAX : len),
                                    .flags = segment->header.flags};
}

#endif
