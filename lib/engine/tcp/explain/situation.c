#include "tcp/explain/situation.h"

#include "drop.h"
#include "ip/neighbour.h"
#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/receive_buffer.h"
#include "tcp/conn/sender.h"
#include "tcp/conn/timers.h"
#include "tcp/listen/listener_table.h"
#include "tcp/mtu/mtu_probe.h"
#include "tcp/output.h"
#include "util/seq.h"

const char *te_situation_name(enum te_situation situation)
{
    static const char *const names[] = {
#define SITUATION_NAME(CONSTANT, name) [TE_SITUATION_##CONSTANT] = #name,
        TE_SITUATION_LIST(SITUATION_NAME)
#undef SITUATION_NAME
    };
    return situation < TE_SITUATION_COUNT ? names[situation] : "?";
}

/* --- questions -------------------------------------------------------------------------------- */

static bool has_unacked(const struct te_conn *conn)
{
    return conn->snd_una != conn->snd_max;
}

/* Data, not only a SYN or a FIN. */
static bool has_unacked_data(const struct te_conn *conn)
{
    return has_unacked(conn) && conn->syn_acked && conn->acked_offset < conn->queued_offset;
}

static bool has_unsent(const struct te_conn *conn)
{
    return te_conn_send_offset(conn, conn->snd_nxt) < conn->queued_offset;
}

static bool is_dead(const struct te_stack *stack, const struct te_conn *conn)
{
    (void)stack;
    return conn->is_remains;
}

/* Only where somebody waits for the neighbour: an idle connection does not care. */
static bool is_neighbour_silent(const struct te_stack *stack, const struct te_conn *conn)
{
    const struct te_neighbour *neighbour = te_neighbour_find(stack, &conn->next_hop);
    bool is_unknown = neighbour != NULL && (neighbour->state == TE_NEIGHBOUR_INCOMPLETE ||
                                            neighbour->state == TE_NEIGHBOUR_FAILED);
    return is_unknown && (conn->waits_neighbour || has_unacked(conn));
}

static bool is_wrong_answer(enum te_drop_reason reason)
{
    return reason == TE_DROP_SYN_SENT_BAD_ACK || reason == TE_DROP_SYN_SENT_RST ||
           reason == TE_DROP_SYN_SENT_NO_SYN || reason == TE_DROP_SYN_SENT_SYN_FIN;
}

static bool is_answered_wrongly(const struct te_stack *stack, const struct te_conn *conn)
{
    struct te_dropped drops[TE_DROPS_MAX];
    if (conn->state != TE_SYN_SENT)
        return false;
    unsigned count = te_drop_copy(stack, conn->id, drops);
    return count > 0 && is_wrong_answer(drops[count - 1].reason);
}

static bool is_syn_sent(const struct te_stack *stack, const struct te_conn *conn)
{
    (void)stack;
    return conn->state == TE_SYN_SENT;
}

static bool is_held_by_accept_queue(const struct te_stack *stack, const struct te_conn *conn)
{
    (void)stack;
    const struct te_listener *listener = conn->listener;
    return conn->state == TE_SYN_RCVD && listener != NULL && !conn->in_accept_queue &&
           listener->accept_count >= listener->backlog;
}

static bool is_syn_rcvd(const struct te_stack *stack, const struct te_conn *conn)
{
    (void)stack;
    return conn->state == TE_SYN_RCVD;
}

/* The peer has answered before, what is sent again is a packet larger than any that arrived, and
 * either the search of mtu_probe.h is on, or as many timeouts went by as it waits for. */
static bool is_black_hole(const struct te_stack *stack, const struct te_conn *conn)
{
    const struct te_mtu_search *search = conn->mtu_search;
    if (search != NULL && conn->retransmits > 0 &&
        (search->phase == TE_MTU_BASE || search->phase == TE_MTU_ERROR))
        return true;
    return conn->retransmits >= stack->config.r1_retries && has_unacked_data(conn) &&
           conn->sender != NULL && conn->sender->mtu.watched_bytes > conn->acked_mtu &&
           conn->sender->mtu.watched_bytes > stack->config.mtu_probe_base_bytes;
}

