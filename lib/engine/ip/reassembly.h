/* Reassembly of datagrams from their fragments (RFC 791 3.2, RFC 8200 4.5).
 *
 * Fragments are kept one by one, sorted by offset, and copied together when the last gap closes:
 * memory follows the bytes that arrived, not the offsets that they claim. Datagrams, bytes,
 * datagrams per source and fragments per datagram are all bounded. When there is no room the oldest
 * datagram goes: an honest sender's fragments come close together, an attacker's never complete.
 *
 * Overlapping fragments kill their datagram, fragments yet to come included (RFC 5722, here for
 * IPv4 too), and so do contradictory ECN fields (RFC 3168 5.3). Exact duplicates are ignored. */
#ifndef TCPENGINE_IP_REASSEMBLY_H
#define TCPENGINE_IP_REASSEMBLY_H

#include "ip/packet.h"
#include "util/wheel.h"

struct te_stack;

/* Per datagram: 65,535 bytes take 119 fragments on an IPv4 path with MTU 576. */
#define TE_REASSEMBLY_FRAGMENTS_MAX 128

/* A fragment as it arrived. */
struct te_fragment {
    const struct te_packet *packet; /* payload is the fragment's */
    uint32_t id;
    uint16_t offset_bytes;
    bool more; /* it is not the last */
};

/* A fragment as it is kept. */
struct te_fragment_part {
    struct te_list link;
    uint32_t start, end; /* offsets in the datagram's payload, end exclusive */
    uint8_t bytes[];
};

struct te_datagram {
    struct te_list link; /* in the FIFO of its family, oldest first */
    uint64_t hash;       /* of what identifies it, keyed */
    struct te_addr source, destination;
    uint32_t id;
    uint8_t protocol; /* part of the identity in IPv4; the first fragment's in IPv6 */
    uint8_t hop_limit;
    uint8_t ecn_seen;  /* bit 1 << codepoint for each that a fragment had (RFC 3168 5.3) */
    bool is_dead;      /* killed: its fragments are dropped until it expires */
    bool is_broadcast; /* one of its fragments was */
    uint32_t end;      /* length of the payload; UINT32_MAX until the last fragment came */
    uint32_t received_bytes;
    unsigned part_count;
    struct te_list parts; /* by start */
    int64_t expires_at_us;
};

struct te_reassemblies {
    struct te_list queues[2]; /* IPv4, IPv6: each has its own timeout */
    uint32_t count;
    uint64_t bytes; /* of memory, for all datagrams and fragments */
    struct te_wheel_node timer;
};

void te_reassemblies_init(struct te_stack *stack);
void te_reassemblies_done(struct te_stack *stack);
/* Ends the datagrams whose time is over. Unless one is dead, that is counted, and reported to its
 * sender if the first fragment is there (RFC 792, RFC 8200 4.5). */
void te_reassemblies_handle_timer(struct te_stack *stack);
/* Arms the wheel for the earliest timeout. */
void te_reassemblies_arm(struct te_stack *stack);
/* How long a datagram of IPv4 (0) or IPv6 (1) waits for its fragments. */
int64_t te_reassembly_timeout_us(unsigned family);
/* Adds an empty datagram at the end of its family's FIFO; the caller sets its deadline. Checks no
 * limit. NULL when memory is refused. */
struct te_datagram *te_datagram_new(struct te_stack *stack, const struct te_packet *packet,
                                    uint32_t id);
/* Adds a part of len bytes in front of before; the caller sets its bounds and bytes. Checks no
 * limit. NULL when memory is refused. */
struct te_fragment_part *te_datagram_add_part(struct te_stack *stack, struct te_datagram *datagram,
                                              struct te_list *before, size_t len);
/* NULL when all invariants hold, else a static sentence. */
const char *te_reassemblies_check(const struct te_stack *stack);

/* A reassembled packet: an IP header without options or extension headers, and the payload. */
struct te_reassembled {
    uint8_t *bytes;
    size_t len;
    bool is_broadcast;
};
/* Adds a fragment. Its length is not 0 and is a multiple of 8 if more follow; offset + length is at
 * most 65,535. True when it completes its datagram: the caller then owns *ret_packet and frees it
 * by te_reassembled_free. False when fragments are still missing, or when this one, or the whole
 * datagram, was dropped and counted. */
bool te_reassembly_add(struct te_stack *stack, const struct te_fragment *fragment,
                       struct te_reassembled *ret_packet);
void te_reassembled_free(struct te_stack *stack, struct te_reassembled *packet);

#endif
