#include "tcp/timeout.h"

#include <assert.h>

#include "ip/ip.h"
#include "stack_internal.h"
#include "tcp/conn/conn_note.h"
#include "tcp/conn/persist.h"
#include "tcp/conn/receive_buffer.h"
#include "tcp/conn/reset.h"
#include "tcp/conn/send_buffer.h"
#include "tcp/conn/sender.h"
#include "tcp/conn/timers.h"
#include "tcp/life.h"
#include "tcp/mtu/mtu_probe.h"
#include "tcp/mtu/path_mtu.h"
#include "tcp/recovery/loss_probe.h"
#include "tcp/recovery/recovery.h"
#include "tcp/recovery/retransmit_timer.h"

/* After that, what the algorithm knows of the path is worthless. */
#define SENDER_IDLE_US 10000000

static bool die(struct te_stack *stack, struct te_conn *conn, enum te_cause cause,
                enum te_err error)
{
    struct te_death death = {TE_CLOSED, cause, error, NULL};
    te_conn_end_protocol(stack, conn, &death);
    return false;
}

uint8_t te_timeout_retries_max(const struct te_stack *stack, const struct te_conn *conn)
{
    const struct te_config *config = &stack->config;
    if (conn->state == TE_SYN_SENT)
        return config->syn_retries_max;
    if (conn->state == TE_SYN_RCVD && conn->listener != NULL)
        return te_listener_syn_ack_retries(stack, conn->listener);
    if (conn->state == TE_SYN_RCVD)
        return conn->was_passive ? config->syn_ack_retries_max : config->syn_retries_max;
    return config->r2_retries;
}

/* An ICMP error, if there was one, is the better reason (RFC 1122 4.2.3.9). */
static enum te_err give_up_error(const struct te_conn *conn)
{
    return conn->soft_error != TE_OK ? (enum te_err)conn->soft_error : TE_ERR_TIMED_OUT;
}

static bool on_retransmit(struct te_stack *stack, struct te_conn *conn)
{
    stack->counters.retransmit_timeouts++;
    if (conn->retransmits >= te_timeout_retries_max(stack, conn)) { /* R2, RFC 9293 3.8.3 */
        stack->counters.timeouts_user++;
        return die(stack, conn, TE_CAUSE_TIMEOUT_RETRANSMIT, give_up_error(conn));
    }
    conn->retransmits++;
    conn->syn_was_lost |= !conn->syn_acked;
    if (conn->retransmits == stack->config.r1_retries)
        te_ip_suspect(stack, &conn->next_hop);
    te_path_mtu_on_timeout(stack, conn);
    te_mtu_probe_on_timeout(stack, conn);
    te_recovery_on_timeout(stack, conn);
    te_rtt_back_off(&conn->rtt); /* RFC 6298 (5.5) */
    te_timer_set(stack, conn, TE_TIMER_RETRANSMIT,
                 te_retransmit_timer_from_now(stack, conn)); /* (5.6) */
    te_note_counted(stack, conn, TE_NOTE_RTO, conn->retransmits,
                    te_retransmit_timer_from_now(stack, conn) - stack->now_us);
    te_conn_want_output(stack, conn);
    return true;
}

static bool yield_memory(struct te_stack *stack, struct te_conn *conn)
{
    stack->counters.persist_dropped++;
    te_send_drop(stack, conn); /* first, so that there is memory for the RST */
    te_reset_conn(stack, conn);
    return die(stack, conn, TE_CAUSE_LIMIT, TE_ERR_RESOURCES);
}

/* RFC 9293 3.8.6.1: probing never ends while it is answered (MUST-37) and there is memory. */
static bool on_persist(struct te_stack *stack, struct te_conn *conn)
{
    if (te_persist_should_yield(stack, conn))
        return yield_memory(stack, conn);
    if (conn->probes >= stack->config.r2_retries) {
        stack->counters.timeouts_user++;
        return die(stack, conn, TE_CAUSE_TIMEOUT_RETRANSMIT, give_up_error(conn));
    }
    conn->probes++;
    conn->probe_now = true;
    te_rtt_back_off(&conn->rtt);
    te_timer_set(stack, conn, TE_TIMER_PERSIST, te_retransmit_timer_from_now(stack, conn));
    te_conn_want_output(stack, conn);
    return true;
}

static bool on_loss_probe(struct te_stack *stack, struct te_conn *conn)
{
    te_loss_probe_on_timer(stack, conn);
    return true;
}

static bool on_reorder(struct te_stack *stack, struct te_conn *conn)
{
    te_recovery_on_reorder_timer(stack, conn);
    return true;
}

