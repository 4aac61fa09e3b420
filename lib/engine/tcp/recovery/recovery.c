#include "tcp/recovery/recovery.h"

#include <assert.h>

#include "stack_internal.h"
#include "tcp/conn/conn_note.h"
#include "tcp/conn/ecn.h"
#include "tcp/conn/isn.h"
#include "tcp/conn/sender.h"
#include "tcp/conn/timers.h"
#include "tcp/mtu/mtu_probe.h"
#include "tcp/recovery/loss_detect.h"
#include "tcp/recovery/loss_probe.h"
#include "util/seq.h"

#define FRTO_NEW_SEGMENTS 2    /* RFC 5682 2.1 step 2b */
#define FRTO_WINDOW_SEGMENTS 3 /* step 3a */

static bool has_feature(const struct te_conn *conn, enum te_feature feature)
{
    return (conn->features & (uint32_t)feature) != 0;
}

static bool passed_recover(const struct te_conn *conn)
{
    return seq_geq(conn->snd_una, conn->recovery.recover);
}

/* --- into and out of the states --------------------------------------------------------------- */

static void signal_congestion(struct te_stack *stack, struct te_conn *conn,
                              enum te_congestion_signal signal, bool is_first,
                              uint32_t flight_bytes)
{
    struct te_sender *sender = conn->sender;
    struct te_congestion_event event = {
        .signal = signal,
        .now_us = stack->now_us,
        .flight_bytes = flight_bytes,
        .validated_bytes = conn->cc.cwnd_bytes,
        .mss_bytes = conn->mss,
        .delivered_total_bytes = sender->delivery.delivered_bytes,
        .is_first = is_first,
    };
    struct te_validation_event used = {
        .now_us = stack->now_us,
        .cwnd_bytes = conn->cc.cwnd_bytes,
        .flight_bytes = flight_bytes,
        .is_timeout = signal == TE_SIGNAL_TIMEOUT,
    };
    if (has_feature(conn, TE_FEATURE_CWND_VALIDATION))
        event.validated_bytes = te_validation_on_congestion(&sender->validation, &used);
    sender->cwnd_before_bytes = conn->cc.cwnd_bytes;
    conn->cc.ops->on_congestion(&conn->cc, &event);
    te_ecn_on_reduction(conn);
    assert(conn->cc.cwnd_bytes >= conn->mss);
}

static void stop_probing(struct te_stack *stack, struct te_conn *conn)
{
    conn->sender->has_probe = conn->sender->probe_now = false;
    te_timer_clear(stack, conn, TE_TIMER_LOSS_PROBE);
}

/* cwnd comes down from here, evenly (PRR) or at once.
 *
 * DEVIATION: with PRR off, a retransmission that RACK finds lost should bring it down once more
 * (RFC 8985 9.3); it does not. */
static void start_reduction(struct te_conn *conn, uint32_t prior_pipe_bytes)
{
    te_prr_start(&conn->sender->prr, prior_pipe_bytes);
    if (!has_feature(conn, TE_FEATURE_PRR) && !conn->cc.ops->owns_cwnd)
        conn->cc.cwnd_bytes = conn->cc.ssthresh_bytes;
}

static void enter_fast(struct te_stack *stack, struct te_conn *conn,
                       const struct te_ack_report *report)
{
    struct te_recovery *recovery = &conn->recovery;
    bool was_reduced = recovery->state == TE_RECOVERY_CWR;
    stack->counters.fast_retransmits++;
    stack->counters.recoveries++;
    recovery->state = TE_RECOVERY_FAST;
    recovery->recover = conn->snd_nxt;
    recovery->partial_acks = 0;
    te_note(stack, conn, TE_NOTE_RECOVERY_ENTERED, conn->cc.cwnd_bytes);
    conn->sender->retransmit_now = true;
    stop_probing(stack, conn);
    if (was_reduced) { /* one response per window is enough */
        te_undo_disarm(&conn->sender->undo);
        return;
    }
    te_undo_arm(&conn->sender->undo, &conn->cc, conn->snd_una);
    signal_congestion(stack, conn, TE_SIGNAL_LOSS, true, report->prior_flight_bytes);
    start_reduction(conn, report->prior_pipe_bytes);
}

bool te_recovery_holds_timeout(const struct te_conn *conn)
{
    return conn->recovery.state == TE_RECOVERY_FAST && !te_conn_uses_sack(conn) &&
           conn->recovery.partial_acks > 1;
}

