/* STATUS (RFC 9293 3.10.6), options, histories, lists. */
#include <string.h>
#include <tcpengine/units.h>

#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/conn_note.h"
#include "tcp/conn/ecn.h"
#include "tcp/conn/receive_buffer.h"
#include "tcp/conn/sender.h"
#include "tcp/conn/timers.h"
#include "tcp/listen/listener_table.h"
#include "tcp/mtu/mtu_probe.h"
#include "tcp/recovery/recovery.h"

/* --- one object ------------------------------------------------------------------------------- */

static void status_of_streams(const struct te_conn *conn, struct te_status *status)
{
    status->send_accepted = conn->queued_offset;
    status->send_acked = conn->acked_offset;
    status->receive_next = conn->received_offset;
    status->receive_released = conn->released_offset;
    status->send_queue_bytes = (uint32_t)(conn->queued_offset - conn->acked_offset);
    status->receive_queue_bytes = (uint32_t)(conn->received_offset - conn->released_offset);
    status->send_buffer_bytes = te_ring_size(&conn->send_ring);
    status->receive_buffer_bytes = te_ring_size(&conn->receive_ring);
    status->bytes_sent = conn->queued_offset - status->send_queue_bytes;
    uint32_t sent = conn->snd_max - conn->snd_una;
    status->bytes_sent += sent < status->send_queue_bytes ? sent : status->send_queue_bytes;
    status->bytes_acked = conn->acked_offset;
    status->bytes_received = conn->received_offset;
    status->bytes_retransmitted = conn->bytes_retransmitted;
    status->segments_in = conn->segments_in;
    status->segments_out = conn->segments_out;
    status->retransmits = conn->segments_retransmitted;
}

static void status_of_sequence(const struct te_conn *conn, struct te_status *status)
{
    status->iss = conn->iss;
    status->irs = conn->irs;
    status->snd_una = conn->snd_una;
    status->snd_nxt = conn->snd_nxt;
    status->snd_max = conn->snd_max;
    status->snd_wnd = conn->snd_wnd;
    status->snd_wl1 = conn->snd_wl1;
    status->snd_wl2 = conn->snd_wl2;
    status->rcv_nxt = conn->rcv_nxt;
    status->rcv_wnd = te_receive_window(conn);
    status->mss = conn->mss;
    status->peer_mss = conn->peer_mss;
    status->path_mtu_bytes = conn->path_mtu;
    status->snd_wscale = conn->snd_wscale;
    status->rcv_wscale = conn->rcv_wscale;
    status->wscale_ok = conn->wscale_ok;
    status->sack_permitted = conn->sack_ok;
    status->timestamps = conn->ts_ok;
    status->ecn = te_ecn_is_on(conn);
    status->ecn_ce_in = conn->ecn.ce_in;
    status->ecn_ece_in = conn->ecn.ece_in;
}

static void status_of_flight(const struct te_conn *conn, struct te_status *status)
{
    const struct te_sender *sender = conn->sender;
    if (sender == NULL)
        return;
    struct te_rack_context context = {
        .srtt_us = conn->rtt.srtt_us,
        .is_recovering = conn->recovery.state >= TE_RECOVERY_FAST,
    };
    status->pipe_bytes = te_sender_pipe(conn);
    status->sacked_bytes = sender->map.sacked_bytes;
    status->lost_bytes = sender->map.lost_bytes;
    status->min_rtt_us = sender->rack.min_rtt_us;
    status->reordering_window_us = te_rack_window_us(&sender->rack, &sender->map, &context);
}

