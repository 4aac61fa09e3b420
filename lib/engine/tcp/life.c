#include "tcp/life.h"

#include <assert.h>

#include "stack_internal.h"
#include "tcp/conn/charge.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/dsack.h"
#include "tcp/conn/isn.h"
#include "tcp/conn/options.h"
#include "tcp/conn/receive_buffer.h"
#include "tcp/conn/reset.h"
#include "tcp/conn/send_buffer.h"
#include "tcp/conn/sender.h"
#include "tcp/conn/state.h"
#include "tcp/conn/timers.h"
#include "tcp/listen/fast_open.h"
#include "tcp/mtu/mtu_probe.h"
#include "tcp/mtu/path_mtu.h"
#include "tcp/segment_out.h"
#include "util/seq.h"

#define MSS_BEFORE_SYN 536
#define ISN_REUSE_STEP 128000 /* from the last number of the old incarnation, if need be */

/* --- birth ------------------------------------------------------------------------------------ */

static uint32_t choose_iss(const struct te_stack *stack, const struct te_conn_birth *birth)
{
    if (birth->has_iss)
        return birth->iss;
    uint32_t isn = te_isn_choose(stack, &birth->local, &birth->remote);
    if (birth->has_isn_floor && seq_leq(isn, birth->isn_floor))
        isn = birth->isn_floor + ISN_REUSE_STEP;
    return isn;
}

static void init_identity(struct te_stack *stack, struct te_conn *conn,
                          const struct te_conn_birth *birth)
{
    conn->id = birth->id != 0 ? birth->id : stack->next_id++;
    conn->local = birth->local;
    conn->remote = birth->remote;
    conn->next_hop = birth->next_hop;
    conn->uid = birth->uid;
    conn->state = (uint8_t)birth->state;
    conn->was_passive = birth->state == TE_LISTEN;
    te_list_init(&conn->queue_link);
    te_list_init(&conn->listener_link);
    te_ready_init(&conn->ready, conn->id);
    te_wheel_node_init(&conn->timer, conn->id);
    for (unsigned i = 0; i < TE_CONN_TIMERS; i++)
        conn->timer_at_us[i] = TE_NEVER;
}

static void init_streams(const struct te_stack *stack, struct te_conn *conn)
{
    const struct te_config *config = &stack->config;
    conn->send_max_bytes = config->send_buffer_max_bytes;
    conn->receive_max_bytes = config->receive_buffer_max_bytes;
    conn->receive_limit_bytes = te_receive_limit_initial(config);
    conn->rcv_wscale = te_receive_wscale(conn->receive_max_bytes);
    conn->receive_mark_at_us = stack->now_us;
}

static void init_sending(struct te_stack *stack, struct te_conn *conn,
                         const struct te_conn_birth *birth)
{
    const struct te_config *config = &stack->config;
    conn->iss = choose_iss(stack, birth);
    conn->snd_una = conn->snd_nxt = conn->snd_max = conn->snd_small = conn->iss;
    conn->recovery.recover = conn->iss;
    conn->peer_mss = MSS_BEFORE_SYN;
    te_path_mtu_start(stack, conn);
    te_options_update_mss(conn);
    conn->ts_offset = te_ts_offset(stack, &conn->local, &conn->remote);
    te_rtt_init(&conn->rtt, config);
    te_conn_start_congestion(stack, conn);
    conn->features = config->features;
    conn->nagle = config->nagle;
    conn->delayed_ack = true;
    conn->user_timeout_us = config->user_timeout_us;
    conn->keepalive_idle_us = config->keepalive_idle_us;
    conn->keepalive_interval_us = config->keepalive_interval_us;
    conn->keepalive_probes_max = config->keepalive_probes_max;
    /* Far enough back that the first challenge ACK is free. */
    conn->last_challenge_at_us = stack->now_us - config->challenge_ack_interval_us;
}