/* Nothing in flight is part of a recovery. */
static void note_no_recovery(struct te_conn *conn)
{
    conn->recovery.recover = conn->snd_una - 1;
}

static void become_open(struct te_conn *conn)
{
    conn->sender->retransmit_now = false;
    conn->recovery.state = TE_RECOVERY_OPEN;
    conn->recovery.duplicate_acks = 0;
    conn->sender->reno_sacked_bytes = 0;
    conn->sender->frto = TE_FRTO_OFF;
}

/* Without SACK the end of a recovery may free a whole window at once: RFC 6582 3.2 step 3 (1). */
static uint32_t careful_window(const struct te_conn *conn)
{
    uint32_t flight = te_sender_pipe(conn);
    uint32_t careful = (flight > conn->mss ? flight : conn->mss) + conn->mss;
    return careful < conn->cc.ssthresh_bytes ? careful : conn->cc.ssthresh_bytes;
}

/* The end of FAST and CWR. */
static void end_reduction(struct te_stack *stack, struct te_conn *conn)
{
    bool was_fast = conn->recovery.state == TE_RECOVERY_FAST;
    bool is_careful = was_fast && !te_conn_uses_sack(conn);
    uint32_t window = is_careful ? careful_window(conn) : conn->cc.ssthresh_bytes;
    if (window > conn->sender->cwnd_before_bytes)
        window = conn->sender->cwnd_before_bytes; /* ssthresh is at least two segments */
    if (window < conn->mss)
        window = conn->mss; /* MSS has grown since ssthresh was computed */
    if (!conn->cc.ops->owns_cwnd) {
        conn->cc.cwnd_bytes = window;
        te_validation_on_recovered(&conn->sender->validation, &conn->cc, conn->mss);
    }
    become_open(conn);
    if (!was_fast)
        note_no_recovery(conn);
    conn->cc.ops->on_recovered(&conn->cc, stack->now_us);
    if (was_fast)
        te_note(stack, conn, TE_NOTE_RECOVERY_LEFT, conn->cc.cwnd_bytes);
}

static void enter_cwr(struct te_stack *stack, struct te_conn *conn,
                      const struct te_ack_report *report)
{
    conn->recovery.state = TE_RECOVERY_CWR;
    conn->recovery.recover = conn->snd_nxt;
    te_note(stack, conn, TE_NOTE_ECN_REDUCTION, conn->cc.cwnd_bytes);
    te_undo_disarm(&conn->sender->undo); /* a mark is never needless */
    signal_congestion(stack, conn, TE_SIGNAL_ECN, true, report->prior_flight_bytes);
    start_reduction(conn, report->prior_pipe_bytes);
    if (passed_recover(conn)) /* nothing is in flight any more */
        end_reduction(stack, conn);
}

/* --- needless recoveries ---------------------------------------------------------------------- */

/* cwnd is restored; what was marked lost is on its way after all.
 *
 * DEVIATION: RFC 4015 (9) would have slow start climb back to the old window, and keep a backed-off
 * RTO. RFC 9438 4.9.2 restores the window at once, and so does Linux, also after a timeout. */
static void undo(struct te_stack *stack, struct te_conn *conn, enum te_note_kind how)
{
    te_undo_apply(&conn->sender->undo, &conn->cc, stack->now_us);
    te_sent_map_unmark_lost(&conn->sender->map);
    conn->sender->counted_to = conn->snd_una;
    note_no_recovery(conn);
    conn->retransmits = 0;
    if (!te_timer_is_set(conn, TE_TIMER_PERSIST)) /* else it backs off window probes (SHLD-30) */
        te_rtt_reset_backoff(&conn->rtt);
    become_open(conn);
    te_note(stack, conn, how, conn->cc.cwnd_bytes);
}

static bool try_undo(struct te_stack *stack, struct te_conn *conn,
                     const struct te_ack_report *report)
{
    const struct te_undo *record = &conn->sender->undo;
    enum te_note_kind how = TE_NOTE_UNDONE_DSACK;
    if (has_feature(conn, TE_FEATURE_DSACK_UNDO) && report->has_dsack && te_undo_by_dsack(record)) {
        stack->counters.undone_by_dsack++;
    } else if (has_feature(conn, TE_FEATURE_EIFEL) && report->advances &&
               report->resent_delivered && report->has_ts_echo &&
               conn->recovery.state != TE_RECOVERY_OPEN &&
               te_undo_by_timestamp(record, conn->snd_una, report->ts_echo)) {
        stack->counters.undone_by_timestamp++;
        how = TE_NOTE_UNDONE_TIMESTAMP;
    } else {
        return false;
    }
    undo(stack, conn, how);
    return true;
}

