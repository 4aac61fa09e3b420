/* Challenge ACKs (RFC 5961), and other ACKs in answer to segments that were not acceptable: limited
 * for each connection and for the whole stack, so that neither a blind attacker nor two
 * desynchronised ends (an ACK storm) get an ACK for each of theirs. */
#ifndef TCPENGINE_TCP_CONN_CHALLENGE_H
#define TCPENGINE_TCP_CONN_CHALLENGE_H

struct te_conn;
struct te_stack;

void te_challenge_ack(struct te_stack *stack, struct te_conn *conn);
/* To what stands at RCV.NXT - 1 and has no length: a keepalive probe (RFC 9293 3.8.4) or one of our
 * window, but just as well each ACK of two ends that have come apart by a byte. Limited for the
 * connection alone, and to half a second at the most: who probes takes silence for death, so the
 * budget of the stack is no reason for it, nor is it spent here. */
void te_challenge_answer_probe(struct te_stack *stack, struct te_conn *conn);

#endif