struct te_conn *te_conn_new(struct te_stack *stack, const struct te_conn_birth *birth,
                            enum te_err *ret_err)
{
    struct te_conn *conn = te_stack_alloc(stack, sizeof(*conn));
    if (conn == NULL) {
        *ret_err = TE_ERR_NOMEM;
        return NULL;
    }
    init_identity(stack, conn, birth);
    init_streams(stack, conn);
    init_sending(stack, conn, birth);
    conn->opened_at_us = conn->state_since_us = stack->now_us;
    conn->last_sent_at_us = conn->last_received_at_us = stack->now_us;
    conn->tag_reference = te_tag_join_conn(stack, birth->uid, birth->tag);
    bool has_memory = conn->tag_reference != TE_TAG_NONE && te_charge_begin(stack, conn);
    enum te_err err = has_memory ? te_conn_table_add(stack, conn) : TE_ERR_NOMEM;
    if (err == TE_OK)
        return conn;
    te_charge_end(stack, conn);
    te_tag_leave_conn(stack, conn->tag_reference);
    te_stack_dealloc(stack, conn, sizeof(*conn));
    *ret_err = err;
    return NULL;
}

/* --- death ------------------------------------------------------------------------------------ */

void te_conn_drop_received(struct te_stack *stack, struct te_conn *conn)
{
    te_ranges_clear(&conn->out_of_order, &stack->config.allocator);
    te_dsacks_clear(&conn->ack.dsacks, &stack->config.allocator);
    conn->released_offset = conn->received_offset;
    te_receive_release_memory(stack, conn);
}

void te_conn_account_orphan(struct te_stack *stack, struct te_conn *conn)
{
    bool is_orphan = conn->user_closed && !conn->is_remains;
    if (is_orphan == conn->counted_orphan)
        return;
    struct te_owner *owner = te_owner_find(stack, conn->uid);
    conn->counted_orphan = is_orphan;
    assert(owner != NULL);
    if (is_orphan) {
        stack->conns.orphan_count++;
        owner->orphans++;
    } else {
        assert(stack->conns.orphan_count > 0 && owner->orphans > 0);
        stack->conns.orphan_count--;
        owner->orphans--;
    }
}

/* From here on no segment finds it, and no limit counts it as alive. */
static void mark_remains(struct te_stack *stack, struct te_conn *conn)
{
    te_conn_table_remove_tuple(stack, conn);
    conn->is_remains = true;
    te_conn_account_orphan(stack, conn);
    te_remotes_account(stack, conn);
}

void te_conn_destroy(struct te_stack *stack, struct te_conn *conn)
{
    te_timer_clear_all(stack, conn);
    te_list_remove(&conn->queue_link);
    te_list_remove(&conn->ready.link);
    te_listener_remove(conn);
    te_sender_release(stack, conn);
    te_send_drop(stack, conn);
    te_mtu_probe_free(stack, conn);
    te_conn_drop_received(stack, conn);
    if (!conn->is_remains)
        mark_remains(stack, conn);
    te_conn_table_remove_id(stack, conn);
    te_charge_end(stack, conn);
    te_tag_leave_conn(stack, conn->tag_reference);
    te_history_clear(&conn->history, &stack->config.allocator);
    te_stack_dealloc(stack, conn, sizeof(*conn));
}

static void free_with_farewell(struct te_stack *stack, struct te_conn *conn)
{
    te_graveyard_bury(stack, conn);
    te_ready_end(stack, &conn->ready, (enum te_err)conn->error);
    te_conn_destroy(stack, conn);
}

/* After an orderly end the user may still read what was received; after any other it is lost (RFC
 * 9293 3.10.7.4, "all segment queues should be flushed"). */
static void become_remains(struct te_stack *stack, struct te_conn *conn)
{
    te_timer_clear_all(stack, conn);
    te_list_remove(&conn->queue_link);
    conn->is_queued = conn->waits_neighbour = false;
    te_sender_release(stack, conn);
    te_send_drop(stack, conn);
    conn->queued_offset = conn->acked_offset;
    te_ranges_clear(&conn->out_of_order, &stack->config.allocator);
    te_dsacks_clear(&conn->ack.dsacks, &stack->config.allocator);
    te_charge_update(stack, conn);
    if (conn->error != TE_OK)
        te_conn_drop_received(stack, conn);
    mark_remains(stack, conn);
}

static void await_user(struct te_stack *stack, struct te_conn *conn)
{
    te_ready_add(stack, &conn->ready,
                 TE_READY_END | TE_READY_OPEN | TE_READY_RECEIVE | TE_READY_SEND);
    if (conn->state == TE_CLOSED && conn->received_offset == conn->released_offset)
        te_timer_set(stack, conn, TE_TIMER_REMAINS, stack->now_us + stack->config.remains_us);
}

