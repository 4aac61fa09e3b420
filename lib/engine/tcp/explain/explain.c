/* Everything that is known about what a connection waits for. */
#include <tcpengine/explain.h>

#include "drop.h"
#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/sender.h"
#include "tcp/conn/tag.h"
#include "tcp/conn/timers.h"
#include "tcp/explain/situation.h"
#include "tcp/listen/listener_table.h"
#include "tcp/output.h"
#include "tcp/time_wait/time_wait.h"
#include "tcp/timeout.h"

/* --- who tries how often ---------------------------------------------------------------------- */

/* When the last of `left` further expiries of a timer that doubles comes. */
static int64_t after_backoff(const struct te_stack *stack, const struct te_conn *conn,
                             enum te_timer timer, unsigned left)
{
    struct te_rtt rtt = conn->rtt;
    int64_t at_us = conn->timer_at_us[timer];
    for (unsigned i = 0; i < left; i++) {
        te_rtt_back_off(&rtt);
        at_us += te_rtt_rto_us(&rtt, &stack->config);
    }
    return at_us;
}

static unsigned left_of(unsigned count, unsigned max)
{
    return count < max ? max - count : 0;
}

/* The timers that end a connection at a fixed time come on top of those that count. */
static int64_t not_after(const struct te_conn *conn, int64_t at_us)
{
    static const enum te_timer ends[] = {TE_TIMER_USER_TIMEOUT, TE_TIMER_ORPHAN,
                                         TE_TIMER_FIN_WAIT_2};
    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
        if (conn->timer_at_us[ends[i]] < at_us)
            at_us = conn->timer_at_us[ends[i]];
    return at_us;
}

static void fill_tries(const struct te_stack *stack, const struct te_conn *conn,
                       struct te_explanation *of)
{
    int64_t at_us = TE_NEVER;
    of->retries = conn->retransmits;
    of->retries_max = te_timeout_retries_max(stack, conn);
    if (te_timer_is_set(conn, TE_TIMER_RETRANSMIT)) {
        at_us =
            after_backoff(stack, conn, TE_TIMER_RETRANSMIT, left_of(of->retries, of->retries_max));
    } else if (te_timer_is_set(conn, TE_TIMER_PERSIST)) {
        of->is_probing = true;
        of->retries = conn->probes;
        of->probes_sent = conn->rtt.backoff; /* each one doubles the timeout */
        at_us = after_backoff(stack, conn, TE_TIMER_PERSIST, left_of(of->retries, of->retries_max));
    } else if (te_timer_is_set(conn, TE_TIMER_KEEPALIVE)) {
        of->is_probing = true;
        of->retries = conn->probes;
        of->retries_max = conn->keepalive_probes_max;
        at_us = conn->timer_at_us[TE_TIMER_KEEPALIVE] +
                left_of(of->retries, of->retries_max) * conn->keepalive_interval_us;
    }
    of->gives_up_at_us = not_after(conn, at_us);
}

/* The timers of a situation, in the order in which they are looked for. */
static const struct situation_timers {
    enum te_situation situation;
    enum te_timer timers[2];
} situation_timers[] = {
    {TE_SITUATION_DEAD, {TE_TIMER_REMAINS}},
    {TE_SITUATION_SYN_ANSWERED_WRONGLY, {TE_TIMER_RETRANSMIT}},
    {TE_SITUATION_SYN_UNANSWERED, {TE_TIMER_RETRANSMIT}},
    {TE_SITUATION_SYN_ACK_UNANSWERED, {TE_TIMER_RETRANSMIT}},
    {TE_SITUATION_ACCEPT_QUEUE_FULL, {TE_TIMER_RETRANSMIT}},
    {TE_SITUATION_BLACK_HOLE, {TE_TIMER_RETRANSMIT}},
    {TE_SITUATION_RETRANSMITTING, {TE_TIMER_RETRANSMIT}},
    {TE_SITUATION_ZERO_WINDOW, {TE_TIMER_PERSIST, TE_TIMER_RETRANSMIT}},
    {TE_SITUATION_FIN_UNANSWERED, {TE_TIMER_RETRANSMIT, TE_TIMER_ORPHAN}},
    {TE_SITUATION_CLOSING, {TE_TIMER_RETRANSMIT, TE_TIMER_ORPHAN}},
    {TE_SITUATION_LAST_ACK, {TE_TIMER_RETRANSMIT, TE_TIMER_ORPHAN}},
    {TE_SITUATION_FIN_WAIT_2_ORPHAN, {TE_TIMER_FIN_WAIT_2, TE_TIMER_ORPHAN}},
    {TE_SITUATION_LIMITED_BY_PACING, {TE_TIMER_PACING}},
    {TE_SITUATION_KEEPALIVE, {TE_TIMER_KEEPALIVE}},
};

