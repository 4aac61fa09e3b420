/* SYN cookies (RFC 4987 3.6): what a half-open connection would have to remember is written into
 * the SYN,ACK, and the ACK that ends the handshake brings it back.
 *
 * The initial sequence number holds 28 bits of a keyed hash (SipHash) over the 4-tuple, the peer's
 * ISN, the step of a clock of 64 s, and all that the cookie says; then one bit of that step and
 * three of a table of MSS. So a cookie is good until the step after its own is over, and a blind
 * ACK hits one with a chance of 2^-28, whatever it looks like.
 *
 * Where the peer speaks timestamps, the six low bits of our TSval keep its window scale and
 * whether it permits SACK and offers ECN; it echoes them. Without timestamps only the MSS survives,
 * and the connection has neither of the three.
 *
 * What is lost for want of memory: the SYN's text, which the peer sends again; the SYN,ACK's
 * retransmission, which the peer's SYN calls for; and a client whose ACK and first segment are both
 * lost, which gets a RST for its second. So cookies are for a listener whose SYN queue is full, and
 * it takes them only while one of its own can still be on its way: else a listener could be made to
 * believe in connections by guessing, at leisure. */
#ifndef TCPENGINE_TCP_LISTEN_SYN_COOKIE_H
#define TCPENGINE_TCP_LISTEN_SYN_COOKIE_H

#include "tcp/conn/segment_in.h"

#define TE_SYN_COOKIE_STEP_US INT64_C(64000000)
#define TE_SYN_COOKIE_LIFE_US (2 * TE_SYN_COOKIE_STEP_US) /* and no longer; at least half of it */
#define TE_SYN_COOKIE_MSS_SLOTS 8

/* DEVIATION: an ISN that is a cookie does not follow the clock of RFC 6528 3; a 4-tuple in
 * TIME_WAIT, where that would count, gets none. */
struct te_syn_cookie {
    uint32_t iss;
    uint8_t flags; /* of the SYN,ACK */
    struct te_tcp_options options;
};

/* The cookie for a SYN, now. */
void te_syn_cookie_make(const struct te_stack *stack, const struct te_segment *syn,
                        struct te_syn_cookie *ret_cookie);
/* Whether an ACK brings a cookie of ours that is still good, and then the flags and options
 * of the SYN that it was made for, as far as they were kept. */
struct te_syn_cookie_kept {
    uint8_t flags;
    struct te_tcp_options options;
};
bool te_syn_cookie_check(const struct te_stack *stack, const struct te_segment *ack,
                         struct te_syn_cookie_kept *ret_kept);
/* Answers a SYN by a SYN,ACK that nothing remembers. */
void te_syn_cookie_send(struct te_stack *stack, const struct te_segment *syn);

/* The MSS that a slot stands for, rising. */
uint16_t te_syn_cookie_mss(unsigned slot);

#endif
