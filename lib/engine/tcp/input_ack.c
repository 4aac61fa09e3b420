/* The fifth step of RFC 9293 3.10.7.4: check the ACK field. */
#include <assert.h>

#include "ip/ip.h"
#include "stack_internal.h"
#include "tcp/conn/challenge.h"
#include "tcp/conn/conn_note.h"
#include "tcp/conn/drop_segment.h"
#include "tcp/conn/ecn.h"
#include "tcp/conn/isn.h"
#include "tcp/conn/paws.h"
#include "tcp/conn/receive_buffer.h"
#include "tcp/conn/reset.h"
#include "tcp/conn/send_buffer.h"
#include "tcp/conn/sender.h"
#include "tcp/conn/state.h"
#include "tcp/conn/timers.h"
#include "tcp/input.h"
#include "tcp/life.h"
#include "tcp/listen/fast_open.h"
#include "tcp/mtu/mtu_probe.h"
#include "tcp/mtu/path_mtu.h"
#include "tcp/recovery/loss_probe.h"
#include "tcp/recovery/recovery.h"
#include "tcp/recovery/retransmit_timer.h"
#include "util/seq.h"

#define RTO_AFTER_LOST_SYN_US 3000000 /* RFC 6298 (5.7) */

/* --- new data is acknowledged ----------------------------------------------------------------- */

#define TIMESTAMP_RTT_MAX_MS 1000000 /* an older echo cannot be one */

/* What was retransmitted can only be timed by the echo of its timestamp (RFC 7323 4.1), to a
 * millisecond at best. */
static int64_t rtt_by_echo(const struct te_stack *stack, const struct te_conn *conn,
                           const struct te_ack_report *report)
{
    if (!report->has_ts_echo)
        return 0;
    uint32_t elapsed_ms = te_ts_now(stack, conn->ts_offset) - report->ts_echo;
    if (elapsed_ms > TIMESTAMP_RTT_MAX_MS)
        return 0;
    return ((int64_t)elapsed_ms + 1) * 1000; /* rounded up: never less than it was */
}

/* One sample per round trip (RFC 6298 3 and 4), from what was sent once (Karn). 0: none. */
static int64_t rtt_of_ack(const struct te_stack *stack, struct te_conn *conn, uint32_t ack,
                          const struct te_ack_report *report)
{
    struct te_sender *sender = conn->sender;
    if (conn->rtt_timing) {
        conn->rtt_timing = false;
        int64_t rtt_us = stack->now_us - conn->rtt_sent_at_us;
        return rtt_us > 0 ? rtt_us : 1;
    }
    if (sender == NULL || !seq_gt(ack, sender->rtt_round_end))
        return 0;
    int64_t sample_us =
        report->oldest_rtt_us > 0 ? report->oldest_rtt_us : rtt_by_echo(stack, conn, report);
    if (sample_us > 0)
        sender->rtt_round_end = conn->snd_nxt;
    return sample_us;
}

static void take_rtt_sample(struct te_stack *stack, struct te_conn *conn, uint32_t ack,
                            const struct te_ack_report *report)
{
    int64_t sample_us = rtt_of_ack(stack, conn, ack, report);
    if (sample_us <= 0)
        return;
    te_rtt_sample(&conn->rtt, &stack->config, sample_us);
    te_ip_confirm(stack, &conn->next_hop);
}

/* SND.UNA stays at a hole, but what is SACKed beyond it can be timed: while a queue builds up, the
 * timeout must not rely on an old round trip. And as long as segments still arrive that were sent
 * no later than the hole's last transmission, that transmission is not late: the timeout is counted
 * from now ("a more careful variant", RFC 6675 6). */
static void time_sacked(struct te_stack *stack, struct te_conn *conn,
                        const struct te_ack_report *report)
{
    struct te_sender *sender = conn->sender;
    const struct te_sent *first = sender != NULL ? te_sent_map_first(&sender->map) : NULL;
    if (report->rtt_us == 0 || first == NULL)
        return;
    if (seq_gt(report->rtt_end, sender->rtt_round_end)) {
        te_rtt_sample(&conn->rtt, &stack->config, report->rtt_us);
        sender->rtt_round_end = conn->snd_nxt;
    }
    if (stack->now_us - report->rtt_us <= first->sent_at_us)
        te_timers_on_progress(stack, conn);
}

