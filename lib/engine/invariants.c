/* What must hold of every connection and listener after every call (te_stack_check_invariants). */
#include <stdint.h>
#include <string.h>

#include "ip/ip.h"
#include "stack_internal.h"
#include "tcp/conn/charge.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/sender.h"
#include "tcp/conn/timers.h"
#include "tcp/conn/unsent.h"
#include "tcp/listen/listener_table.h"
#include "tcp/listen/port.h"
#include "util/mix.h"
#include "util/seq.h"

#define WSCALE_MAX 14

static const char *check_sequence(const struct te_conn *conn)
{
    if (!seq_leq(conn->snd_una, conn->snd_nxt) || !seq_leq(conn->snd_nxt, conn->snd_max))
        return "SND.UNA =< SND.NXT =< SND.MAX does not hold";
    uint64_t queued = conn->queued_offset - conn->acked_offset;
    uint32_t controls = (conn->syn_acked ? 0u : 1u) + (conn->fin_sent ? 1u : 0u);
    if (conn->snd_max - conn->snd_una > queued + controls)
        return "more in flight than was queued, SYN and FIN included";
    if (conn->snd_wscale > WSCALE_MAX || conn->rcv_wscale > WSCALE_MAX)
        return "window scale over 14";
    if (conn->mss == 0)
        return "MSS is zero";
    if (conn->acked_offset > conn->queued_offset)
        return "more acknowledged than queued";
    return NULL;
}

static const char *check_receive(const struct te_conn *conn)
{
    const struct te_ranges *held = &conn->out_of_order;
    if (conn->released_offset > conn->received_offset)
        return "more released than received";
    for (unsigned i = 0; i < held->count; i++) {
        uint64_t before = i == 0 ? conn->received_offset : held->items[i - 1].end;
        if (held->items[i].start <= before || held->items[i].end <= held->items[i].start)
            return "out-of-order ranges touch, overlap, or lie below RCV.NXT";
    }
    uint64_t held_bytes = conn->received_offset - conn->released_offset;
    if (held_bytes > 0 && held_bytes > te_ring_size(&conn->receive_ring))
        return "more received than the ring holds";
    return NULL;
}

static const char *check_sender(const struct te_conn *conn)
{
    if (conn->sender == NULL)
        return conn->cc.state == NULL ? NULL : "congestion control has a state without a sender";
    if (conn->cc.state != &conn->sender->cc_state)
        return "congestion control has lost its state";
    const struct te_sent_map *map = &conn->sender->map;
    uint32_t start = conn->syn_acked ? conn->snd_una : conn->iss + 1;
    if (map->count == 0 && conn->syn_acked && conn->snd_una != conn->snd_nxt)
        return "data in flight that the sent map does not know";
    return te_sent_map_check(map, start, conn->snd_nxt);
}

static bool has_unacked(const struct te_conn *conn)
{
    return conn->snd_una != conn->snd_max;
}

/* A connection that waits for its turn, or for its neighbour, gets its timer once it has sent. */
static bool is_about_to_send(const struct te_conn *conn)
{
    return conn->is_queued || conn->waits_neighbour;
}

static const char *check_timers(const struct te_conn *conn)
{
    bool retransmit = te_timer_is_set(conn, TE_TIMER_RETRANSMIT);
    bool persist = te_timer_is_set(conn, TE_TIMER_PERSIST);
    if (retransmit && persist)
        return "retransmission and persist timers are both armed";
    /* The byte of a window probe may be unacknowledged when the window opens, and what it lets out
     * wait for its pace. */
    bool paces = te_timer_is_set(conn, TE_TIMER_PACING);
    if (has_unacked(conn) && !retransmit && !persist && !paces && !is_about_to_send(conn))
        return "unacknowledged data without a timer";
    bool waiting = conn->queued_offset > conn->acked_offset && conn->state >= TE_ESTABLISHED;
    if (waiting && conn->snd_wnd == 0 && !retransmit && !persist && !is_about_to_send(conn))
        return "zero window with data waiting, and no persist timer";
    int64_t at_us;
    te_timer_next(conn, &at_us);
    if (conn->timer.at_us != at_us)
        return "the wheel is not armed at the earliest deadline";
    if (te_timer_is_set(conn, TE_TIMER_FIN_WAIT_2) && conn->state != TE_FIN_WAIT_2)
        return "FIN_WAIT_2 timer in another state";
    bool is_ownerless = conn->user_closed && !is_about_to_send(conn);
    return is_ownerless && at_us == TE_NEVER ? "no owner and no timer" : NULL;
}