static bool is_retransmitting(const struct te_stack *stack, const struct te_conn *conn)
{
    (void)stack;
    return conn->retransmits > 0 && has_unacked_data(conn);
}

/* What was in flight when the window was shut counts as well: what is sent again probes it. */
static bool is_zero_window(const struct te_stack *stack, const struct te_conn *conn)
{
    (void)stack;
    return conn->snd_wnd == 0 &&
           (te_timer_is_set(conn, TE_TIMER_PERSIST) || has_unacked_data(conn));
}

static bool is_recovering(const struct te_stack *stack, const struct te_conn *conn)
{
    (void)stack;
    return conn->recovery.state >= TE_RECOVERY_FAST && has_unacked_data(conn);
}

static bool is_fin_queued(const struct te_stack *stack, const struct te_conn *conn)
{
    (void)stack;
    return conn->fin_queued && !conn->fin_sent;
}

static bool is_fin_wait_1(const struct te_stack *stack, const struct te_conn *conn)
{
    (void)stack;
    return conn->state == TE_FIN_WAIT_1;
}

static bool is_closing(const struct te_stack *stack, const struct te_conn *conn)
{
    (void)stack;
    return conn->state == TE_CLOSING;
}

static bool is_last_ack(const struct te_stack *stack, const struct te_conn *conn)
{
    (void)stack;
    return conn->state == TE_LAST_ACK;
}

static bool is_not_accepted(const struct te_stack *stack, const struct te_conn *conn)
{
    (void)stack;
    return conn->in_accept_queue;
}

/* Less than a segment counts as shut: a peer that avoids silly windows sends nothing then. */
bool te_situation_is_window_shut(const struct te_conn *conn)
{
    return !conn->fin_received && conn->received_offset > conn->released_offset &&
           te_receive_window(conn) < (conn->rcv_mss > 0 ? conn->rcv_mss : 1u);
}

static bool is_receive_window_shut(const struct te_stack *stack, const struct te_conn *conn)
{
    (void)stack;
    return te_situation_is_window_shut(conn);
}

static bool has_hole(const struct te_stack *stack, const struct te_conn *conn)
{
    (void)stack;
    return conn->out_of_order.count > 0;
}

static bool is_fin_wait_2_orphan(const struct te_stack *stack, const struct te_conn *conn)
{
    (void)stack;
    return conn->state == TE_FIN_WAIT_2 && conn->user_closed;
}

static bool is_fin_wait_2(const struct te_stack *stack, const struct te_conn *conn)
{
    (void)stack;
    return conn->state == TE_FIN_WAIT_2;
}

static bool is_held_by(const struct te_stack *stack, const struct te_conn *conn, enum te_hold hold)
{
    return has_unsent(conn) && te_segment_hold(stack, conn) == hold;
}

static bool is_held_by_cwnd(const struct te_stack *stack, const struct te_conn *conn)
{
    return is_held_by(stack, conn, TE_HOLD_CWND);
}

static bool is_held_by_peer(const struct te_stack *stack, const struct te_conn *conn)
{
    return is_held_by(stack, conn, TE_HOLD_PEER_WINDOW);
}

static bool is_held_by_pacing(const struct te_stack *stack, const struct te_conn *conn)
{
    return is_held_by(stack, conn, TE_HOLD_PACING);
}

static bool is_held_by_nagle(const struct te_stack *stack, const struct te_conn *conn)
{
    return is_held_by(stack, conn, TE_HOLD_NAGLE);
}

static bool is_close_wait(const struct te_stack *stack, const struct te_conn *conn)
{
    (void)stack;
    return conn->state == TE_CLOSE_WAIT;
}

static bool is_held_by_buffer(const struct te_stack *stack, const struct te_conn *conn)
{
    return has_unacked_data(conn) && te_segment_hold(stack, conn) == TE_HOLD_SEND_BUFFER;
}

/* All was sent and more would fit. Whoever sends for the first time is not slow yet: the pauses
 * must have taken at least half of the time since it began to send, and a few round trips. */