/* The timeout was right: step 3a. The new data of step 2b may be all that cwnd allows, and be lost
 * or discarded: what is missing would then wait for the next timeout. RACK finds what was
 * overtaken, if SACK says that something was; without, the new data is among the "unacknowledged
 * segments" that slow start sends again. A receiver that keeps nothing out of order, SACK or not,
 * discards it after each timeout; the RTO would then be backed off forever, since only data that
 * was sent once is timed (RFC 6298 3). */
static void go_on_with_slow_start(struct te_conn *conn)
{
    uint32_t window = FRTO_WINDOW_SEGMENTS * (uint32_t)conn->mss;
    if (!conn->cc.ops->owns_cwnd && conn->cc.cwnd_bytes < window)
        conn->cc.cwnd_bytes = window;
    if (conn->sender->map.sacked_bytes > 0 && has_feature(conn, TE_FEATURE_RACK))
        return;
    conn->recovery.recover = conn->snd_nxt;
    conn->sender->delivery.lost_bytes += te_loss_mark_all(conn);
}

/* One ACK of RFC 5682 3 (with SACK) or 2.1 (without).
 *
 * DEVIATION: with SACK any first transmission that arrives now is proof enough, also on a duplicate
 * (the RFC waits for two new segments). The path delivers, so slow start is not called for, whether
 * the first segment was lost or late; Linux does the same. */
static void check_timeout(struct te_stack *stack, struct te_conn *conn,
                          const struct te_ack_report *report)
{
    struct te_sender *sender = conn->sender;
    bool proves_original =
        report->original_delivered && (te_conn_uses_sack(conn) || !report->resent_delivered);
    if (proves_original && sender->undo.is_armed) {
        stack->counters.spurious_timeouts++;
        undo(stack, conn, TE_NOTE_SPURIOUS_TIMEOUT);
        return;
    }
    bool has_new = conn->snd_nxt == conn->snd_max &&
                   conn->queued_offset > te_conn_send_offset(conn, conn->snd_nxt) &&
                   conn->snd_una + conn->snd_wnd != conn->snd_nxt;
    if (sender->frto == TE_FRTO_RESENT && report->advances && !passed_recover(conn) && has_new) {
        sender->frto = TE_FRTO_NEW;
        sender->frto_mark = conn->snd_nxt;
        return;
    }
    if (sender->frto == TE_FRTO_NEW && report->is_duplicate && !report->advances)
        go_on_with_slow_start(conn);
    if (report->advances || report->is_duplicate)
        sender->frto = TE_FRTO_OFF;
}

bool te_recovery_prefers_new(const struct te_conn *conn)
{
    const struct te_sender *sender = conn->sender;
    return sender->frto == TE_FRTO_NEW &&
           conn->snd_nxt - sender->frto_mark < FRTO_NEW_SEGMENTS * (uint32_t)conn->mss;
}

/* --- one ACK ---------------------------------------------------------------------------------- */

static void note_dsack(struct te_stack *stack, struct te_conn *conn,
                       const struct te_ack_report *report)
{
    struct te_sender *sender = conn->sender;
    if (report->has_dsack) {
        stack->counters.dsack_in++;
        te_undo_on_dsack(&sender->undo, report->dsack.start, report->dsack.end);
    }
    bool is_in_recovery = report->prior_state == TE_RECOVERY_FAST ||
                          report->prior_state == TE_RECOVERY_LOSS; /* RFC 8985 6.2 step 4 */
    struct te_rack_round round = {
        .has_dsack = report->has_dsack,
        .leaves_recovery = is_in_recovery && passed_recover(conn),
        .snd_una = conn->snd_una,
        .snd_nxt = conn->snd_nxt,
    };
    te_rack_adapt(&sender->rack, &round);
}

/* RFC 6582 3.2 step 2: duplicates caused by needless retransmissions of the last recovery do not
 * count. */
static bool may_begin_without_sack(const struct te_conn *conn)
{
    const struct te_recovery *recovery = &conn->recovery;
    return recovery->state == TE_RECOVERY_CWR ||
           (recovery->state == TE_RECOVERY_OPEN && seq_gt(conn->snd_una, recovery->recover));
}

