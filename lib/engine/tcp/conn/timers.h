/* The named deadlines of one connection. The wheel holds one node a connection, armed at the
 * earliest of them; what each expiry does stands in timers.c (RFC 9293 3.10.8, RFC 6298 5, RFC
 * 9293 3.8). */
#ifndef TCPENGINE_TCP_CONN_TIMERS_H
#define TCPENGINE_TCP_CONN_TIMERS_H

#include <tcpengine/conn.h>

struct te_conn;
struct te_stack;

void te_timer_set(struct te_stack *stack, struct te_conn *conn, enum te_timer timer, int64_t at_us);
/* At at_us, or earlier when it is armed for then. */
void te_timer_set_by(struct te_stack *stack, struct te_conn *conn, enum te_timer timer,
                     int64_t at_us);
void te_timer_clear(struct te_stack *stack, struct te_conn *conn, enum te_timer timer);
void te_timer_clear_all(struct te_stack *stack, struct te_conn *conn);
bool te_timer_is_set(const struct te_conn *conn, enum te_timer timer);
/* The earliest deadline and its name; TE_TIMER_NONE and TE_NEVER when nothing is armed. */
enum te_timer te_timer_next(const struct te_conn *conn, int64_t *ret_at_us);
/* The same without TE_TIMER_IDLE, which only keeps house: what a user wants to know. */
enum te_timer te_timer_next_of_tcp(const struct te_conn *conn, int64_t *ret_at_us);

/* Whether a connection may have that timer: TIME_WAIT's is the table's. */
bool te_timer_is_of_conn(enum te_timer timer);

/* Runs every deadline that is due; the connection may be gone afterwards. */
void te_timers_on_due(struct te_stack *stack, struct te_conn *conn);

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
