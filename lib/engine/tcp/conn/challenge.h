/* Challenge ACKs (RFC 5961), and other ACKs in answer to unacceptable segments. They are limited
 * per connection and for the whole stack, so that neither a blind attacker nor two desynchronised
 * ends (an ACK storm) get one ACK per segment. */
#ifndef TCPENGINE_TCP_CONN_CHALLENGE_H
#define TCPENGINE_TCP_CONN_CHALLENGE_H

struct te_conn;
struct te_stack;

/* Owes the peer one ACK, unless the connection's last was less than
 * config.challenge_ack_interval_us ago or the stack's budget, config.challenge_ack_per_second, is
 * used up (RFC 5961 7): then nothing, counted as challenge_acks_limited. */
void te_challenge_ack(struct te_stack *stack, struct te_conn *conn);
/* In answer to a segment without text at RCV.NXT - 1: a keepalive probe (RFC 9293 3.8.4) or a
 * window probe, but also each ACK of two ends that differ by one byte. Limited per connection only,
 * to one per half second or the interval above, whichever is shorter: a prober takes silence for
 * death, so the budget of the stack neither applies nor is spent. */
void te_challenge_answer_probe(struct te_stack *stack, struct te_conn *conn);

#endif