/* Of duplicates that begin no recovery the first two count, for limited transmit (RFC 3042 2). */
static bool is_departure(const struct te_conn *conn, const struct te_ack_report *report)
{
    return report->is_duplicate &&
           (conn->recovery.duplicate_acks < TE_DUP_THRESH || may_begin_without_sack(conn) ||
            conn->recovery.state == TE_RECOVERY_FAST);
}

/* Without SACK each duplicate means that one segment has left the network; what is acknowledged
 * later was already counted that way (RFC 6582 3.2 step 3, "deflate"). */
static void count_without_sack(struct te_conn *conn, struct te_ack_report *report)
{
    struct te_sender *sender = conn->sender;
    uint32_t *sacked = &sender->reno_sacked_bytes;
    if (conn->recovery.state == TE_RECOVERY_LOSS)
        return; /* duplicates caused by what the timeout sent again (RFC 6582 4.1) */
    if (is_departure(conn, report) && *sacked < sender->map.in_flight_bytes) {
        *sacked += conn->mss;
        report->delivered_bytes += conn->mss;
    }
    if (report->advances && *sacked > 0) {
        uint32_t beyond_hole =
            report->delivered_bytes > conn->mss ? report->delivered_bytes - conn->mss : 0;
        uint32_t known = beyond_hole < *sacked ? beyond_hole : *sacked;
        *sacked -= known;
        report->delivered_bytes -= known;
    }
    if (*sacked > sender->map.in_flight_bytes)
        *sacked = sender->map.in_flight_bytes;
}

static void count_duplicates(struct te_stack *stack, struct te_conn *conn,
                             struct te_ack_report *report)
{
    struct te_recovery *recovery = &conn->recovery;
    bool is_news = te_conn_uses_sack(conn) ? report->sacked_bytes > 0 : report->is_duplicate;
    if (report->is_duplicate)
        stack->counters.duplicate_acks_in++;
    if (report->advances)
        recovery->duplicate_acks = 0;
    else if (is_news && recovery->duplicate_acks < UINT8_MAX)
        recovery->duplicate_acks++;
    if (!te_conn_uses_sack(conn))
        count_without_sack(conn, report);
}

/* NewReno's detection: three duplicates, then every partial acknowledgment. */
static uint32_t detect_without_sack(struct te_stack *stack, struct te_conn *conn,
                                    const struct te_ack_report *report)
{
    bool is_partial =
        conn->recovery.state == TE_RECOVERY_FAST && report->advances && !passed_recover(conn);
    bool is_third = conn->recovery.duplicate_acks == TE_DUP_THRESH && report->is_duplicate &&
                    may_begin_without_sack(conn);
    if (!is_partial && !is_third)
        return 0;
    if (is_partial && conn->recovery.partial_acks < TE_PARTIAL_ACKS_MAX)
        conn->recovery.partial_acks++;
    conn->sender->retransmit_now = true; /* RFC 6582 3.2 step 3 */
    return te_loss_mark_first(stack, conn);
}

static void detect(struct te_stack *stack, struct te_conn *conn, struct te_ack_report *report)
{
    report->lost_bytes = te_conn_uses_sack(conn) ? te_loss_detect(stack, conn)
                                                 : detect_without_sack(stack, conn, report);
    report->lost_bytes -= te_mtu_probe_on_lost(stack, conn, report->lost_bytes);
    conn->sender->delivery.lost_bytes += report->lost_bytes;
}

static void update_state(struct te_stack *stack, struct te_conn *conn,
                         const struct te_ack_report *report)
{
    switch ((enum te_recovery_state)conn->recovery.state) {
    case TE_RECOVERY_LOSS:
        if (conn->sender->frto != TE_FRTO_OFF)
            check_timeout(stack, conn, report);
        if (conn->recovery.state == TE_RECOVERY_LOSS && passed_recover(conn)) {
            become_open(conn);
            te_note(stack, conn, TE_NOTE_RECOVERY_LEFT, conn->cc.cwnd_bytes);
        }
        break;
    case TE_RECOVERY_FAST:
    case TE_RECOVERY_CWR:
        if (passed_recover(conn))
            end_reduction(stack, conn);
        break;
    case TE_RECOVERY_OPEN:
        if (seq_gt(conn->snd_una, conn->recovery.recover))
            note_no_recovery(conn); /* lest the numbers wrap around */
        break;
    }
    if (report->lost_bytes > 0 && conn->recovery.state <= TE_RECOVERY_CWR)
        enter_fast(stack, conn, report);
    else if (report->has_ece && conn->recovery.state == TE_RECOVERY_OPEN)
        enter_cwr(stack, conn, report);
}