static bool on_pacing(struct te_stack *stack, struct te_conn *conn)
{
    te_conn_want_output(stack, conn);
    return true;
}

static bool on_delayed_ack(struct te_stack *stack, struct te_conn *conn)
{
    stack->counters.delayed_acks++;
    conn->ack.owed = 1;
    te_conn_want_output(stack, conn);
    return true;
}

/* RFC 9293 3.8.4. Data on its way is a probe by itself. */
static bool on_keepalive(struct te_stack *stack, struct te_conn *conn)
{
    int64_t next_us = stack->now_us + conn->keepalive_interval_us;
    if (te_timer_is_set(conn, TE_TIMER_RETRANSMIT) || te_timer_is_set(conn, TE_TIMER_PERSIST)) {
        te_timer_set(stack, conn, TE_TIMER_KEEPALIVE, next_us);
        return true;
    }
    if (conn->probes >= conn->keepalive_probes_max) {
        stack->counters.keepalive_drops++;
        te_reset_conn(stack, conn);
        return die(stack, conn, TE_CAUSE_TIMEOUT_KEEPALIVE, TE_ERR_KEEPALIVE);
    }
    conn->probes++;
    conn->keepalive_now = true;
    te_timer_set(stack, conn, TE_TIMER_KEEPALIVE, next_us);
    te_conn_want_output(stack, conn);
    return true;
}

static bool on_fin_wait_2(struct te_stack *stack, struct te_conn *conn)
{
    stack->counters.timeouts_fin_wait_2++;
    return die(stack, conn, TE_CAUSE_TIMEOUT_FIN_WAIT_2, TE_OK);
}

static bool on_orphan(struct te_stack *stack, struct te_conn *conn)
{
    stack->counters.orphans_dropped++;
    te_reset_conn(stack, conn);
    return die(stack, conn, TE_CAUSE_TIMEOUT_ORPHAN, TE_ERR_TIMED_OUT);
}

/* RFC 9293 3.10.8 and 3.8.3 (MUST-20, MUST-21). */
static bool on_user_timeout(struct te_stack *stack, struct te_conn *conn)
{
    stack->counters.timeouts_user++;
    te_reset_conn(stack, conn);
    return die(stack, conn, TE_CAUSE_TIMEOUT_USER, give_up_error(conn));
}

static bool on_remains(struct te_stack *stack, struct te_conn *conn)
{
    te_conn_end_user(stack, conn);
    return false;
}

static bool on_idle(struct te_stack *stack, struct te_conn *conn)
{
    if (conn->send_was_cut && conn->queued_offset == conn->acked_offset && te_conn_can_send(conn))
        te_ready_add(stack, &conn->ready, TE_READY_SEND); /* te_send_await_memory */
    te_send_release_memory(stack, conn);
    te_receive_release_memory(stack, conn);
    if (conn->sender == NULL || conn->snd_una != conn->snd_max)
        return true;
    int64_t ends_at_us = conn->sender->idle_since_us + SENDER_IDLE_US;
    if (stack->now_us >= ends_at_us)
        te_sender_release(stack, conn);
    else
        te_timer_set(stack, conn, TE_TIMER_IDLE, ends_at_us);
    return true;
}

typedef bool expiry_fn(struct te_stack *stack, struct te_conn *conn);

static expiry_fn *const expiries[TE_CONN_TIMERS] = {
    [TE_TIMER_LOSS_PROBE] = on_loss_probe, [TE_TIMER_REORDER] = on_reorder,
    [TE_TIMER_PACING] = on_pacing,         [TE_TIMER_RETRANSMIT] = on_retransmit,
    [TE_TIMER_PERSIST] = on_persist,       [TE_TIMER_DELAYED_ACK] = on_delayed_ack,
    [TE_TIMER_KEEPALIVE] = on_keepalive,   [TE_TIMER_FIN_WAIT_2] = on_fin_wait_2,
    [TE_TIMER_ORPHAN] = on_orphan,         [TE_TIMER_USER_TIMEOUT] = on_user_timeout,
    [TE_TIMER_REMAINS] = on_remains,       [TE_TIMER_IDLE] = on_idle,
};

bool te_timer_is_of_conn(enum te_timer timer)
{
    return timer < TE_CONN_TIMERS && expiries[timer] != NULL;
}

void te_timeout(struct te_stack *stack, struct te_conn *conn)
{
    for (unsigned i = 1; i < TE_CONN_TIMERS; i++) {
        if (conn->timer_at_us[i] > stack->now_us)
            continue;
        conn->timer_at_us[i] = TE_NEVER;
        assert(expiries[i] != NULL);
        if (!expiries[i](stack, conn))
            return;
    }
    te_timer_arm(stack, conn);
}
