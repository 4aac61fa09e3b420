#include "tcp/conn/state.h"

#include <assert.h>

#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/timers.h"

#define TO(state) (1u << (state))

/* Row: from. RFC 9293 figure 5; TO(TE_CLOSED) covers RST, ABORT, timeouts and giving up, which the
 * figure leaves out and 3.10 names for each state. FIN_WAIT_1 to TIME_WAIT is a segment with both
 * the ACK of our FIN and the peer's FIN (3.10.7.4, eighth check). A FIN together with the ACK of
 * our SYN passes through ESTABLISHED on its way from SYN_RCVD to CLOSE_WAIT. */
static const uint16_t legal_edges[TE_STATE_COUNT] = {
    [TE_CLOSED] = TO(TE_LISTEN) | TO(TE_SYN_SENT),
    [TE_LISTEN] = TO(TE_SYN_RCVD) | TO(TE_SYN_SENT) | TO(TE_CLOSED),
    [TE_SYN_SENT] = TO(TE_SYN_RCVD) | TO(TE_ESTABLISHED) | TO(TE_CLOSED),
    [TE_SYN_RCVD] = TO(TE_ESTABLISHED) | TO(TE_FIN_WAIT_1) | TO(TE_LISTEN) | TO(TE_CLOSED),
    [TE_ESTABLISHED] = TO(TE_FIN_WAIT_1) | TO(TE_CLOSE_WAIT) | TO(TE_CLOSED),
    [TE_FIN_WAIT_1] = TO(TE_FIN_WAIT_2) | TO(TE_CLOSING) | TO(TE_TIME_WAIT) | TO(TE_CLOSED),
    [TE_FIN_WAIT_2] = TO(TE_TIME_WAIT) | TO(TE_CLOSED),
    [TE_CLOSE_WAIT] = TO(TE_LAST_ACK) | TO(TE_CLOSED),
    [TE_CLOSING] = TO(TE_TIME_WAIT) | TO(TE_CLOSED),
    [TE_LAST_ACK] = TO(TE_CLOSED),
    [TE_TIME_WAIT] = TO(TE_CLOSED),
};

bool te_state_is_edge(enum te_state from, enum te_state to)
{
    return (legal_edges[from] & TO(to)) != 0;
}

/* RFC 4022's counters are defined on edges. */
static void count_edge(struct te_counters *counters, enum te_state from, enum te_state to)
{
    counters->state_transitions++;
    if (to == TE_SYN_SENT)
        counters->active_opens++;
    if (from == TE_LISTEN && to == TE_SYN_RCVD)
        counters->passive_opens++;
    if (from == TE_SYN_SENT && to == TE_SYN_RCVD)
        counters->simultaneous_opens++;
    if (from == TE_FIN_WAIT_1 && to == TE_CLOSING)
        counters->simultaneous_closes++;
    bool is_opening = from == TE_SYN_SENT || from == TE_SYN_RCVD;
    if (is_opening && (to == TE_CLOSED || to == TE_LISTEN))
        counters->attempt_fails++;
    if ((from == TE_ESTABLISHED || from == TE_CLOSE_WAIT) && to == TE_CLOSED)
        counters->established_resets++;
}

void te_state_record(struct te_stack *stack, const struct te_state_subject *subject,
                     const struct te_state_change *change)
{
    assert(te_state_is_edge(change->from, change->to));
    assert(subject->id != 0);
    struct te_event event = {
        .kind = TE_EVENT_STATE,
        .id = subject->id,
        .time_us = stack->now_us,
        .uid = subject->uid,
        .tag = subject->tag,
        .local = *subject->local,
        .remote = *subject->remote,
        .transition = {.time_us = stack->now_us,
                       .from = change->from,
                       .to = change->to,
                       .cause = change->cause,
                       .has_segment = change->segment != NULL},
        .error = change->error,
    };
    if (change->segment != NULL)
        event.transition.segment = *change->segment;
    if (subject->history != NULL)
        te_history_add(subject->history, &event.transition, &stack->config.allocator);
    count_edge(&stack->counters, change->from, change->to);
    te_event_push(stack, &event);
}

void te_conn_set_state(struct te_stack *stack, struct te_conn *conn, enum te_state to,
                       enum te_cause cause, const struct te_segment_info *segment)
{
    struct te_state_subject subject = {
        conn->id,     conn->uid,     te_tag_number(stack, conn->tag_reference),
        &conn->local, &conn->remote, &conn->history};
    struct te_state_change change = {.from = (enum te_state)conn->state,
                                     .to = to,
                                     .cause = cause,
                                     .error = (enum te_err)conn->error,
                                     .segment = segment};
    te_state_record(stack, &subject, &change);
    te_charge_update(stack, conn); /* the history may have grown */
    te_conn_table_count_state(&stack->conns, (enum te_state)conn->state, to);
    te_tally_leave(&stack->tally, conn->state, conn->state_since_us, stack->now_us);
    conn->state = (uint8_t)to;
    conn->state_since_us = stack->now_us;
    te_tally_enter(&stack->tally, conn->state, conn->state_since_us, stack->now_us);
}

void te_conn_on_time_wait_end(struct te_stack *stack, struct te_conn *conn)
{
    te_charge_update(stack, conn);
    te_conn_table_count_state(&stack->conns, TE_TIME_WAIT, TE_CLOSED);
    conn->state = TE_CLOSED;
    conn->state_since_us = stack->now_us;
    if (conn->received_offset == conn->released_offset)
        te_timer_set(stack, conn, TE_TIMER_REMAINS, stack->now_us + stack->config.remains_us);
}