/* How many bytes ack acknowledges: SYN and FIN taken off. */
static uint32_t acked_payload(const struct te_conn *conn, uint32_t ack)
{
    uint32_t acked = ack - conn->snd_una;
    if (!conn->syn_acked)
        acked--;
    uint64_t queued = conn->queued_offset - conn->acked_offset;
    return acked > queued ? (uint32_t)queued : acked;
}

/* SND.UNA moves to ack; what that tells about the flight goes into the report. */
static void advance(struct te_stack *stack, struct te_conn *conn, uint32_t ack,
                    struct te_ack_report *report)
{
    assert(seq_gt(ack, conn->snd_una) && seq_leq(ack, conn->snd_max));
    report->advances = true;
    report->acked_bytes = acked_payload(conn, ack);
    te_ack_report_take_ack(stack, conn, ack, report);
    take_rtt_sample(stack, conn, ack, report);
    te_send_free_below(stack, conn, conn->acked_offset + report->acked_bytes);
    if (!conn->syn_acked) {
        conn->syn_acked = true;
        te_remotes_account(stack, conn);
    }
    conn->snd_una = ack;
    if (seq_lt(conn->snd_nxt, ack))
        conn->snd_nxt = ack;
    te_path_mtu_on_ack(conn);
    te_mtu_probe_on_ack(stack, conn);
    conn->soft_error = TE_OK;
    conn->has_icmp = false;
    conn->retransmits = 0;
    if (report->acked_bytes > 0)
        te_ready_add(stack, &conn->ready, TE_READY_SEND);
    te_conn_want_output(stack, conn);
}

void te_input_ack_syn(struct te_stack *stack, struct te_conn *conn,
                      const struct te_segment *segment)
{
    struct te_ack_report report;
    te_ack_report_begin(conn, segment, &report);
    advance(stack, conn, segment->ack, &report);
    te_timers_after_ack(stack, conn);
}

/* --- openings --------------------------------------------------------------------------------- */

void te_input_established(struct te_stack *stack, struct te_conn *conn)
{
    conn->recovery.recover = conn->snd_una - 1;
    conn->recovery.state = TE_RECOVERY_OPEN;
    te_mtu_probe_start(stack, conn);
    if (te_ecn_is_on(conn))
        stack->counters.ecn_handshakes++;
    if (conn->syn_was_lost) {
        /* Our SYN or SYN,ACK was lost: RFC 5681 3.1, RFC 6298 (5.7). */
        conn->cc.cwnd_bytes = conn->mss;
        te_rtt_reset_backoff(&conn->rtt);
        if (conn->rtt.srtt_us == 0)
            conn->rtt.base_rto_us = RTO_AFTER_LOST_SYN_US;
    }
    te_ready_add(stack, &conn->ready, TE_READY_OPEN | TE_READY_SEND);
    if (conn->received_offset > 0) /* text that came with the SYN (3.5) */
        te_ready_add(stack, &conn->ready, TE_READY_RECEIVE);
    /* Text of a Fast Open that was read meanwhile has made room that the SYN,ACK did not offer. */
    if (conn->released_offset > 0 && te_receive_should_update_window(conn))
        conn->ack.owed = 1;
    te_timers_on_segment(stack, conn);
    te_conn_want_output(stack, conn);
}

static void note_window(struct te_stack *stack, const struct te_conn *conn)
{
    if (conn->snd_wnd > 0)
        te_note(stack, conn, TE_NOTE_WINDOW_OPENED, conn->snd_wnd);
    else
        te_note(stack, conn, TE_NOTE_ZERO_WINDOW_RECEIVED,
                (int64_t)(conn->queued_offset - conn->acked_offset));
}

