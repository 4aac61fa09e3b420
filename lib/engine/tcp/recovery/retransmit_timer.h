/* When the retransmission timer and the persist timer start, restart and stop (RFC 6298 5, RFC 9293
 * 3.8.6.1), and with them the user timeout and keepalive. What happens when they expire is in
 * tcp/timeout.c.
 *
 * The two are never set together: the retransmission timer runs while something is in flight, the
 * persist timer while the window holds everything back. */
#ifndef TCPENGINE_TCP_RECOVERY_RETRANSMIT_TIMER_H
#define TCPENGINE_TCP_RECOVERY_RETRANSMIT_TIMER_H

#include <stdint.h>

struct te_conn;
struct te_stack;

/* The time one RTO from now, backoff included. */
int64_t te_retransmit_timer_from_now(const struct te_stack *stack, const struct te_conn *conn);
/* After output has sent what it could. With something in flight: starts the retransmission timer
 * unless it runs (RFC 6298 (5.1)). With nothing in flight but something to send, from ESTABLISHED
 * on: starts the persist timer unless it runs (RFC 9293 3.8.6.1). Stops what does not apply. */
void te_timers_after_send(struct te_stack *stack, struct te_conn *conn);
/* After an ACK that moved SND.UNA: stops the retransmission timer when everything is acknowledged
 * (RFC 6298 (5.2)), else restarts it (5.3), earlier by RFC 7765; while
 * te_recovery_holds_timeout(), one that runs is left alone. Stops the persist timer. The user
 * timeout starts anew (RFC 5482). */
void te_timers_after_ack(struct te_stack *stack, struct te_conn *conn);
/* Something beyond a hole arrived that was sent no later than the hole: restarts the retransmission
 * timer if it runs (RFC 6675 6). */
void te_timers_on_progress(struct te_stack *stack, struct te_conn *conn);
/* The peer is alive: notes the time, forgets unanswered probes, and restarts keepalive. */
void te_timers_on_segment(struct te_stack *stack, struct te_conn *conn);

#endif
