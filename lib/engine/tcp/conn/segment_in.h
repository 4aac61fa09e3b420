/* One arriving segment, as the steps of RFC 9293 3.10.7 look at it. Steps trim it to the window. */
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
    const uint8_t *payload;
    uint32_t payload_len;
    uint32_t text_len;       /* payload_len as it came */
    uint8_t ecn;             /* of the IP header; of all that the link merged */
    bool wants_ack;          /* its ACK should not be delayed */
    uint16_t gso_size_bytes; /* merged below from segments of this size; 0: one segment */
};

/* SEG.LEN: payload, SYN and FIN. */
static inline uint32_t te_segment_len(const struct te_segment *segment)
{
    return segment->payload_len + ((segment->flags & TE_SYN) != 0) +
           ((segment->flags & TE_FIN) != 0);
}

/* For histories and events. wscale: of the peer's window, 0 in a SYN. */
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
