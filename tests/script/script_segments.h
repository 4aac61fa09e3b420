/* Scripts that count in full-sized segments: number 0 is the first that a side sends, and the peer
 * says what it has of ours. */
#ifndef SCRIPT_SEGMENTS_H
#define SCRIPT_SEGMENTS_H

#include "script.h"

#define MSS 1460 /* toward a peer on an Ethernet, without timestamps */

static inline uint32_t start_of(unsigned segment)
{
    return 1 + segment * MSS;
}

/* The user sends that many. */
static inline void send_segments(struct script *s, unsigned count)
{
    T_EQUAL(script_user_send(s, (size_t)count * MSS), (size_t)count * MSS);
}

/* The peer has that many. */
static inline void ack(struct script *s, unsigned count)
{
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(count));
}

/* The same, and those from `from` up to `to`. */
static inline void sack(struct script *s, unsigned count, unsigned from, unsigned to)
{
    T_SEND(s, .flags = TE_ACK, .seq = 1, .ack = start_of(count),
           SACK1(BLOCK(start_of(from), start_of(to))));
}

#endif
