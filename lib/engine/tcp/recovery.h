/* What is lost, and what to do about it: fast retransmit and NewReno recovery (RFC 5681 3.2, RFC
 * 6582), limited transmit (RFC 3042), and the restart after a timeout (RFC 5681 3.1, RFC 6298 5).
 *
 * cwnd itself belongs to congestion.h. While segments leave the network without SND.UNA moving,
 * inflated_bytes lets as many new ones in; it never exceeds what is in flight, so that a peer that
 * invents duplicates gains nothing (RFC 5681 3.2, step 4). */
#ifndef TCPENGINE_TCP_RECOVERY_H
#define TCPENGINE_TCP_RECOVERY_H

#include "tcp/conn.h"

/* A duplicate ACK in the sense of RFC 5681 2; options: of its segment. */
void te_recovery_on_duplicate_ack(struct te_stack *stack, struct te_conn *conn,
                                  const struct te_tcp_options *options);
/* SND.UNA has moved; sample describes the ACK. */
void te_recovery_on_ack(struct te_stack *stack, struct te_conn *conn,
                        const struct te_ack_sample *sample);
/* The retransmission timer has expired: everything in flight counts as lost. */
void te_recovery_on_timeout(struct te_stack *stack, struct te_conn *conn);
const char *te_recovery_name(const struct te_conn *conn);

#endif
