/* Datagrams being put together from their fragments (RFC 791 3.2, RFC 8200 4.5).
 *
 * Fragments are kept one by one, sorted by offset, and copied together when the last gap closes, so
 * that memory follows the bytes that came and not the offsets that they claim. Bounded by
 * datagrams, by bytes, by datagrams of one source and by fragments of one datagram. When there is
 * no room the oldest datagram goes: an honest sender's fragments come close together, an attacker's
 * never come complete. Fragments that overlap end their whole datagram, those yet to come included
 * (RFC 5722, here for IPv4 too); an exact duplicate is passed over. So do fragments whose ECN
 * fields contradict each other (RFC 3168 5.3). */
#ifndef TCPENGINE_IP_REASSEMBLY_H
#define TCPENGINE_IP_REASSEMBLY_H

#include "ip/packet.h"
#include "util/wheel.h"

struct te_stack;

/* 65,535 bytes on an IPv4 path with MTU 576 are 119 fragments. */
#define TE_REASSEMBLY_FRAGMENTS_MAX 128

struct te_fragment {
    const struct te_packet *packet; /* payload is the fragment's */
    uint32_t id;
    uint16_t offset_bytes;
    bool more;
};

/* A part of a datagram. */
struct te_fragment_part {
    struct te_list link;
    uint32_t start, end;
    uint8_t bytes[];
};

struct te_datagram {
    struct te_list link; /* in the FIFO of its family, the oldest first */
    uint64_t hash;       /* of what identifies it */
    struct te_addr source, destination;
    uint32_t id;
    uint8_t protocol; /* identifies it with IPv4; with IPv6 it is the first fragment's */
    uint8_t hop_limit;
    uint8_t ecn_seen;  /* bit 1 << codepoint for each that a fragment had (RFC 3168 5.3) */
    bool is_dead;      /* given up: what comes is dropped until the time is over */
    bool is_broadcast; /* one of its fragments was */
    uint32_t end;      /* length of the payload; UINT32_MAX before the last fragment came */
    uint32_t received_bytes;
    unsigned part_count;
    struct te_list parts; /* by start */
    int64_t expires_at_us;
};

struct te_reassemblies {
    struct te_list queues[2]; /* IPv4, IPv6: each with a timeout of its own */
    uint32_t count;
    uint64_t bytes; /* all memory of all datagrams */
    struct te_wheel_node timer;
};

void te_reassemblies_init(struct te_stack *stack);
void te_reassemblies_done(struct te_stack *stack);
void te_reassemblies_handle_timer(struct te_stack *stack);
/* Arms the wheel for the first timeout. */
void te_reassemblies_arm(struct te_stack *stack);
/* How long a datagram of IPv4 (0) or IPv6 (1) waits for its fragments. */
int64_t te_reassembly_timeout_us(unsigned family);
/* An empty datagram at the end of its family's FIFO, its deadline not set, and a part of len bytes
 * in front of before, its bounds and bytes not set. Both ask no limit; NULL: no memory. */
struct te_datagram *te_datagram_new(struct te_stack *stack, const struct te_packet *packet,
                                    uint32_t id);
struct te_fragment_part *te_datagram_add_part(struct te_stack *stack, struct te_datagram *datagram,
                                              struct te_list *before, size_t len);
/* NULL when all invariants hold, else a static sentence. */
const char *te_reassemblies_check(const struct te_stack *stack);

/* A packet put together: an IP header without options or extension headers, and the payload. */
struct te_reassembled {
    uint8_t *bytes;
    size_t len;
    bool is_broadcast;
};
/* Takes a fragment whose offset + length is at most what an IP packet holds, whose length is not 0,
 * and a multiple of 8 when more follow. True when it was the last one missing: the caller then owns
 * *ret_packet, to be freed by te_reassembled_free. */
bool te_reassembly_add(struct te_stack *stack, const struct te_fragment *fragment,
                       struct te_reassembled *ret_packet);
void te_reassembled_free(struct te_stack *stack, struct te_reassembled *packet);

#endif