static bool is_reducing(const struct te_conn *conn)
{
    return conn->recovery.state == TE_RECOVERY_FAST || conn->recovery.state == TE_RECOVERY_CWR;
}

static void reduce_window(struct te_conn *conn, const struct te_ack_report *report)
{
    if (!is_reducing(conn) || conn->cc.ops->owns_cwnd || !has_feature(conn, TE_FEATURE_PRR))
        return;
    struct te_prr_ack ack = {
        .delivered_bytes = report->delivered_bytes,
        .flight_bytes = te_sender_pipe(conn),
        .ssthresh_bytes = conn->cc.ssthresh_bytes,
        .mss_bytes = conn->mss,
        .is_safe = report->advances && report->lost_bytes == 0,
    };
    if (report->delivered_bytes > 0 || report->lost_bytes > 0)
        conn->cc.cwnd_bytes = te_prr_on_ack(&conn->sender->prr, &ack);
}

static void grow_window(struct te_stack *stack, struct te_conn *conn,
                        const struct te_ack_report *report)
{
    struct te_sender *sender = conn->sender;
    if (report->delivered_bytes == 0)
        return;
    struct te_ack_sample sample = {
        .now_us = stack->now_us,
        .rtt_us = report->rtt_us,
        .srtt_us = conn->rtt.srtt_us,
        .delivered_total_bytes = sender->delivery.delivered_bytes,
        .lost_total_bytes = sender->delivery.lost_bytes,
        .acked_bytes = report->acked_bytes,
        .delivered_bytes = report->delivered_bytes,
        .lost_bytes = report->lost_bytes,
        .prior_flight_bytes = report->prior_pipe_bytes,
        .flight_bytes = te_sender_pipe(conn),
        .mss_bytes = conn->mss,
        .snd_una = conn->snd_una,
        .snd_nxt = conn->snd_nxt,
        .is_cwnd_limited = conn->cwnd_limited,
        .is_in_recovery = is_reducing(conn) || report->has_ece ||
                          report->prior_state == TE_RECOVERY_FAST ||
                          report->prior_state == TE_RECOVERY_CWR,
        .is_in_loss = report->prior_state == TE_RECOVERY_LOSS,
        .is_hystart_off = !has_feature(conn, TE_FEATURE_HYSTART),
        .has_sack = te_conn_uses_sack(conn),
    };
    te_delivery_finish(&sender->delivery, &report->delivery, stack->now_us, sender->rack.min_rtt_us,
                       &sample.rate);
    conn->cc.ops->on_ack(&conn->cc, &sample);
}

static void validate_window(struct te_stack *stack, struct te_conn *conn,
                            const struct te_ack_report *report)
{
    if (!has_feature(conn, TE_FEATURE_CWND_VALIDATION) || conn->cc.ops->owns_cwnd)
        return;
    struct te_validation_ack ack = {
        .now_us = stack->now_us,
        .srtt_us = conn->rtt.srtt_us,
        .snd_una = conn->snd_una,
        .snd_nxt = conn->snd_nxt,
        .prior_flight_bytes = report->prior_flight_bytes,
        .cwnd_bytes = conn->cc.cwnd_bytes,
        .is_recovering =
            report->prior_state != TE_RECOVERY_OPEN || conn->recovery.state != TE_RECOVERY_OPEN,
    };
    uint32_t initial = te_cc_initial_window(conn->mss, stack->config.initial_window_segments);
    te_validation_decay(&conn->sender->validation, &conn->cc, initial, stack->now_us);
    te_validation_on_ack(&conn->sender->validation, &ack);
}

static void repair_probed_loss(struct te_stack *stack, struct te_conn *conn,
                               const struct te_ack_report *report)
{
    stack->counters.loss_probe_recoveries++;
    signal_congestion(stack, conn, TE_SIGNAL_LOSS, true, report->prior_flight_bytes);
    end_reduction(stack, conn);
    te_note(stack, conn, TE_NOTE_PROBE_REPAIRED, conn->cc.cwnd_bytes);
}

