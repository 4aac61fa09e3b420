/* Explicit Congestion Notification (RFC 3168 6.1): routers mark instead of dropping.
 *
 * The opening: a SYN with ECE and CWR offers ECN, a SYN,ACK with ECE alone accepts it. ECN is used
 * when each side has sent one of the two and neither has sent one without: struct te_ecn keeps the
 * four facts, and every rule of 6.1.1 is a question to them.
 *
 * As a receiver we echo: from the first data with CE on, ECE stands on every segment that we send
 * until data with CWR comes. As a sender we put ECT(0) on new data alone, take ECE as a congestion
 * event once a window of data, and say CWR on the first new data after any reduction of cwnd. The
 * reduction itself is recovery.h's.
 *
 * DEVIATION: with a cwnd of one segment, 6.1.2 lets a sender that gets ECE wait for its
 * retransmission timer before it sends again. Ours keeps that segment a round trip, as all stacks
 * do: the timer then had to run without anything in flight. */
#ifndef TCPENGINE_TCP_CONN_ECN_H
#define TCPENGINE_TCP_CONN_ECN_H

#include "tcp/conn/conn.h"
#include "tcp/conn/segment_in.h"

/* --- the opening ------------------------------------------------------------------------------ */

/* What the SYN, or with TE_ACK in flags the SYN,ACK, that leaves now should carry: ECE, CWR or
 * nothing. A SYN that has to be sent again is one without: something on the path may drop those
 * with (6.1.1.1). */
uint8_t te_ecn_syn_flags(const struct te_stack *stack, const struct te_conn *conn, uint8_t flags);
/* Whether a SYN offers ECN, or a SYN,ACK accepts it. */
bool te_ecn_is_offer(const struct te_segment *segment);
/* A SYN or SYN,ACK with these flags has left. */
void te_ecn_on_syn_sent(struct te_stack *stack, struct te_conn *conn, uint8_t flags);
/* The peer's SYN or SYN,ACK, each time that one comes. */
void te_ecn_negotiate(struct te_conn *conn, const struct te_segment *segment);
/* Whether data may be sent with ECT, and ECE is believed. */
bool te_ecn_is_on(const struct te_conn *conn);

/* --- the receiver ----------------------------------------------------------------------------- */

/* Text that is in the window (6.1.5), before it is trimmed away; closed windows included (6.1.6).
 * True when the peer should not wait for its ACK: its window is small now. */
bool te_ecn_on_segment(struct te_stack *stack, struct te_conn *conn,
                       const struct te_segment *segment);

/* --- the sender ------------------------------------------------------------------------------- */

/* Whether a segment leaves with ECT(0): is_new_data is false for what was sent before, for pure
 * ACKs, for window probes (6.1.4 to 6.1.6), and never true for SYN or RST. */
bool te_ecn_sender_wants_ect(const struct te_conn *conn, bool is_new_data);
/* ECE and CWR for a segment other than SYN and RST. */
uint8_t te_ecn_flags(const struct te_conn *conn, bool is_new_data);
/* New data has left: with CWR, if it was due. */
void te_ecn_on_data_sent(struct te_conn *conn);
/* Every ACK that is not old, with ECE or without it, before SND.UNA moves. True when it is a
 * congestion event: cwnd is to be reduced, te_ecn_on_reduction has been called. */
bool te_ecn_on_ece(struct te_stack *stack, struct te_conn *conn, const struct te_segment *segment);
/* cwnd was reduced, for whatever reason: CWR is due, and ECE says nothing new until something that
 * is sent from now on is acknowledged. */
void te_ecn_on_reduction(struct te_conn *conn);

#endif