static bool take_timer(const struct te_conn *conn, enum te_timer timer, struct te_explanation *of)
{
    if (timer == TE_TIMER_NONE || !te_timer_is_set(conn, timer))
        return false;
    of->timer = timer;
    of->timer_at_us = conn->timer_at_us[timer];
    return true;
}

static void fill_timer(const struct te_conn *conn, struct te_explanation *of)
{
    of->timer = te_timer_next_of_tcp(conn, &of->timer_at_us);
    for (size_t i = 0; i < sizeof(situation_timers) / sizeof(*situation_timers); i++) {
        const struct situation_timers *row = &situation_timers[i];
        if (row->situation == of->situation && !take_timer(conn, row->timers[0], of))
            take_timer(conn, row->timers[1], of);
    }
}

/* --- the two directions ----------------------------------------------------------------------- */

static struct te_seq_span unacked_data(const struct te_conn *conn)
{
    struct te_seq_span span = {conn->snd_una, conn->snd_max};
    if (span.start != span.end && !conn->syn_acked)
        span.start++;
    if (span.start != span.end && conn->fin_sent)
        span.end--;
    return span;
}

static void fill_sending(const struct te_stack *stack, const struct te_conn *conn,
                         struct te_explanation *of)
{
    uint64_t sent = te_conn_send_offset(conn, conn->snd_nxt);
    of->unsent_bytes = sent < conn->queued_offset ? conn->queued_offset - sent : 0;
    of->unacked = unacked_data(conn);
    of->fin_sent = conn->fin_sent;
    of->hold = conn->is_remains ? TE_HOLD_IDLE : te_segment_hold(stack, conn);
    of->hold_since_us = conn->state_since_us;
    for (unsigned i = 0; i < TE_HOLD_COUNT; i++)
        of->held_us[i] = conn->held_ms[i] * TE_MS;
    if (conn->sender == NULL)
        return;
    const struct te_hold_clock *clock = &conn->sender->hold;
    for (unsigned i = 0; i < TE_HOLD_COUNT; i++)
        of->held_us[i] += clock->total_us[i];
    of->held_us[clock->now] += of->now_us - clock->since_us;
    of->hold_since_us = clock->now == of->hold ? clock->since_us : of->now_us;
}

static void fill_receiving(const struct te_conn *conn, struct te_explanation *of)
{
    const struct te_ranges *ranges = &conn->out_of_order;
    of->is_receive_window_shut = te_situation_is_window_shut(conn);
    of->hole_count = ranges->count;
    if (ranges->count == 0)
        return;
    of->hole.start = conn->rcv_nxt;
    of->hole.end = conn->rcv_nxt + (uint32_t)(ranges->items[0].start - conn->received_offset);
    for (unsigned i = 0; i < ranges->count; i++)
        of->beyond_bytes += ranges->items[i].end - ranges->items[i].start;
}

/* --- the rest --------------------------------------------------------------------------------- */

static bool is_held_back(const struct te_stack *stack, const struct te_listener *listener,
                         const struct te_dropped *drop)
{
    bool is_queue =
        drop->reason == TE_DROP_ACCEPT_QUEUE_FULL || drop->reason == TE_DROP_SYN_QUEUE_FULL;
    return is_queue && drop->has_endpoints &&
           te_listener_find(stack, &drop->local, &drop->remote) == listener;
}

/* One more of addr; returns how many there are. */
static unsigned count_remote(struct te_dropped_by *remotes, unsigned count,
                             const struct te_addr *addr)
{
    unsigned i = 0;
    while (i < count && !te_addr_equal(&remotes[i].addr, addr))
        i++;
    if (i == count)
        remotes[count++] = (struct te_dropped_by){.addr = *addr};
    remotes[i].count++;
    return count;
}

/* Moves the largest of the rest to the front, place by place. */
static void keep_largest(struct te_dropped_by *remotes, unsigned count,
                         struct te_listener_facts *facts)
{
    while (facts->dropped_by_count < count && facts->dropped_by_count < TE_DROPPED_BY_MAX) {
        struct te_dropped_by *largest = &remotes[0];
        for (unsigned i = 1; i < count; i++)
            if (remotes[i].count > largest->count)
                largest = &remotes[i];
        facts->dropped_by[facts->dropped_by_count++] = *largest;
        largest->count = 0;
    }
}

/* Handshakes that a queue of the listener has held back. Those of its half-open connections are
 * noted as theirs, so the stack's own drops are searched. */