static void status_of_conn(const struct te_stack *stack, const struct te_conn *conn,
                           struct te_status *status)
{
    *status = (struct te_status){
        .id = conn->id,
        .state = (enum te_state)conn->state,
        .local = conn->local,
        .remote = conn->remote,
        .uid = conn->uid,
        .tag = te_tag_number(stack, conn->tag_reference),
        .is_orphan = conn->user_closed || !(conn->is_accepted || !conn->was_passive),
        .user_closed = conn->user_closed,
        .fin_queued = conn->fin_queued,
        .fin_received = conn->fin_received,
        .error = (enum te_err)conn->error,
        .nagle = conn->nagle,
        .keepalive = conn->keepalive,
        .cwnd_bytes = conn->cc.cwnd_bytes,
        .ssthresh_bytes = conn->cc.ssthresh_bytes,
        .srtt_us = conn->rtt.srtt_us,
        .rttvar_us = conn->rtt.rttvar_us,
        .rto_us = te_rtt_rto_us(&conn->rtt, &stack->config),
        .backoff = conn->retransmits,
        .mtu_probing = te_mtu_probe_name(conn),
        .congestion_control = conn->cc.ops->name,
        .recovery = te_recovery_name(conn),
        .features = conn->features,
        .active_at_us = conn->last_sent_at_us > conn->last_received_at_us
                            ? conn->last_sent_at_us
                            : conn->last_received_at_us,
        .opened_at_us = conn->opened_at_us,
        .state_since_us = conn->state_since_us,
        .soft_error = (enum te_err)conn->soft_error,
        .has_icmp = conn->has_icmp,
        .icmp_type = conn->icmp_type,
        .icmp_code = conn->icmp_code,
    };
    status->timer = te_timer_next_of_tcp(conn, &status->timer_at_us);
    status_of_streams(conn, status);
    status_of_sequence(conn, status);
    status_of_flight(conn, status);
}

static void status_of_listener(const struct te_stack *stack, const struct te_listener *listener,
                               struct te_status *status)
{
    *status = (struct te_status){
        .id = listener->id,
        .state = TE_LISTEN,
        .local = listener->local,
        .remote = listener->remote,
        .uid = listener->uid,
        .tag = te_tag_number(stack, listener->tag_reference),
        .is_listener = true,
        .timer_at_us = TE_NEVER,
        .active_at_us = TE_NEVER,
        .send_queue_bytes = listener->backlog,
        .receive_queue_bytes = listener->accept_count,
        .mtu_probing = "",
        .congestion_control = "",
        .recovery = "",
        .opened_at_us = listener->opened_at_us,
        .state_since_us = listener->opened_at_us,
    };
}

/* Without remains only the history knows, as long as it is kept. */
static void moments_of_time_wait(const struct te_stack *stack, const struct te_time_wait_view *view,
                                 struct te_status *status)
{
    struct te_transition transitions[TE_HISTORY_MAX];
    const struct te_grave *grave = te_graveyard_find(stack, view->id);
    unsigned count = grave != NULL ? te_history_copy(&grave->history, transitions) : 0;
    bool knows_end = count > 0 && transitions[count - 1].to == TE_TIME_WAIT;
    status->opened_at_us = count > 0 ? transitions[0].time_us : TE_NEVER;
    status->state_since_us = knows_end ? transitions[count - 1].time_us : view->started_at_us;
}

/* Overwrites what may be known from the remains with what the table knows. */
static void status_of_time_wait(const struct te_stack *stack, uint32_t handle,
                                struct te_status *status)
{
    struct te_time_wait_view view;
    te_time_wait_view(stack, handle, &view);
    status->id = view.id;
    status->state = TE_TIME_WAIT;
    status->local = view.local;
    status->remote = view.remote;
    status->uid = view.uid;
    status->tag = view.tag;
    status->timer = TE_TIMER_TIME_WAIT;
    status->timer_at_us = view.ends_at_us;
    status->snd_una = status->snd_nxt = status->snd_max = view.snd_nxt;
    status->rcv_nxt = view.rcv_nxt;
    status->timestamps = view.ts_ok;
    status->fin_queued = status->fin_received = true;
    status->time_wait_from = view.from;
    status->time_wait_started_at_us = view.started_at_us;
    status->time_wait_ends_at_us = view.ends_at_us;
    status->fin_reacked = view.fin_reacked;
    if (status->congestion_control != NULL)
        return;
    status->congestion_control = status->recovery = status->mtu_probing = "";
    moments_of_time_wait(stack, &view, status);
}

enum te_err te_status(const struct te_stack *stack, uint64_t id, struct te_status *ret_status)
{
    const struct te_listener *listener = te_listener_find_id(stack, id);
    if (listener != NULL) {
        status_of_listener(stack, listener, ret_status);
        return TE_OK;
    }
    const struct te_conn *conn = te_conn_table_find_id(stack, id);
    uint32_t handle = te_time_wait_find_id(stack, id);
    if (conn == NULL && handle == TE_TIME_WAIT_NONE)
        return TE_ERR_NO_CONNECTION;
    if (conn != NULL)
        status_of_conn(stack, conn, ret_status);
    else
        *ret_status = (struct te_status){.user_closed = true, .active_at_us = TE_NEVER};
    if (handle != TE_TIME_WAIT_NONE)
        status_of_time_wait(stack, handle, ret_status);
    return TE_OK;
}

