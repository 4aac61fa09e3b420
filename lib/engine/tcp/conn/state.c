#include "tcp/conn/state.h"

#include <assert.h>

#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/timers.h"

/* X(FROM, TO, CAUSE): each legal edge, and what it is mostly due to. RFC 9293 figure 5; the edges
 * to CLOSED that the figure leaves out are RST, ABORT, timeouts and giving up, which 3.10 names for
 * each state: a RST stands for them. FIN_WAIT_1 to TIME_WAIT is a segment with both the ACK of our
 * FIN and the peer's FIN (3.10.7.4, eighth check). A FIN together with the ACK of our SYN passes
 * through ESTABLISHED on its way from SYN_RCVD to CLOSE_WAIT. */
#define EDGE_LIST(X)                                                                               \
    X(CLOSED, LISTEN, PASSIVE_OPEN)                                                                \
    X(CLOSED, SYN_SENT, ACTIVE_OPEN)                                                               \
    X(LISTEN, SYN_RCVD, RECV_SYN)                                                                  \
    X(LISTEN, SYN_SENT, ACTIVE_OPEN)                                                               \
    X(LISTEN, CLOSED, CLOSE)                                                                       \
    X(SYN_SENT, SYN_RCVD, RECV_SYN)                                                                \
    X(SYN_SENT, ESTABLISHED, RECV_SYN_ACK)                                                         \
    X(SYN_SENT, CLOSED, CLOSE)                                                                     \
    X(SYN_RCVD, ESTABLISHED, RECV_ACK_OF_SYN)                                                      \
    X(SYN_RCVD, FIN_WAIT_1, CLOSE)                                                                 \
    X(SYN_RCVD, LISTEN, RECV_RST)                                                                  \
    X(SYN_RCVD, CLOSED, RECV_RST)                                                                  \
    X(ESTABLISHED, FIN_WAIT_1, CLOSE)                                                              \
    X(ESTABLISHED, CLOSE_WAIT, RECV_FIN)                                                           \
    X(ESTABLISHED, CLOSED, RECV_RST)                                                               \
    X(FIN_WAIT_1, FIN_WAIT_2, RECV_ACK_OF_FIN)                                                     \
    X(FIN_WAIT_1, CLOSING, RECV_FIN)                                                               \
    X(FIN_WAIT_1, TIME_WAIT, RECV_FIN_ACK_OF_FIN)                                                  \
    X(FIN_WAIT_1, CLOSED, RECV_RST)                                                                \
    X(FIN_WAIT_2, TIME_WAIT, RECV_FIN)                                                             \
    X(FIN_WAIT_2, CLOSED, RECV_RST)                                                                \
    X(CLOSE_WAIT, LAST_ACK, CLOSE)                                                                 \
    X(CLOSE_WAIT, CLOSED, RECV_RST)                                                                \
    X(CLOSING, TIME_WAIT, RECV_ACK_OF_FIN)                                                         \
    X(CLOSING, CLOSED, RECV_RST)                                                                   \
    X(LAST_ACK, CLOSED, RECV_ACK_OF_FIN)                                                           \
    X(TIME_WAIT, CLOSED, TIMEOUT_2MSL)

static const struct te_edge edges[] = {
#define ROW(from, to, cause) {TE_##from, TE_##to, TE_CAUSE_##cause},
    EDGE_LIST(ROW)
#undef ROW
};

const struct te_edge *te_edges(size_t *ret_count)
{
    *ret_count = sizeof(edges) / sizeof(edges[0]);
    return edges;
}

bool te_state_is_edge(enum te_state from, enum te_state to)
{
#define CASE(from, to, cause) case TE_##from *TE_STATE_COUNT + TE_##to:
    switch (from * TE_STATE_COUNT + to) {
        EDGE_LIST(CASE)
        return true;
    default:
        return false;
    }
#undef CASE
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