static void fill_listener_drop(const struct te_stack *stack, const struct te_listener *listener,
                               struct te_listener_facts *facts)
{
    struct te_dropped drops[TE_DROPS_MAX];
    struct te_dropped_by remotes[TE_DROPS_MAX];
    unsigned remote_count = 0;
    for (unsigned count = te_drop_copy(stack, 0, drops); count > 0; count--) {
        const struct te_dropped *drop = &drops[count - 1];
        if (!is_held_back(stack, listener, drop))
            continue;
        if (!facts->has_dropped) {
            facts->has_dropped = true;
            facts->dropped_remote = drop->remote;
            facts->dropped_at_us = drop->time_us;
        }
        facts->dropped_lately++;
        remote_count = count_remote(remotes, remote_count, &drop->remote.addr);
    }
    keep_largest(remotes, remote_count, facts);
}

static void fill_listener(const struct te_stack *stack, const struct te_listener *listener,
                          struct te_listener_facts *facts)
{
    *facts = (struct te_listener_facts){
        .id = listener->id,
        .local = listener->local,
        .uid = listener->uid,
        .tag = te_tag_number(stack, listener->tag_reference),
        .backlog = listener->backlog,
        .accept_count = listener->accept_count,
        .syn_max = stack->config.syn_queue_max,
        .syn_count = listener->syn_count,
        .gives_cookies = stack->config.syn_cookies != TE_SYN_COOKIES_OFF,
        .accept_drops = listener->accept_drops,
        .syn_drops = listener->syn_drops,
    };
    fill_listener_drop(stack, listener, facts);
}

static void fill_drops(const struct te_stack *stack, uint64_t id, struct te_explanation *of)
{
    struct te_dropped drops[TE_DROPS_MAX];
    of->drop_count = te_drop_copy(stack, id, drops);
    if (of->drop_count > 0)
        of->last_drop = drops[of->drop_count - 1];
}

static void fill_conn(const struct te_stack *stack, const struct te_conn *conn,
                      struct te_explanation *of)
{
    of->situation = te_situation_of_conn(stack, conn);
    of->was_passive = conn->was_passive;
    of->next_hop = conn->next_hop;
    of->last_sent_at_us = conn->segments_out > 0 ? conn->last_sent_at_us : TE_NEVER;
    of->last_heard_at_us = conn->segments_in > 0 ? conn->last_received_at_us : TE_NEVER;
    fill_tries(stack, conn, of);
    fill_timer(conn, of);
    fill_sending(stack, conn, of);
    fill_receiving(conn, of);
    if (conn->listener != NULL)
        fill_listener(stack, conn->listener, &of->listener);
}

static void fill_time_wait(const struct te_stack *stack, uint32_t handle, struct te_explanation *of)
{
    struct te_time_wait_view view;
    te_time_wait_view(stack, handle, &view);
    of->situation = TE_SITUATION_TIME_WAIT;
    of->timer = TE_TIMER_TIME_WAIT;
    of->timer_at_us = view.ends_at_us;
    of->last_heard_at_us = view.started_at_us;
    of->reopens_by_timestamp = stack->config.timestamps && view.ts_ok;
    of->reopens_from_seq = view.rcv_nxt;
    of->has_listener = te_listener_find(stack, &view.local, &view.remote) != NULL;
}

static void fill_gone(struct te_explanation *of)
{
    of->situation = TE_SITUATION_GONE;
    of->status.id = of->history.id;
    of->status.state = TE_CLOSED;
    of->status.local = of->history.local;
    of->status.remote = of->history.remote;
    of->status.uid = of->history.uid;
    of->status.tag = of->history.tag;
    of->status.timer_at_us = TE_NEVER;
}

/* --- one object ------------------------------------------------------------------------------- */

enum te_err te_explain(const struct te_stack *stack, uint64_t id, int64_t now_us,
                       struct te_explanation *ret_explanation)
{
    struct te_explanation of = {.now_us = now_us > stack->now_us ? now_us : stack->now_us,
                                .gives_up_at_us = TE_NEVER,
                                .timer_at_us = TE_NEVER,
                                .last_sent_at_us = TE_NEVER,
                                .last_heard_at_us = TE_NEVER};
    const struct te_conn *conn = te_conn_table_find_id(stack, id);
    const struct te_listener *listener = te_listener_find_id(stack, id);
    uint32_t handle = te_time_wait_find_id(stack, id);
    bool is_gone = te_status(stack, id, &of.status) != TE_OK;
    bool has_history = te_history(stack, id, &of.history) == TE_OK;
    if (is_gone && !has_history)
        return TE_ERR_NO_CONNECTION;
    fill_drops(stack, id, &of);
    if (is_gone)
        fill_gone(&of);
    else if (conn != NULL)
        fill_conn(stack, conn, &of);
    if (listener != NULL) {
        of.situation = te_situation_of_listener(stack, listener);
        fill_listener(stack, listener, &of.listener);
    }
    if (handle != TE_TIME_WAIT_NONE)
        fill_time_wait(stack, handle, &of);
    *ret_explanation = of;
    return TE_OK;
}
