/* Challenge ACKs (RFC 5961), and other ACKs in answer to segments that were not acceptable: limited
 * for each connection and for the whole stack, so that neither a blind attacker nor two
 * desynchronised ends (an ACK storm) get an ACK for each of theirs. */
#ifndef TCPENGINE_TCP_CHALLENGE_H
#define TCPENGINE_TCP_CHALLENGE_H

struct te_conn;
struct te_stack;

void te_challenge_ack(struct te_stack *stack, struct te_conn *conn);

#endif
