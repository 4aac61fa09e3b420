/* When the retransmission timer and the persist timer start, restart and stop (RFC 6298 5, RFC 9293
 * 3.8.6.1), and with them the user timeout and keepalive. What happens when they expire stands in
 * tcp/timeout.c. */
#ifndef TCPENGINE_TCP_RECOVERY_RETRANSMIT_TIMER_H
#define TCPENGINE_TCP_RECOVERY_RETRANSMIT_TIMER_H

#include <stdint.h>

struct te_conn;
struct te_stack;

/* One RTO from now. */
int64_t te_retransmit_timer_from_now(const struct te_stack *stack, const struct te_conn *conn);
/* (Re)starts the retransmission timer for what is in flight, or stops it (RFC 6298 (5.1)-(5.3)),
 * and the persist timer likewise for what the window holds back (RFC 9293 3.8.6.1). Never both. */
void te_timers_after_send(struct te_stack *stack, struct te_conn *conn);
/* But for what te_recovery_holds_timeout keeps as it is. */
void te_timers_after_ack(struct te_stack *stack, struct te_conn *conn);
/* What is in flight arrives, beyond a hole: the retransmission timer starts again, if it runs. */
void te_timers_on_progress(struct te_stack *stack, struct te_conn *conn);
/* Any segment of a living peer: keepalive starts anew. */
void te_timers_on_segment(struct te_stack *stack, struct te_conn *conn);

#endif
