#include "tcp/conn/timers.h"

#include <assert.h>

#include "stack_internal.h"
#include "tcp/conn/conn.h"

const char *te_timer_name(enum te_timer timer)
{
    static const char *const names[] = {
        [TE_TIMER_NONE] = "",
        [TE_TIMER_LOSS_PROBE] = "loss_probe",
        [TE_TIMER_REORDER] = "reorder",
        [TE_TIMER_PACING] = "pacing",
        [TE_TIMER_RETRANSMIT] = "retransmit",
        [TE_TIMER_PERSIST] = "persist",
        [TE_TIMER_DELAYED_ACK] = "delayed_ack",
        [TE_TIMER_KEEPALIVE] = "keepalive",
        [TE_TIMER_FIN_WAIT_2] = "fin_wait_2",
        [TE_TIMER_TIME_WAIT] = "time_wait",
        [TE_TIMER_ORPHAN] = "orphan",
        [TE_TIMER_USER_TIMEOUT] = "user_timeout",
        [TE_TIMER_REMAINS] = "remains",
        [TE_TIMER_IDLE] = "idle",
    };
    return timer <= TE_TIMER_IDLE ? names[timer] : "?";
}

/* --- deadlines -------------------------------------------------------------------------------- */

static enum te_timer earliest(const struct te_conn *conn, unsigned last, int64_t *ret_at_us)
{
    enum te_timer first = TE_TIMER_NONE;
    int64_t at_us = TE_NEVER;
    for (unsigned i = 1; i <= last; i++) {
        if (conn->timer_at_us[i] < at_us) {
            at_us = conn->timer_at_us[i];
            first = (enum te_timer)i;
        }
    }
    *ret_at_us = at_us;
    return first;
}

enum te_timer te_timer_next(const struct te_conn *conn, int64_t *ret_at_us)
{
    return earliest(conn, TE_TIMER_IDLE, ret_at_us);
}

enum te_timer te_timer_next_of_tcp(const struct te_conn *conn, int64_t *ret_at_us)
{
    return earliest(conn, TE_TIMER_IDLE - 1, ret_at_us);
}

void te_timer_arm(struct te_stack *stack, struct te_conn *conn)
{
    int64_t at_us;
    te_timer_next(conn, &at_us);
    if (at_us != conn->timer.at_us)
        te_wheel_arm(&stack->wheel, &conn->timer, at_us);
}

void te_timer_set(struct te_stack *stack, struct te_conn *conn, enum te_timer timer, int64_t at_us)
{
    assert(timer > TE_TIMER_NONE && timer < TE_CONN_TIMERS);
    conn->timer_at_us[timer] = at_us;
    te_timer_arm(stack, conn);
}

void te_timer_set_by(struct te_stack *stack, struct te_conn *conn, enum te_timer timer,
                     int64_t at_us)
{
    if (at_us < conn->timer_at_us[timer])
        te_timer_set(stack, conn, timer, at_us);
}

void te_timer_clear(struct te_stack *stack, struct te_conn *conn, enum te_timer timer)
{
    if (conn->timer_at_us[timer] != TE_NEVER)
        te_timer_set(stack, conn, timer, TE_NEVER);
}

void te_timer_clear_all(struct te_stack *stack, struct te_conn *conn)
{
    for (unsigned i = 0; i < TE_CONN_TIMERS; i++)
        conn->timer_at_us[i] = TE_NEVER;
    te_wheel_cancel(&stack->wheel, &conn->timer);
}

bool te_timer_is_set(const struct te_conn *conn, enum te_timer timer)
{
    return conn->timer_at_us[timer] != TE_NEVER;
}