static void fill_history(struct te_history *history, const struct te_grave *of)
{
    *history = (struct te_history){
        .id = of->id, .local = of->local, .remote = of->remote, .uid = of->uid, .tag = of->tag};
    history->count = te_history_copy(&of->history, history->transitions);
}

enum te_err te_history(const struct te_stack *stack, uint64_t id, struct te_history *ret_history)
{
    const struct te_conn *conn = te_conn_table_find_id(stack, id);
    const struct te_listener *listener = te_listener_find_id(stack, id);
    const struct te_grave *grave = te_graveyard_find(stack, id);
    if (conn != NULL) {
        struct te_grave of = {.id = id,
                              .local = conn->local,
                              .remote = conn->remote,
                              .uid = conn->uid,
                              .tag = te_tag_number(stack, conn->tag_reference)};
        of.history = conn->history;
        fill_history(ret_history, &of);
    } else if (listener != NULL) {
        struct te_grave of = {.id = id,
                              .local = listener->local,
                              .remote = listener->remote,
                              .uid = listener->uid,
                              .tag = te_tag_number(stack, listener->tag_reference)};
        of.history = listener->history;
        fill_history(ret_history, &of);
    } else if (grave != NULL) {
        fill_history(ret_history, grave);
        ret_history->is_gone = te_time_wait_find_id(stack, id) == TE_TIME_WAIT_NONE;
    } else {
        return TE_ERR_NO_CONNECTION;
    }
    return TE_OK;
}

static bool is_known(const struct te_stack *stack, uint64_t id)
{
    return te_conn_table_find_id(stack, id) != NULL || te_listener_find_id(stack, id) != NULL ||
           te_time_wait_find_id(stack, id) != TE_TIME_WAIT_NONE ||
           te_graveyard_find(stack, id) != NULL;
}

enum te_err te_drops(const struct te_stack *stack, uint64_t id,
                     struct te_dropped ret_drops[TE_DROPS_MAX], unsigned *ret_count)
{
    if (id != 0 && !is_known(stack, id))
        return TE_ERR_NO_CONNECTION;
    *ret_count = te_drop_copy(stack, id, ret_drops);
    return TE_OK;
}

enum te_err te_notes(const struct te_stack *stack, uint64_t id,
                     struct te_note ret_notes[TE_NOTES_MAX], unsigned *ret_count,
                     uint64_t *ret_older)
{
    if (!is_known(stack, id))
        return TE_ERR_NO_CONNECTION;
    *ret_count = te_note_copy(stack, id, ret_notes, ret_older);
    return TE_OK;
}

void te_note_fault(struct te_stack *stack, uint64_t id, uint64_t fault, uint32_t seq,
                   uint32_t len_bytes, int64_t now_us)
{
    struct te_status status;
    const struct te_conn *conn = te_conn_table_find_id(stack, id);
    if (te_status(stack, id, &status) != TE_OK || status.is_listener)
        return;
    struct te_note_subject subject = {.id = id,
                                      .uid = status.uid,
                                      .tag = status.tag,
                                      .local = &status.local,
                                      .remote = &status.remote,
                                      .is_half_open =
                                          status.state == TE_SYN_RCVD && conn->was_passive};
    te_stack_set_now(stack, now_us);
    te_note_add(stack, &subject,
                &(struct te_note){.kind = TE_NOTE_FAULT,
                                  .value = (int64_t)fault,
                                  .seq = seq,
                                  .len_bytes = len_bytes,
                                  .count = 1,
                                  .state = (uint8_t)status.state});
}

/* --- options ---------------------------------------------------------------------------------- */

#define BUFFER_MIN_BYTES 4096
#define BUFFER_MAX_BYTES (1 << 30)

static uint32_t power_of_two(int64_t bytes)
{
    uint32_t size = BUFFER_MIN_BYTES;
    while (size < bytes)
        size *= 2;
    return size;
}

