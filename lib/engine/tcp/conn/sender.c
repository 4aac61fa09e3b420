#include "tcp/conn/sender.h"

#include "stack_internal.h"
#include "tcp/conn/charge.h"
#include "tcp/conn/conn.h"

static bool is_paced(const struct te_conn *conn)
{
    return conn->cc.ops->wants_pacing || (conn->features & TE_FEATURE_PACING) != 0;
}

static void start_algorithm(const struct te_stack *stack, struct te_conn *conn)
{
    struct te_cc_start how = {
        .now_us = stack->now_us,
        .srtt_us = conn->rtt.srtt_us,
        .lost_total_bytes = conn->sender->delivery.lost_bytes,
        .mss_bytes = conn->mss,
        .initial_cwnd_bytes =
            te_cc_initial_window(conn->mss, stack->config.initial_window_segments),
        .snd_nxt = conn->snd_nxt,
        .is_hystart = (conn->features & TE_FEATURE_HYSTART) != 0,
        .is_paced = is_paced(conn),
    };
    conn->cc.ops->start(&conn->cc, &how);
}

void te_sender_start_hold(struct te_stack *stack, struct te_conn *conn)
{
    te_hold_start(&conn->sender->hold, stack->now_us);
    te_hold_sum_begin(&stack->tally.holds, conn->sender->hold.now, stack->now_us);
}

void te_sender_change_hold(struct te_stack *stack, struct te_conn *conn, enum te_hold hold)
{
    te_hold_sum_end(&stack->tally.holds, conn->sender->hold.now, stack->now_us);
    te_hold_change(&conn->sender->hold, hold, stack->now_us);
    te_hold_sum_begin(&stack->tally.holds, hold, stack->now_us);
}

static void start(struct te_stack *stack, struct te_conn *conn)
{
    struct te_sender *sender = conn->sender;
    te_sent_map_init(&sender->map);
    te_rack_init(&sender->rack);
    sender->rtt_round_end = conn->snd_nxt;
    te_validation_start(&sender->validation, conn->snd_nxt);
    sender->delivery.delivered_at_us = sender->delivery.first_sent_at_us = stack->now_us;
    sender->idle_since_us = stack->now_us;
    te_sender_start_hold(stack, conn);
    conn->cc.state = &sender->cc_state;
    start_algorithm(stack, conn);
}

bool te_sender_prepare(struct te_stack *stack, struct te_conn *conn)
{
    if (conn->sender == NULL) {
        conn->sender = te_stack_alloc(stack, sizeof(*conn->sender));
        if (conn->sender == NULL)
            return false;
        start(stack, conn);
        te_charge_update(stack, conn);
    }
    return te_sent_map_reserve(&conn->sender->map, &stack->config.allocator);
}

void te_sender_release(struct te_stack *stack, struct te_conn *conn)
{
    if (conn->sender == NULL)
        return;
    te_hold_sum_end(&stack->tally.holds, conn->sender->hold.now, stack->now_us);
    te_hold_add(&conn->sender->hold, stack->now_us, conn->held_ms);
    te_sent_map_done(&conn->sender->map, &stack->config.allocator);
    te_stack_dealloc(stack, conn->sender, sizeof(*conn->sender));
    conn->sender = NULL;
    conn->cc.state = NULL;
    te_charge_update(stack, conn);
}

uint32_t te_sender_pipe(const struct te_conn *conn)
{
    const struct te_sender *sender = conn->sender;
    if (sender == NULL)
        return 0;
    uint32_t in_flight = sender->map.in_flight_bytes;
    uint32_t gone = sender->reno_sacked_bytes;
    return in_flight > gone ? in_flight - gone : 0;
}

void te_sender_set_pace(struct te_conn *conn)
{
    const struct te_congestion *cc = &conn->cc;
    if (conn->sender == NULL)
        return;
    uint64_t rate = is_paced(conn) ? cc->ops->pacing_rate(cc) : 0;
    if (rate == 0 && is_paced(conn))
        rate = te_pacer_window_rate(cc->cwnd_bytes, cc->ssthresh_bytes, conn->rtt.srtt_us);
    te_pacer_set_rate(&conn->sender->pacer, rate);
}

bool te_sender_is_held(const struct te_stack *stack, const struct te_conn *conn)
{
    return conn->sender != NULL &&
           te_pacer_ready_at_us(&conn->sender->pacer, stack->now_us) > stack->now_us;
}

uint32_t te_sender_quantum_bytes(const struct te_conn *conn)
{
    if (conn->sender == NULL)
        return UINT32_MAX;
    return te_pacer_quantum_bytes(&conn->sender->pacer, conn->mss);
}

void te_sender_set_algorithm(const struct te_stack *stack, struct te_conn *conn,
                             const struct te_cc_ops *ops)
{
    conn->cc.ops = ops;
    /* An algorithm that owns cwnd sets no ssthresh; one that takes over in recovery needs it. */
    if (conn->recovery.state != TE_RECOVERY_OPEN && conn->cc.ssthresh_bytes == UINT32_MAX)
        conn->cc.ssthresh_bytes = conn->cc.cwnd_bytes;
    if (conn->sender == NULL)
        return;
    te_undo_disarm(&conn->sender->undo); /* it would restore the old algorithm's cwnd */
    te_validation_start(&conn->sender->validation, conn->snd_una);
    start_algorithm(stack, conn);
    te_sender_set_pace(conn);
}
