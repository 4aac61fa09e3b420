/* The named deadlines of one connection: absolute times in microseconds, TE_NEVER when off.
 *
 * The wheel holds one node per connection, armed at the earliest of them. Every function here
 * leaves it so. What an expiry does is in tcp/timeout.c. */
#ifndef TCPENGINE_TCP_CONN_TIMERS_H
#define TCPENGINE_TCP_CONN_TIMERS_H

#include <tcpengine/conn.h>

struct te_conn;
struct te_stack;

/* Sets or moves a deadline; timer must be one of a connection's (not NONE, not TIME_WAIT). A
 * deadline that has passed already expires when the host next handles timeouts. */
void te_timer_set(struct te_stack *stack, struct te_conn *conn, enum te_timer timer, int64_t at_us);
/* Sets the deadline unless an earlier one is set. */
void te_timer_set_by(struct te_stack *stack, struct te_conn *conn, enum te_timer timer,
                     int64_t at_us);
/* Turns it off; legal when it is off. */
void te_timer_clear(struct te_stack *stack, struct te_conn *conn, enum te_timer timer);
void te_timer_clear_all(struct te_stack *stack, struct te_conn *conn);
bool te_timer_is_set(const struct te_conn *conn, enum te_timer timer);
/* The earliest deadline and its name; of equal ones the first in the order of enum te_timer. With
 * none set, TE_TIMER_NONE and TE_NEVER. */
enum te_timer te_timer_next(const struct te_conn *conn, int64_t *ret_at_us);
/* The same without TE_TIMER_IDLE, which only gives memory back: for a user's eyes. */
enum te_timer te_timer_next_of_tcp(const struct te_conn *conn, int64_t *ret_at_us);
/* Arms the wheel after deadlines were written directly (timeout.c, a restore). */
void te_timer_arm(struct te_stack *stack, struct te_conn *conn);

#endif