void te_recovery_on_ack(struct te_stack *stack, struct te_conn *conn, struct te_ack_report *report)
{
    struct te_sender *sender = conn->sender;
    if (sender == NULL)
        return;
    if (report->rtt_us > 0 || (report->advances && report->has_ts_echo))
        sender->probe_needs_rtt = false; /* measured by data sent once, or by a timestamp */
    if (seq_lt(sender->counted_to, conn->snd_una))
        sender->counted_to = conn->snd_una; /* lest the numbers wrap around */
    count_duplicates(stack, conn, report);
    note_dsack(stack, conn, report);
    if (report->echoes_mark) /* RFC 4015 3.3: there was congestion, even if nothing was lost */
        te_undo_disarm(&sender->undo);
    bool is_undone = try_undo(stack, conn, report);
    detect(stack, conn, report);
    if (!is_undone && te_loss_probe_on_ack(conn, report) &&
        conn->recovery.state == TE_RECOVERY_OPEN && report->lost_bytes == 0)
        repair_probed_loss(stack, conn, report);
    update_state(stack, conn, report);
    reduce_window(conn, report);
    grow_window(stack, conn, report);
    validate_window(stack, conn, report);
    te_sender_set_pace(conn);
    if (conn->snd_una == conn->snd_nxt)
        sender->idle_since_us = stack->now_us;
    te_conn_want_output(stack, conn);
}

/* --- timers ----------------------------------------------------------------------------------- */

/* The peer has taken its window back: what lies beyond it is sent anew when it opens (RFC
 * 9293 3.8.6, SHLD-15, SHLD-16). */
static void forget_beyond_window(struct te_stack *stack, struct te_conn *conn)
{
    uint32_t right_edge = conn->snd_una + conn->snd_wnd;
    if (!seq_lt(right_edge, conn->snd_nxt))
        return;
    te_sent_map_truncate(&conn->sender->map, right_edge, &stack->config.allocator);
    conn->snd_nxt = right_edge;
}

/* RFC 2018 8: the record at SND.UNA was SACKed and yet is not acknowledged, so nothing that was
 * SACKed can be relied on. Walking all of it is for a timeout, not for each ACK: a lying peer would
 * choose how often it happens. */
static void check_reneging(struct te_stack *stack, struct te_conn *conn)
{
    const struct te_sent *first = te_sent_map_first(&conn->sender->map);
    if (first == NULL || first->state != TE_SENT_SACKED)
        return;
    stack->counters.sack_reneging++;
    te_note(stack, conn, TE_NOTE_SACK_RENEGING, 0);
    te_sent_map_renege(&conn->sender->map);
}

static void enter_loss(struct te_stack *stack, struct te_conn *conn, uint32_t flight)
{
    struct te_sender *sender = conn->sender;
    struct te_recovery *recovery = &conn->recovery;
    bool was_reducing = is_reducing(conn);
    bool was_in_loss = recovery->state == TE_RECOVERY_LOSS;
    if (!was_in_loss)
        te_note(stack, conn, TE_NOTE_LOSS_ENTERED, conn->cc.cwnd_bytes);
    if (recovery->state == TE_RECOVERY_OPEN)
        stack->counters.recoveries++;
    if (was_reducing)
        te_undo_disarm(&sender->undo);
    else if (recovery->state == TE_RECOVERY_OPEN)
        te_undo_arm(&sender->undo, &conn->cc, conn->snd_una);
    /* DEVIATION: when a fast recovery ends in a timeout, ssthresh is not reduced once more (RFC
     * 5681 4.3 would): cwnd starts from one segment anyway, and Linux does the same. */
    signal_congestion(stack, conn, TE_SIGNAL_TIMEOUT, conn->retransmits <= 1 && !was_reducing,
                      flight);
    become_open(conn);
    recovery->state = TE_RECOVERY_LOSS;
    recovery->recover = conn->snd_nxt;
    /* RFC 5682 2.1 step 1: no F-RTO for a timeout during the recovery from another. */
    bool may_be_spurious =
        has_feature(conn, TE_FEATURE_FRTO) && sender->undo.is_armed && !was_in_loss;
    sender->frto = may_be_spurious ? TE_FRTO_RESENT : TE_FRTO_OFF;
    /* DEVIATION: RFC 8985 6.3 would leave in flight what was sent less than a round trip ago. F-RTO
     * notices when it arrives, and until then one segment is sent at a time. */
    sender->delivery.lost_bytes += te_loss_mark_all(conn);
    sender->counted_to = conn->snd_nxt;
    stop_probing(stack, conn);
    te_timer_clear(stack, conn, TE_TIMER_REORDER);
}