static bool is_held_by_application(const struct te_stack *stack, const struct te_conn *conn)
{
    if (!has_unacked_data(conn) || te_segment_hold(stack, conn) != TE_HOLD_APPLICATION)
        return false;
    const int64_t *total_us = conn->sender->hold.total_us;
    int64_t paused_us = total_us[TE_HOLD_IDLE] + total_us[TE_HOLD_APPLICATION];
    int64_t all_us = 0;
    for (unsigned i = 0; i < TE_HOLD_COUNT; i++)
        all_us += total_us[i];
    return paused_us > 4 * (int64_t)conn->rtt.srtt_us && 2 * paused_us >= all_us;
}

static bool is_sending(const struct te_stack *stack, const struct te_conn *conn)
{
    (void)stack;
    return has_unacked_data(conn) || has_unsent(conn);
}

static bool has_keepalive(const struct te_stack *stack, const struct te_conn *conn)
{
    (void)stack;
    return te_timer_is_set(conn, TE_TIMER_KEEPALIVE);
}

/* --- the table -------------------------------------------------------------------------------- */

typedef bool question_fn(const struct te_stack *stack, const struct te_conn *conn);

static const struct rule {
    enum te_situation situation;
    question_fn *is_so;
} rules[] = {
    {TE_SITUATION_DEAD, is_dead},
    {TE_SITUATION_NEIGHBOUR_SILENT, is_neighbour_silent},
    {TE_SITUATION_SYN_ANSWERED_WRONGLY, is_answered_wrongly},
    {TE_SITUATION_SYN_UNANSWERED, is_syn_sent},
    {TE_SITUATION_ACCEPT_QUEUE_FULL, is_held_by_accept_queue},
    {TE_SITUATION_SYN_ACK_UNANSWERED, is_syn_rcvd},
    {TE_SITUATION_ZERO_WINDOW, is_zero_window},
    {TE_SITUATION_BLACK_HOLE, is_black_hole},
    {TE_SITUATION_RETRANSMITTING, is_retransmitting},
    {TE_SITUATION_RECOVERING, is_recovering},
    {TE_SITUATION_FIN_QUEUED, is_fin_queued},
    {TE_SITUATION_FIN_UNANSWERED, is_fin_wait_1},
    {TE_SITUATION_CLOSING, is_closing},
    {TE_SITUATION_LAST_ACK, is_last_ack},
    {TE_SITUATION_NOT_ACCEPTED, is_not_accepted},
    {TE_SITUATION_RECEIVE_WINDOW_SHUT, is_receive_window_shut},
    {TE_SITUATION_HOLE, has_hole},
    {TE_SITUATION_FIN_WAIT_2_ORPHAN, is_fin_wait_2_orphan},
    {TE_SITUATION_FIN_WAIT_2, is_fin_wait_2},
    {TE_SITUATION_LIMITED_BY_CWND, is_held_by_cwnd},
    {TE_SITUATION_LIMITED_BY_PEER_WINDOW, is_held_by_peer},
    {TE_SITUATION_LIMITED_BY_PACING, is_held_by_pacing},
    {TE_SITUATION_LIMITED_BY_NAGLE, is_held_by_nagle},
    {TE_SITUATION_CLOSE_WAIT, is_close_wait},
    {TE_SITUATION_LIMITED_BY_SEND_BUFFER, is_held_by_buffer},
    {TE_SITUATION_LIMITED_BY_APPLICATION, is_held_by_application},
    {TE_SITUATION_SENDING, is_sending},
    {TE_SITUATION_KEEPALIVE, has_keepalive},
};

enum te_situation te_situation_of_conn(const struct te_stack *stack, const struct te_conn *conn)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
        if (rules[i].is_so(stack, conn))
            return rules[i].situation;
    return TE_SITUATION_IDLE;
}

enum te_situation te_situation_of_listener(const struct te_stack *stack,
                                           const struct te_listener *listener)
{
    if (listener->accept_count >= listener->backlog)
        return TE_SITUATION_LISTENER_ACCEPT_QUEUE_FULL;
    if (te_listener_is_syn_queue_full(stack, listener))
        return TE_SITUATION_LISTENER_SYN_QUEUE_FULL;
    return TE_SITUATION_LISTENING;
}