static bool is_option_valid(enum te_option option, int64_t value)
{
    switch (option) {
    case TE_OPTION_NAGLE:
    case TE_OPTION_KEEPALIVE:
    case TE_OPTION_DELAYED_ACK:
        return value == 0 || value == 1;
    case TE_OPTION_KEEPALIVE_IDLE_US:
        return value >= 1 && value <= UINT32_MAX * TE_SECOND;
    case TE_OPTION_KEEPALIVE_INTERVAL_US:
        return value >= 1 && value <= UINT32_MAX * TE_MS;
    case TE_OPTION_KEEPALIVE_PROBES:
        return value >= 1 && value <= UINT8_MAX;
    case TE_OPTION_USER_TIMEOUT_US:
        return value >= 0 && value <= INT64_MAX / 4;
    case TE_OPTION_SEND_BUFFER_MAX:
    case TE_OPTION_RECEIVE_BUFFER_MAX:
        return value >= BUFFER_MIN_BYTES && value <= BUFFER_MAX_BYTES;
    case TE_OPTION_FEATURES:
        return value >= 0 && value <= TE_FEATURES_ALL;
    }
    return false;
}

/* The window scale is fixed by the handshake: after it the maximum may only fall (RFC 7323 2.3). */
static bool set_receive_max(struct te_conn *conn, int64_t value)
{
    uint32_t max = power_of_two(value);
    if (value > conn->receive_max_bytes)
        return false;
    if (max > conn->receive_max_bytes) /* which need not be a power of two */
        max = conn->receive_max_bytes;
    if (max < te_receive_limit_min(conn))
        max = te_receive_limit_min(conn);
    conn->receive_max_bytes = max;
    if (conn->receive_limit_bytes > max)
        conn->receive_limit_bytes = max;
    return true;
}

static void restart_keepalive(struct te_stack *stack, struct te_conn *conn)
{
    te_timer_clear(stack, conn, TE_TIMER_KEEPALIVE);
    if (conn->keepalive && te_conn_is_synchronized(conn))
        te_timer_set(stack, conn, TE_TIMER_KEEPALIVE, stack->now_us + conn->keepalive_idle_us);
}

static void set_user_timeout(struct te_stack *stack, struct te_conn *conn, int64_t value)
{
    conn->user_timeout_us = value;
    te_timer_clear(stack, conn, TE_TIMER_USER_TIMEOUT);
    if (conn->snd_una != conn->snd_max && value > 0)
        te_timer_set(stack, conn, TE_TIMER_USER_TIMEOUT, stack->now_us + value);
}

static bool apply_option(struct te_stack *stack, struct te_conn *conn, enum te_option option,
                         int64_t value)
{
    switch (option) {
    case TE_OPTION_NAGLE:
        conn->nagle = value != 0;
        te_conn_want_output(stack, conn);
        break;
    case TE_OPTION_KEEPALIVE:
        conn->keepalive = value != 0;
        restart_keepalive(stack, conn);
        break;
    case TE_OPTION_KEEPALIVE_IDLE_US:
        conn->keepalive_idle_us = value;
        restart_keepalive(stack, conn);
        break;
    case TE_OPTION_KEEPALIVE_INTERVAL_US:
        conn->keepalive_interval_us = value;
        break;
    case TE_OPTION_KEEPALIVE_PROBES:
        conn->keepalive_probes_max = (uint8_t)value;
        break;
    case TE_OPTION_USER_TIMEOUT_US:
        set_user_timeout(stack, conn, value);
        break;
    case TE_OPTION_DELAYED_ACK:
        conn->delayed_ack = value != 0;
        break;
    case TE_OPTION_SEND_BUFFER_MAX:
        conn->send_max_bytes = power_of_two(value);
        break;
    case TE_OPTION_RECEIVE_BUFFER_MAX:
        return set_receive_max(conn, value);
    case TE_OPTION_FEATURES:
        conn->features = (uint32_t)value;
        break;
    }
    return true;
}

static enum te_err find_conn(const struct te_stack *stack, uint64_t id, struct te_conn **ret_conn)
{
    struct te_conn *conn = te_conn_table_find_id(stack, id);
    bool exists = conn != NULL || te_listener_find_id(stack, id) != NULL ||
                  te_time_wait_find_id(stack, id) != TE_TIME_WAIT_NONE;
    if (!exists)
        return TE_ERR_NO_CONNECTION;
    if (conn == NULL || conn->is_remains)
        return TE_ERR_STATE;
    *ret_conn = conn;
    return TE_OK;
}

