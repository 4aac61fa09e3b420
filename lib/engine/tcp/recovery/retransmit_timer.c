#include "tcp/recovery/retransmit_timer.h"

#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/sender.h"
#include "tcp/conn/timers.h"
#include "tcp/recovery/recovery.h"

#define RTO_RESTART_SEGMENTS 4 /* RFC 7765 4.1: rrthresh */

int64_t te_retransmit_timer_from_now(const struct te_stack *stack, const struct te_conn *conn)
{
    return stack->now_us + te_rtt_rto_us(&conn->rtt, &stack->config);
}

static void start_user_timeout(struct te_stack *stack, struct te_conn *conn)
{
    if (conn->user_timeout_us > 0 && !te_timer_is_set(conn, TE_TIMER_USER_TIMEOUT))
        te_timer_set(stack, conn, TE_TIMER_USER_TIMEOUT, stack->now_us + conn->user_timeout_us);
}

static bool has_something_to_send(const struct te_conn *conn)
{
    return conn->queued_offset > conn->acked_offset ||
           (conn->fin_queued && !te_conn_fin_is_acked(conn));
}

void te_timers_after_send(struct te_stack *stack, struct te_conn *conn)
{
    if (te_conn_flight(conn) > 0) {
        te_timer_clear(stack, conn, TE_TIMER_PERSIST);
        if (!te_timer_is_set(conn, TE_TIMER_RETRANSMIT))
            te_timer_set(stack, conn, TE_TIMER_RETRANSMIT,
                         te_retransmit_timer_from_now(stack, conn));
        start_user_timeout(stack, conn);
        return;
    }
    if (conn->state < TE_ESTABLISHED)
        return;
    te_timer_clear(stack, conn, TE_TIMER_RETRANSMIT);
    if (!has_something_to_send(conn)) {
        te_timer_clear(stack, conn, TE_TIMER_PERSIST);
        return;
    }
    if (!te_timer_is_set(conn, TE_TIMER_PERSIST))
        te_timer_set(stack, conn, TE_TIMER_PERSIST, te_retransmit_timer_from_now(stack, conn));
    start_user_timeout(stack, conn);
}

/* RFC 7765 4: with too little in flight for duplicates to reveal a loss, and nothing more to send,
 * the timeout counts from when the first segment was sent, not from this ACK; unless that is past
 * already, after a spurious timeout. */
static int64_t restart_offset_us(const struct te_stack *stack, const struct te_conn *conn)
{
    if (!(conn->features & TE_FEATURE_RTO_RESTART) || conn->sender == NULL)
        return 0;
    const struct te_sent *first = te_sent_map_first(&conn->sender->map);
    bool has_few = conn->snd_nxt - conn->snd_una < RTO_RESTART_SEGMENTS * (uint32_t)conn->mss &&
                   conn->sender->map.count < RTO_RESTART_SEGMENTS;
    bool has_more = te_conn_send_offset(conn, conn->snd_nxt) < conn->queued_offset;
    if (first == NULL || !has_few || has_more)
        return 0;
    int64_t since_us = stack->now_us - first->sent_at_us;
    return since_us < te_rtt_rto_us(&conn->rtt, &stack->config) ? since_us : 0;
}

void te_timers_after_ack(struct te_stack *stack, struct te_conn *conn)
{
    te_timer_clear(stack, conn, TE_TIMER_PERSIST);
    te_timer_clear(stack, conn, TE_TIMER_USER_TIMEOUT);
    if (conn->snd_una == conn->snd_max) {
        te_timer_clear(stack, conn, TE_TIMER_RETRANSMIT);
        return;
    }
    if (!te_recovery_holds_timeout(conn) || !te_timer_is_set(conn, TE_TIMER_RETRANSMIT))
        te_timer_set(stack, conn, TE_TIMER_RETRANSMIT,
                     te_retransmit_timer_from_now(stack, conn) - restart_offset_us(stack, conn));
    start_user_timeout(stack, conn);
}

void te_timers_on_progress(struct te_stack *stack, struct te_conn *conn)
{
    if (te_timer_is_set(conn, TE_TIMER_RETRANSMIT))
        te_timer_set(stack, conn, TE_TIMER_RETRANSMIT, te_retransmit_timer_from_now(stack, conn));
}

void te_timers_on_segment(struct te_stack *stack, struct te_conn *conn)
{
    conn->last_received_at_us = stack->now_us;
    conn->probes = 0;
    conn->keepalive_now = false; /* a probe that was not sent yet is answered */
    if (conn->keepalive && te_conn_is_synchronized(conn))
        te_timer_set(stack, conn, TE_TIMER_KEEPALIVE, stack->now_us + conn->keepalive_idle_us);
}