void te_recovery_on_timeout(struct te_stack *stack, struct te_conn *conn)
{
    conn->rtt_timing = false;
    if (!conn->syn_acked) { /* everything again, from the SYN on */
        if (conn->sender != NULL)
            te_sent_map_clear(&conn->sender->map, &stack->config.allocator);
        conn->snd_nxt = conn->snd_una;
        return;
    }
    if (conn->sender == NULL)
        return;
    uint32_t flight = conn->snd_nxt - conn->snd_una;
    forget_beyond_window(stack, conn);
    check_reneging(stack, conn);
    enter_loss(stack, conn, flight);
    te_sender_set_pace(conn);
}

void te_recovery_on_reorder_timer(struct te_stack *stack, struct te_conn *conn)
{
    if (conn->sender == NULL)
        return;
    struct te_ack_report report = {
        .prior_pipe_bytes = te_sender_pipe(conn),
        .prior_flight_bytes = conn->snd_nxt - conn->snd_una,
        .prior_state = conn->recovery.state,
    };
    detect(stack, conn, &report);
    update_state(stack, conn, &report);
    reduce_window(conn, &report);
    te_sender_set_pace(conn);
    te_conn_want_output(stack, conn);
}

/* --- sending ---------------------------------------------------------------------------------- */

void te_recovery_on_sent(struct te_stack *stack, struct te_conn *conn, struct te_sent *sent,
                         uint32_t prior_pipe_bytes)
{
    struct te_sender *sender = conn->sender;
    te_delivery_on_send(&sender->delivery, sent, prior_pipe_bytes);
    if (sender->map.count == 1) /* the flight begins: nothing below has been looked at */
        sender->counted_to = sent->start;
    if (is_reducing(conn))
        te_prr_on_send(&sender->prr, te_sent_len(sent));
    if (conn->recovery.state == TE_RECOVERY_FAST && sent->transmissions == 2)
        te_validation_on_resent(&sender->validation, te_sent_len(sent));
    if (sent->transmissions > 1)
        te_undo_on_resent(&sender->undo, sent->start, sent->end, te_ts_now(stack, conn->ts_offset));
}

/* DEVIATION: RFC 1191 6.4 would send one segment until ACKs come. Here everything that was too
 * large is sent again at once, as far as cwnd allows: a router has dropped it, so the network holds
 * that much less, and RFC 8201 5.4 asks for no slow start. If the new size is wrong too, the same
 * is lost again, TE_PATH_MTU_CUTS_MAX times at most. */
void te_recovery_on_smaller_mss(struct te_stack *stack, struct te_conn *conn)
{
    if (conn->sender == NULL)
        return;
    struct te_sent_map *map = &conn->sender->map;
    struct te_sent *sent = te_sent_map_oldest(map);
    while (sent != NULL) {
        struct te_sent *next = te_sent_map_younger(map, sent);
        if (te_sent_len(sent) > conn->mss)
            te_sent_map_mark_lost(map, sent);
        sent = next;
    }
    if (conn->cc.cwnd_bytes < conn->mss)
        conn->cc.cwnd_bytes = conn->mss;
    te_conn_want_output(stack, conn);
}

void te_recovery_on_restart(struct te_stack *stack, struct te_conn *conn)
{
    if (conn->snd_una != conn->snd_nxt || conn->queued_offset != conn->acked_offset)
        return;
    int64_t idle_us = stack->now_us - conn->last_sent_at_us;
    bool is_long = idle_us > te_rtt_rto_us(&conn->rtt, &stack->config);
    if (is_long && !conn->cc.ops->owns_cwnd) {
        uint32_t initial = te_cc_initial_window(conn->mss, stack->config.initial_window_segments);
        if (conn->cc.cwnd_bytes > initial)
            conn->cc.cwnd_bytes = initial;
    }
    if (conn->sender == NULL || (!is_long && !conn->cc.ops->owns_cwnd))
        return;
    conn->cc.ops->on_restart(&conn->cc, idle_us, stack->now_us, true);
    te_sender_set_pace(conn);
}

const char *te_recovery_name(const struct te_conn *conn)
{
    static const char *const names[] = {"open", "cwr", "recovery", "loss"};
    return names[conn->recovery.state];
}