void te_conn_end_protocol(struct te_stack *stack, struct te_conn *conn,
                          const struct te_death *death)
{
    assert(!conn->is_remains);
    te_fast_open_on_failure(stack, conn, death->cause);
    if (!conn->syn_acked)
        te_isn_pass(stack, &conn->local, &conn->remote, conn->snd_max);
    bool has_user = !conn->user_closed && (!conn->was_passive || conn->is_accepted);
    te_listener_remove(conn);
    conn->error = (int8_t)death->error;
    enum te_state from = (enum te_state)conn->state;
    bool waits = death->to == TE_TIME_WAIT && te_time_wait_enter(stack, conn, from);
    te_conn_set_state(stack, conn, death->to, death->cause, death->segment);
    if (death->to == TE_TIME_WAIT && !waits)
        te_conn_set_state(stack, conn, TE_CLOSED, TE_CAUSE_LIMIT, NULL);
    become_remains(stack, conn);
    if (has_user)
        await_user(stack, conn);
    else
        free_with_farewell(stack, conn);
}

void te_conn_end_user(struct te_stack *stack, struct te_conn *conn)
{
    conn->user_closed = true;
    te_conn_account_orphan(stack, conn);
    if (conn->is_remains)
        free_with_farewell(stack, conn);
}

void te_conns_destroy(struct te_stack *stack)
{
    uint64_t cursor = 0;
    while (stack->conns.count > 0) /* there may be no table yet */
        te_conn_destroy(stack, te_conn_table_walk(&stack->conns, &cursor));
}

void te_conn_enter_time_wait(struct te_stack *stack, struct te_conn *conn, enum te_cause cause,
                             const struct te_segment *segment)
{
    struct te_segment_info info = te_segment_info_of(segment, conn->snd_wscale);
    struct te_death death = {TE_TIME_WAIT, cause, TE_OK, &info};
    bool owes_ack = conn->ack.owed > 0;
    struct te_endpoint local = conn->local;
    struct te_endpoint remote = conn->remote;
    struct te_tcp_header header;
    if (owes_ack)
        te_segment_ack_header(stack, conn, &header);
    te_conn_end_protocol(stack, conn, &death);
    if (owes_ack)
        te_reset_send_header(stack, &local, &remote, &header);
}

/* --- listeners -------------------------------------------------------------------------------- */

/* RFC 9293 3.10.4 does not mention them; a peer whose connection will never be accepted gets a RST.
 */
static void reset_queue(struct te_stack *stack, struct te_list *queue)
{
    while (!te_list_is_empty(queue)) {
        struct te_conn *conn = te_conn_of_listener_link(queue->next);
        struct te_death death = {TE_CLOSED, TE_CAUSE_LISTENER_CLOSED, TE_ERR_ABORTED, NULL};
        te_reset_conn(stack, conn);
        conn->user_closed = true;
        te_conn_end_protocol(stack, conn, &death);
    }
}

void te_listener_free(struct te_stack *stack, struct te_listener *listener)
{
    reset_queue(stack, &listener->syn_queue);
    reset_queue(stack, &listener->accept_queue);
    while (!te_list_is_empty(&listener->fast_open_list)) /* their users keep them */
        te_listener_remove(te_conn_of_listener_link(listener->fast_open_list.next));
    te_list_remove(&listener->ready.link);
    te_listener_unlink(stack, listener);
    te_owner_remove_listener(stack, listener->uid);
    te_tag_leave(stack, listener->tag_reference);
    te_history_clear(&listener->history, &stack->config.allocator);
    te_stack_dealloc(stack, listener, sizeof(*listener));
}

void te_listener_close(struct te_stack *stack, struct te_listener *listener, enum te_cause cause)
{
    struct te_state_change change = {TE_LISTEN, TE_CLOSED, cause, TE_OK, NULL};
    te_listener_record(stack, listener, &change);
    te_graveyard_bury_listener(stack, listener);
    te_ready_end(stack, &listener->ready, TE_OK);
    te_listener_free(stack, listener);
}

void te_listeners_free(struct te_stack *stack)
{
    for (unsigned i = 0; i < TE_LISTENER_BUCKETS; i++)
        while (stack->listeners.by_id[i] != NULL)
            te_listener_free(stack, stack->listeners.by_id[i]);
}
