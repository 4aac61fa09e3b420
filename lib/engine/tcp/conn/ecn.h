/* Explicit Congestion Notification (RFC 3168 6.1): routers mark packets instead of dropping them.
 * Sections below are of RFC 3168.
 *
 * The opening: a SYN with ECE and CWR offers ECN, a SYN,ACK with ECE alone accepts. ECN is in use
 * when each side has sent one of these and neither has sent one without; struct te_ecn keeps these
 * four facts, and every rule of 6.1.1 is a question about them.
 *
 * As a receiver we echo: from the first data with CE, every segment that we send carries ECE, until
 * data with CWR arrives. As a sender we set ECT(0) on new data only, treat ECE as a congestion
 * event once per window of data, and set CWR on the first new data after any reduction of cwnd. The
 * reduction itself is done in recovery.h.
 *
 * DEVIATION: with a cwnd of one segment, 6.1.2 lets a sender that gets ECE wait for its
 * retransmission timer before it sends again. Ours keeps sending one segment per round trip, as all
 * stacks do: otherwise the timer would have to run with nothing in flight. */
#ifndef TCPENGINE_TCP_CONN_ECN_H
#define TCPENGINE_TCP_CONN_ECN_H

#include "tcp/conn/conn.h"
#include "tcp/conn/segment_in.h"

/* --- the opening ------------------------------------------------------------------------------ */

/* The flags (ECE, CWR or none) for the SYN, or with TE_ACK in flags for the SYN,ACK, that leaves
 * now. A retransmitted SYN offers nothing: something on the path may drop those that do (6.1.1.1).
 */
uint8_t te_ecn_syn_flags(const struct te_stack *stack, const struct te_conn *conn, uint8_t flags);
/* Whether the peer's SYN offers ECN, or its SYN,ACK accepts it. One with ECT or CE set does
 * neither: something on the path rewrites the field (6.1.1). */
bool te_ecn_is_offer(const struct te_segment *segment);
/* A SYN or SYN,ACK with these flags has left. */
void te_ecn_on_syn_sent(struct te_stack *stack, struct te_conn *conn, uint8_t flags);
/* The peer's SYN or SYN,ACK, each time one arrives. */
void te_ecn_negotiate(struct te_conn *conn, const struct te_segment *segment);
/* Whether both sides agreed: data may carry ECT, and ECE is believed. */
bool te_ecn_is_on(const struct te_conn *conn);

/* --- the receiver ----------------------------------------------------------------------------- */

/* A segment with text that passed the window check (6.1.5), even if a closed window has trimmed the
 * text since (6.1.6). True when its ACK should not be delayed: CE is new, or the peer has just
 * reduced its window. */
bool te_ecn_on_segment(struct te_stack *stack, struct te_conn *conn,
                       const struct te_segment *segment);

/* --- the sender ------------------------------------------------------------------------------- */

/* Whether a segment leaves with ECT(0). is_new_data: false for retransmissions, pure ACKs and
 * window probes (6.1.4 to 6.1.6), for SYN and for RST. */
bool te_ecn_sender_wants_ect(const struct te_conn *conn, bool is_new_data);
/* ECE and CWR, as due, for a segment other than SYN and RST. */
uint8_t te_ecn_flags(const struct te_conn *conn, bool is_new_data);
/* New data has left, with CWR if that was due. */
void te_ecn_on_data_sent(struct te_conn *conn);
/* Each ACK at or beyond SND.UNA, with ECE or without, before SND.UNA moves. True for a congestion
 * event: the caller reduces cwnd; te_ecn_on_reduction has been called. */
bool te_ecn_on_ece(struct te_stack *stack, struct te_conn *conn, const struct te_segment *segment);
/* cwnd was reduced, for any reason: CWR is due, and ECE is no news until something sent from now on
 * is acknowledged. Does nothing while ECN is not in use. */
void te_ecn_on_reduction(struct te_conn *conn);

#endif