static const char *check_congestion(const struct te_stack *stack, const struct te_conn *conn)
{
    if (conn->cc.cwnd_bytes < conn->mss && conn->state >= TE_ESTABLISHED &&
        conn->path_mtu == stack->config.mtu_bytes)
        return "cwnd under one segment";
    if (conn->cc.cwnd_bytes > TE_CWND_MAX_BYTES)
        return "cwnd over the largest window";
    int64_t rto_us = te_rtt_rto_us(&conn->rtt, &stack->config);
    if (rto_us < stack->config.rto_min_us || rto_us > stack->config.rto_max_us)
        return "RTO out of its bounds";
    return NULL;
}

static const char *check_remains(const struct te_conn *conn)
{
    if (conn->user_closed)
        return "remains without a user";
    if (conn->state != TE_CLOSED && conn->state != TE_TIME_WAIT && conn->state != TE_LISTEN)
        return "remains in a living state";
    if (conn->sender != NULL)
        return "remains with a sender";
    return conn->send_ring.region != NULL ? "remains with a send buffer" : NULL;
}

/* Whatever changes it counts it again. */
static const char *check_unsent(const struct te_conn *conn)
{
    return conn->unsent_bytes == te_unsent_of(conn) ? NULL : "unsent bytes were not counted again";
}

static const char *check_conn(const struct te_stack *stack, const struct te_conn *conn)
{
    if (conn->is_remains)
        return check_remains(conn);
    const char *wrong = check_sequence(conn);
    if (wrong == NULL)
        wrong = check_receive(conn);
    if (wrong == NULL)
        wrong = check_sender(conn);
    if (wrong == NULL)
        wrong = check_unsent(conn);
    if (wrong == NULL)
        wrong = check_timers(conn);
    if (wrong == NULL)
        wrong = check_congestion(stack, conn);
    return wrong;
}

const char *te_stack_check_conn(const struct te_stack *stack, uint64_t id)
{
    const struct te_conn *conn = te_conn_table_find_id(stack, id);
    return conn != NULL ? check_conn(stack, conn) : NULL;
}

/* By its segments. Not of check_conn: nothing that happens to one connection alone changes it. */
static bool is_found(const struct te_stack *stack, const struct te_conn *conn)
{
    return conn->is_remains || te_conn_table_find(stack, &conn->local, &conn->remote) == conn;
}

/* The sums for monitoring know of each connection that is in them. */
static bool are_tallies_right(const struct te_stack *stack)
{
    const struct te_tally_state *tally = &stack->tally;
    uint32_t senders[TE_HOLD_COUNT] = {0};
    uint64_t cursor = 0;
    const struct te_conn *conn;
    while ((conn = te_conn_table_walk(&stack->conns, &cursor)) != NULL)
        if (conn->sender != NULL)
            senders[conn->sender->hold.now]++;
    return memcmp(senders, tally->holds.senders, sizeof(senders)) == 0 &&
           tally->close_wait.count == stack->conns.state_count[TE_CLOSE_WAIT] &&
           tally->fin_wait_2.count == stack->conns.state_count[TE_FIN_WAIT_2];
}