static void update_window(struct te_stack *stack, struct te_conn *conn,
                          const struct te_segment *segment)
{
    uint32_t before = conn->snd_wnd;
    /* The header's own flags: segment->flags of a crossing SYN,ACK have lost their SYN by now, and
     * the window of a SYN is never scaled (RFC 7323 2.2). */
    uint8_t shift = (segment->header.flags & TE_SYN) ? 0 : conn->snd_wscale;
    conn->snd_wnd = (uint32_t)segment->header.window << shift;
    conn->snd_wl1 = segment->seq;
    conn->snd_wl2 = segment->ack;
    if (conn->snd_wnd > conn->max_snd_wnd)
        conn->max_snd_wnd = conn->snd_wnd;
    if ((conn->snd_wnd == 0) != (before == 0))
        note_window(stack, conn);
    if (conn->snd_wnd > before) {
        /* The window opens: no need to probe. */
        te_timer_clear(stack, conn, TE_TIMER_PERSIST);
        if (before == 0)
            te_rtt_reset_backoff(&conn->rtt);
        te_conn_want_output(stack, conn);
    }
}

/* Our SYN is not acknowledged yet, whether CLOSE was called or not: an ACK of something else
 * belongs to another incarnation, and only a RST frees its sender (RFC 9293 3.10.7.4, fifth,
 * SYN-RECEIVED). False: the segment ends here. */
static bool check_ack_of_syn(struct te_stack *stack, const struct te_conn *conn,
                             const struct te_segment *segment)
{
    if (seq_gt(segment->ack, conn->snd_una) && seq_leq(segment->ack, conn->snd_max))
        return true;
    te_drop_segment(stack, conn, TE_DROP_BAD_ACK, segment);
    te_reset_answer_ack(stack, segment);
    return false;
}

/* False: the segment ends here. */
static bool ack_in_syn_rcvd(struct te_stack *stack, struct te_conn *conn,
                            struct te_segment *segment)
{
    if (!check_ack_of_syn(stack, conn, segment))
        return false;
    enum te_drop_reason hindrance =
        conn->listener != NULL ? te_listener_promote(stack, conn) : TE_DROP_NONE;
    if (hindrance != TE_DROP_NONE) {
        te_drop_segment(stack, conn, hindrance, segment);
        conn->listener->accept_drops += hindrance == TE_DROP_ACCEPT_QUEUE_FULL;
        return false;
    }
    te_paws_record(stack, conn, segment);
    struct te_segment_info info = te_segment_info_of(segment, conn->snd_wscale);
    te_conn_set_state(stack, conn, TE_ESTABLISHED, TE_CAUSE_RECV_ACK_OF_SYN, &info);
    te_fast_open_settle(stack, conn, segment->ack); /* a simultaneous open */
    te_input_ack_syn(stack, conn, segment);
    update_window(stack, conn, segment);
    te_input_established(stack, conn);
    if (conn->fin_queued) /* a CLOSE that waited for this (3.10.4, SYN_RCVD) */
        te_conn_set_state(stack, conn, TE_FIN_WAIT_1,
                          conn->user_closed ? TE_CAUSE_CLOSE : TE_CAUSE_SHUTDOWN, NULL);
    return true;
}

/* --- synchronized states ---------------------------------------------------------------------- */

/* RFC 5961 5.2: (SND.UNA - MAX.SND.WND) =< SEG.ACK =< SND.NXT. While less than a window has been
 * acknowledged that reaches below ISS, to numbers that only an earlier connection between these
 * ports can have sent: what acknowledges those is its peer's, late, and so is its text. */
static bool is_plausible(const struct te_conn *conn, uint32_t ack)
{
    bool is_young = conn->acked_offset < conn->max_snd_wnd;
    uint32_t oldest = is_young ? conn->iss : conn->snd_una - conn->max_snd_wnd;
    return seq_geq(ack, oldest) && seq_leq(ack, conn->snd_max);
}

/* The ESTABLISHED paragraph, which applies to all states after it, too. */
static void ack_common(struct te_stack *stack, struct te_conn *conn,
                       const struct te_segment *segment)
{
    struct te_ack_report report;
    te_ack_report_begin(conn, segment, &report);
    if (te_conn_uses_sack(conn))
        te_ack_report_take_sack(stack, conn, segment, &report);
    bool advances = seq_gt(segment->ack, conn->snd_una);
    if (seq_geq(segment->ack, conn->snd_una))
        report.has_ece = te_ecn_on_ece(stack, conn, segment);
    if (advances)
        advance(stack, conn, segment->ack, &report);
    /* A segment that acknowledges something new brings the window that applies from there, even
     * when its text is old: the previous window would reach beyond what was offered. */
    bool is_newer = advances || seq_lt(conn->snd_wl1, segment->seq) ||
                    (conn->snd_wl1 == segment->seq && seq_leq(conn->snd_wl2, segment->ack));
    if (seq_geq(segment->ack, conn->snd_una) && is_newer)
        update_window(stack, conn, segment);
    te_recovery_on_ack(stack, conn, &report);
    if (advances)
        te_timers_after_ack(stack, conn);
    else
        time_sacked(stack, conn, &report);
    if (conn->sender != NULL && (advances || report.sacked_bytes > 0)) /* RFC 8985 7.2 */
        te_loss_probe_schedule(stack, conn);
}