enum te_err te_set_option(struct te_stack *stack, uint64_t id, enum te_option option, int64_t value,
                          int64_t now_us)
{
    te_stack_set_now(stack, now_us);
    if (!is_option_valid(option, value))
        return TE_ERR_INVALID;
    struct te_conn *conn;
    enum te_err err = find_conn(stack, id, &conn);
    if (err != TE_OK)
        return err;
    uint32_t features_before = conn->features;
    if (!apply_option(stack, conn, option, value))
        return TE_ERR_INVALID;
    te_note_option(stack, conn, option, value, features_before ^ conn->features);
    return TE_OK;
}

/* --- congestion control ----------------------------------------------------------------------- */

enum te_err te_set_congestion_control(struct te_stack *stack, uint64_t id, const char *name,
                                      int64_t now_us)
{
    te_stack_set_now(stack, now_us);
    struct te_conn *conn;
    const struct te_cc_ops *ops = te_cc_find(name);
    if (ops == NULL)
        return TE_ERR_INVALID;
    enum te_err err = find_conn(stack, id, &conn);
    if (err == TE_OK && conn->cc.ops != ops) {
        te_sender_set_algorithm(stack, conn, ops);
        te_note(stack, conn, TE_NOTE_CONGESTION_CONTROL_SET, 0);
    }
    return err;
}

enum te_err te_cc_variables(const struct te_stack *stack, uint64_t id,
                            struct te_cc_variable ret_variables[TE_CC_VARIABLES_MAX],
                            unsigned *ret_count)
{
    struct te_conn *conn;
    enum te_err err = find_conn(stack, id, &conn);
    if (err == TE_OK)
        *ret_count = conn->cc.ops->describe(&conn->cc, ret_variables);
    return err;
}

/* --- all of them ------------------------------------------------------------------------------ */

/* Remains in TIME_WAIT are shown by walk_time_wait. */
static bool walk_conns(const struct te_stack *stack, uint64_t *cursor, uint32_t *steps,
                       struct te_status *status)
{
    const struct te_conn *conn;
    while ((conn = te_conn_table_scan(&stack->conns, cursor, steps)) != NULL) {
        if (conn->state == TE_TIME_WAIT)
            continue;
        status_of_conn(stack, conn, status);
        return true;
    }
    return false;
}

static bool walk_time_wait(const struct te_stack *stack, uint64_t *cursor, uint32_t *steps,
                           struct te_status *status)
{
    uint32_t handle = te_time_wait_scan(&stack->time_wait, cursor, steps);
    if (handle == TE_TIME_WAIT_NONE)
        return false;
    struct te_time_wait_view view;
    te_time_wait_view(stack, handle, &view);
    return te_status(stack, view.id, status) == TE_OK;
}

bool te_walk(const struct te_stack *stack, enum te_walk_kind kind, uint64_t *cursor,
             struct te_status *ret_status)
{
    uint32_t steps = UINT32_MAX;
    return te_walk_some(stack, kind, cursor, &steps, ret_status);
}

bool te_walk_some(const struct te_stack *stack, enum te_walk_kind kind, uint64_t *cursor,
                  uint32_t *steps, struct te_status *ret_status)
{
    if (kind == TE_WALK_CONNECTIONS)
        return walk_conns(stack, cursor, steps, ret_status);
    if (kind == TE_WALK_TIME_WAIT)
        return walk_time_wait(stack, cursor, steps, ret_status);
    const struct te_listener *listener = te_listener_walk(&stack->listeners, cursor);
    if (listener == NULL)
        return false;
    status_of_listener(stack, listener, ret_status);
    return true;
}

void te_totals(const struct te_stack *stack, struct te_totals *ret_totals)
{
    const struct te_conn_table *conns = &stack->conns;
    *ret_totals = (struct te_totals){
        .orphans = conns->orphan_count,
        .time_wait = stack->time_wait.count,
        .listeners = stack->listeners.count,
        .connections =
            conns->count - conns->state_count[TE_CLOSED] - conns->state_count[TE_TIME_WAIT],
        .neighbours = stack->neighbours.count,
        .conn_memory_bytes = conns->count * sizeof(struct te_conn) + te_conn_table_memory(conns),
        .time_wait_memory_bytes = te_time_wait_memory(&stack->time_wait),
        .buffer_memory_bytes = conns->buffer_bytes,
    };
    memcpy(ret_totals->by_state, conns->state_count, sizeof(ret_totals->by_state));
    ret_totals->by_state[TE_LISTEN] += stack->listeners.count;
    ret_totals->by_state[TE_TIME_WAIT] = stack->time_wait.count;
}
