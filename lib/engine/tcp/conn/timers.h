/* The named deadlines of one connection. The wheel holds one node a connection, armed at the
 * earliest of them; what each expiry does stands in tcp/timeout.c (RFC 9293 3.10.8, RFC 6298 5, RFC
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
/* The wheel holds the earliest deadline. */
void te_timer_arm(struct te_stack *stack, struct te_conn *conn);

#endif
