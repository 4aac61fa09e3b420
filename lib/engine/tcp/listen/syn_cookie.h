/* SYN cookies (RFC 4987 3.6): the state of a half-open connection is written into the SYN,ACK, and
 * the ACK that completes the handshake brings it back.
 *
 * The initial sequence number holds 28 bits of a keyed hash (SipHash) over the 4-tuple, the peer's
 * ISN, the current 64-second step of a clock, and everything the cookie says; then one bit of that
 * step and three bits that index a table of MSS. So a cookie is good until the end of the step
 * after its own, and a blind ACK hits one with a probability of 2^-28.
 *
 * If the peer uses timestamps, the six low bits of our TSval hold its window scale and whether it
 * permits SACK and offers ECN, and its echo brings them back. Without timestamps only the MSS
 * survives, and the connection has none of the three.
 *
 * What is lost for want of memory: the SYN's text, which the peer sends again; retransmission of
 * the SYN,ACK, which the peer's next SYN calls for; and a client whose ACK and first segment are
 * both lost, which gets a RST for its second. So a listener uses cookies only while its SYN queue
 * is full, and accepts them only while one of its own may still be under way: otherwise connections
 * could be forged by guessing at leisure. */
#ifndef TCPENGINE_TCP_LISTEN_SYN_COOKIE_H
#define TCPENGINE_TCP_LISTEN_SYN_COOKIE_H

#include "tcp/conn/segment_in.h"

#define TE_SYN_COOKIE_STEP_US INT64_C(64000000)
#define TE_SYN_COOKIE_LIFE_US (2 * TE_SYN_COOKIE_STEP_US) /* at most; at least half of it */
#define TE_SYN_COOKIE_MSS_SLOTS 8

/* What the SYN,ACK that answers a SYN says.
 *
 * DEVIATION: an ISN that is a cookie does not follow the clock of RFC 6528 3. A 4-tuple in
 * TIME_WAIT, where that would matter, gets no cookie. */
struct te_syn_cookie {
    uint32_t iss;
    uint8_t flags; /* of the SYN,ACK */
    struct te_tcp_options options;
};

/* Makes the cookie that answers a SYN now. */
void te_syn_cookie_make(const struct te_stack *stack, const struct te_segment *syn,
                        struct te_syn_cookie *ret_cookie);
/* What a cookie kept of its SYN. Options that it did not keep look as if never offered. */
struct te_syn_cookie_kept {
    uint8_t flags;
    struct te_tcp_options options;
};
/* Whether an ACK brings back a cookie of ours that is still good, and then what it kept. *ret_kept
 * is untouched otherwise. */
bool te_syn_cookie_check(const struct te_stack *stack, const struct te_segment *ack,
                         struct te_syn_cookie_kept *ret_kept);
/* Answers a SYN by a SYN,ACK with its cookie. Keeps no state; counted. */
void te_syn_cookie_send(struct te_stack *stack, const struct te_segment *syn);

/* The MSS of a slot below TE_SYN_COOKIE_MSS_SLOTS, in bytes; they rise. */
uint16_t te_syn_cookie_mss(unsigned slot);

#endif