static void enter_fin_wait_2(struct te_stack *stack, struct te_conn *conn,
                             const struct te_segment *segment)
{
    struct te_segment_info info = te_segment_info_of(segment, conn->snd_wscale);
    te_conn_set_state(stack, conn, TE_FIN_WAIT_2, TE_CAUSE_RECV_ACK_OF_FIN, &info);
    te_timer_clear(stack, conn, TE_TIMER_ORPHAN);
    te_timer_clear(stack, conn, TE_TIMER_PERSIST);
    if (conn->user_closed)
        te_timer_set(stack, conn, TE_TIMER_FIN_WAIT_2, stack->now_us + stack->config.fin_wait_2_us);
}

/* Our FIN is acknowledged. If the same segment brings an acceptable FIN, FIN_WAIT_2 is skipped: the
 * eighth check goes straight to TIME_WAIT (3.10.7.4, FIN_WAIT_1). */
static bool on_fin_acked(struct te_stack *stack, struct te_conn *conn,
                         const struct te_segment *segment)
{
    bool fin_fits =
        (segment->flags & TE_FIN) && segment->payload_len == 0 && segment->seq == conn->rcv_nxt;
    struct te_segment_info info = te_segment_info_of(segment, conn->snd_wscale);
    struct te_death death = {TE_CLOSED, TE_CAUSE_RECV_ACK_OF_FIN, TE_OK, &info};
    switch ((enum te_state)conn->state) {
    case TE_FIN_WAIT_1:
        if (!fin_fits)
            enter_fin_wait_2(stack, conn, segment);
        return true;
    case TE_CLOSING:
        te_conn_enter_time_wait(stack, conn, TE_CAUSE_RECV_ACK_OF_FIN, segment);
        return false;
    case TE_LAST_ACK:
        te_conn_end_protocol(stack, conn, &death);
        return false;
    default:
        return true;
    }
}

/* The ACK is the peer's. False: the connection has ended. */
static bool take_ack(struct te_stack *stack, struct te_conn *conn, const struct te_segment *segment)
{
    bool is_opening = !conn->syn_acked; /* CLOSE came in SYN_RCVD */
    te_timers_on_segment(stack, conn);
    ack_common(stack, conn, segment);
    if (is_opening && conn->syn_acked)
        te_input_established(stack, conn);
    return !te_conn_fin_is_acked(conn) || on_fin_acked(stack, conn, segment);
}

bool te_input_step_ack(struct te_stack *stack, struct te_conn *conn, struct te_segment *segment)
{
    if (!(segment->flags & TE_ACK)) {
        te_drop_segment(stack, conn, TE_DROP_NO_ACK, segment);
        return false;
    }
    if (conn->state == TE_SYN_RCVD)
        return ack_in_syn_rcvd(stack, conn, segment);
    if (!conn->syn_acked && !check_ack_of_syn(stack, conn, segment))
        return false;
    if (!is_plausible(conn, segment->ack)) {
        te_drop_segment(stack, conn, TE_DROP_BAD_ACK, segment);
        te_challenge_ack(stack, conn);
        return false;
    }
    te_paws_record(stack, conn, segment); /* only now: RFC 5961 5.2 discards what fails above */
    return take_ack(stack, conn, segment);
}

void te_input_take_old_ack(struct te_stack *stack, struct te_conn *conn,
                           const struct te_segment *segment)
{
    bool is_good = conn->syn_acked ? is_plausible(conn, segment->ack)
                                   : seq_gt(segment->ack, conn->snd_una) &&
                                         seq_leq(segment->ack, conn->snd_max);
    if ((segment->flags & TE_ACK) && is_good)
        take_ack(stack, conn, segment);
}