static const char *check_conns(const struct te_stack *stack, uint64_t *ret_id)
{
    uint32_t count = 0;
    uint32_t orphans = 0;
    uint32_t of_remotes = 0;
    uint64_t buffers = 0, unsent = 0;
    uint32_t by_state[TE_STATE_COUNT] = {0};
    uint64_t cursor = 0;
    const struct te_conn *conn;
    while ((conn = te_conn_table_walk(&stack->conns, &cursor)) != NULL) {
        *ret_id = conn->id;
        const char *wrong = check_conn(stack, conn);
        if (wrong == NULL && !is_found(stack, conn))
            wrong = "not found by its 4-tuple";
        if (wrong != NULL)
            return wrong;
        count++;
        by_state[conn->state]++;
        orphans += conn->counted_orphan;
        of_remotes += conn->counted_remote;
        buffers += te_ring_size(&conn->send_ring) + te_ring_size(&conn->receive_ring);
        unsent += te_unsent_of(conn);
    }
    *ret_id = 0;
    if (count != stack->conns.count || orphans != stack->conns.orphan_count)
        return "connections or orphans: the account differs from a recount";
    if (!te_remotes_add_up(stack, of_remotes) || !te_remotes_are_right(stack))
        return "connections of remotes: the account differs from a recount";
    if (buffers != stack->conns.buffer_bytes)
        return "buffer bytes: the account differs from a recount";
    if (unsent != stack->conns.unsent_bytes)
        return "unsent bytes: the account differs from a recount";
    for (unsigned i = 0; i < TE_STATE_COUNT; i++)
        if (by_state[i] != stack->conns.state_count[i])
            return "connections by state: the account differs from a recount";
    return are_tallies_right(stack) ? NULL : "tallies: they differ from a recount";
}

/* What carries a tag has one reference. */
static const char *check_tags(const struct te_stack *stack)
{
    uint64_t uses = (uint64_t)stack->conns.count + stack->listeners.count + stack->time_wait.count;
    for (uint32_t i = 0; i < stack->graveyard.capacity; i++) {
        const struct te_grave *grave = &stack->graveyard.ring[i];
        uses += grave->id != 0 && grave->tag_reference != TE_TAG_NONE;
    }
    uint64_t connections = 0;
    for (uint32_t i = 0; i < stack->tags.size; i++)
        connections += stack->tags.tags[i].connections;
    return uses != stack->tags.uses || connections != stack->conns.count
               ? "tags: the account differs from a recount"
               : NULL;
}

static const char *check_listeners(const struct te_stack *stack, uint64_t *ret_id)
{
    uint64_t cursor = 0, of_owners = 0;
    uint32_t count = 0;
    const struct te_listener *listener;
    while ((listener = te_listener_walk(&stack->listeners, &cursor)) != NULL) {
        *ret_id = listener->id;
        count++;
        of_owners += te_mix(listener->uid);
        if (te_list_len(&listener->syn_queue) != listener->syn_count ||
            te_list_len(&listener->accept_queue) != listener->accept_count)
            return "a listener's queues are not as long as counted";
        if (listener->accept_count > listener->backlog)
            return "accept queue over its backlog";
        if (listener->syn_count > stack->config.syn_queue_max)
            return "SYN queue over its limit";
        if (te_list_len(&listener->fast_open_list) > listener->fast_open_count ||
            listener->fast_open_count > stack->config.fast_open_pending_max)
            return "pending Fast Open connections over their limit";
    }
    *ret_id = 0;
    if (count != stack->listeners.count)
        return "listeners: the account differs from a recount";
    return of_owners != te_owners_sum_listeners(stack)
               ? "listeners of uids: the accounts differ from a recount"
               : NULL;
}

const char *te_stack_check_invariants(const struct te_stack *stack, uint64_t *ret_id)
{
    *ret_id = 0;
    const char *wrong = check_conns(stack, ret_id);
    if (wrong == NULL)
        wrong = check_listeners(stack, ret_id);
    if (wrong == NULL)
        wrong = te_charges_check(stack);
    if (wrong == NULL)
        wrong = te_time_wait_check(stack);
    if (wrong == NULL)
        wrong = check_tags(stack); /* of whose entries it counts */
    if (wrong == NULL)
        wrong = te_port_check(stack);
    if (wrong == NULL)
        wrong = te_ip_check(stack);
    if (wrong == NULL)
        wrong = te_drop_check(stack);
    if (wrong == NULL)
        wrong = te_notes_check(stack);
    return wrong;
}
