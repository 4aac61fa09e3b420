/* Everybody else on the link: builds frames with correct checksums and gives them to the stack. */
#ifndef FUZZ_PEER_H
#define FUZZ_PEER_H

#include "rig.h"

void peer_init_slot(struct rig_slot *slot, unsigned index);
struct te_addr peer_router(void);

/* A segment from the slot's remote end. Its payload is rig_byte() of its sequence numbers. */
struct peer_segment {
    const struct rig_slot *slot;
    uint32_t seq, ack;
    size_t payload_len;
    uint8_t flags;
    uint8_t ecn; /* of the IP header */
    uint16_t window, urgent_pointer;
    struct te_tcp_options options;
    const uint8_t *raw_options; /* instead of options */
    size_t raw_len;             /* a multiple of 4 */
    uint16_t merged_from;       /* size of the segments that the link has merged; 0: one */
};
void peer_send(struct rig *rig, const struct peer_segment *segment);

/* A packet to one of our addresses in fragments of piece bytes (a multiple of 8). Fragments whose
 * bit is set in lost are not sent; those in again are sent twice, the second time 8 bytes further
 * on. */
struct peer_fragments {
    uint16_t id;
    size_t piece;
    uint8_t lost, again;
};
void peer_send_fragments(struct rig *rig, const struct peer_segment *segment,
                         const struct peer_fragments *fragments);

/* An ICMP error about a segment of the slot's local end. */
struct peer_error {
    const struct rig_slot *slot;
    uint8_t type, code;
    uint32_t rest; /* bytes 4 to 7: the MTU */
    uint32_t seq;
    size_t quote_len; /* of TCP bytes */
};
void peer_send_error(struct rig *rig, const struct peer_error *error);
/* An echo request of len bytes. */
void peer_send_echo(struct rig *rig, bool is_v6, size_t len);

/* Answers the stack's question for addr, if there is such a station. */
void peer_answer(struct rig *rig, const struct te_addr *addr);
/* ARP or ND with fields chosen by the program. */
struct peer_neighbour {
    bool is_v6, is_reply, is_broadcast;
    uint8_t host, target_host, mac; /* last bytes */
    uint8_t flags;
};
void peer_send_neighbour(struct rig *rig, const struct peer_neighbour *neighbour);

/* Writes an Ethernet header for the stack into rig->frame. */
void peer_put_ethernet(struct rig *rig, uint16_t type);

#endif
