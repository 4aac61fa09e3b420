/* The fifth step of RFC 9293 3.10.7.4: check the ACK field. */
#include "ip/ip.h"
#include "stack_internal.h"
#include "tcp/challenge.h"
#include "tcp/input.h"
#include "tcp/recovery.h"
#include "tcp/reset.h"
#include "tcp/send_buffer.h"
#include "tcp/seq.h"
#include "tcp/state.h"
#include "tcp/timers.h"
#include <assert.h>

#define RTO_AFTER_LOST_SYN_US 3000000 /* RFC 6298 (5.7) */

/* --- new data is acknowledged
 * --------------------------------------------------------------------- */

/* One timed segment a round trip, in microseconds (RFC 6298 3 and 4). */
static int64_t take_rtt_sample(struct te_stack *stack, struct te_conn *conn, uint32_t ack)
{
    if (!conn->rtt_timing || !seq_gt(ack, conn->rtt_seq))
        return 0;
    conn->rtt_timing = false;
    int64_t sample_us = stack->now_us - conn->rtt_sent_at_us;
    te_rtt_sample(&conn->rtt, &stack->config, sample_us);
    te_ip_confirm(stack, &conn->next_hop);
    return sample_us > 0 ? sample_us : 1;
}

/* The bytes among what ack acknowledges: SYN and FIN taken off. */
static uint32_t acked_payload(const struct te_conn *conn, uint32_t ack)
{
    uint32_t acked = ack - conn->snd_una;
    if (!conn->syn_acked)
        acked--;
    uint64_t queued = conn->queued_offset - conn->acked_offset;
    return acked > queued ? (uint32_t)queued : acked;
}

void te_input_ack_advance(struct te_stack *stack, struct te_conn *conn, uint32_t ack)
{
    assert(seq_gt(ack, conn->snd_una) && seq_leq(ack, conn->snd_max));
    uint32_t payload = acked_payload(conn, ack);
    struct te_ack_sample sample = {
        .now_us = stack->now_us,
        .rtt_us = take_rtt_sample(stack, conn, ack),
        .acked_bytes = payload,
        .flight_bytes = conn->snd_max - conn->snd_una,
        .mss_bytes = conn->mss,
        .is_cwnd_limited = conn->cwnd_limited,
    };
    te_send_free_below(stack, conn, conn->acked_offset + payload);
    bool was_syn = !conn->syn_acked;
    conn->syn_acked = true;
    conn->snd_una = ack;
    if (seq_lt(conn->snd_nxt, ack))
        conn->snd_nxt = ack;
    conn->soft_error = TE_OK;
    if (!was_syn)
        te_recovery_on_ack(stack, conn, &sample);
    conn->retransmits = 0;
    te_timers_after_ack(stack, conn);
    if (payload > 0)
        te_ready_add(stack, &conn->ready, TE_READY_SEND);
    te_conn_want_output(stack, conn);
}

/* --- openings
 * --------------------------------------------------------------------------------------- */

void te_input_established(struct te_stack *stack, struct te_conn *conn)
{
    conn->recovery.recover = conn->snd_una;
    conn->recovery.state = TE_RECOVERY_OPEN;
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
    te_timers_on_segment(stack, conn);
    te_conn_want_output(stack, conn);
}

static void update_window(struct te_stack *stack, struct te_conn *conn,
                          const struct te_segment *segment)
{
    uint32_t before = conn->snd_wnd;
    /* The header's own flags: those of a crossing SYN,ACK have lost their SYN by now, and its
     * window is not scaled all the same (RFC 7323 2.2). */
    uint8_t shift = (segment->header.flags & TE_SYN) ? 0 : conn->snd_wscale;
    conn->snd_wnd = (uint32_t)segment->header.window << shift;
    conn->snd_wl1 = segment->seq;
    conn->snd_wl2 = segment->ack;
    if (conn->snd_wnd > conn->max_snd_wnd)
        conn->max_snd_wnd = conn->snd_wnd;
    if (conn->snd_wnd > before) {
        /* The window opens: the persist timer has done its work. */
        te_timer_clear(stack, conn, TE_TIMER_PERSIST);
        if (before == 0)
            te_rtt_reset_backoff(&conn->rtt);
        te_conn_want_output(stack, conn);
    }
}

/* False when the segment ends here. */
static bool ack_in_syn_rcvd(struct te_stack *stack, struct te_conn *conn,
                            struct te_segment *segment)
{
    if (!seq_gt(segment->ack, conn->snd_una) || seq_gt(segment->ack, conn->snd_max)) {
        stack->counters.tcp_bad_ack++;
        te_reset_answer_ack(stack, segment);
        return false;
    }
    if (conn->listener != NULL && !te_listener_promote(stack, conn))
        return false;
    struct te_segment_info info = te_segment_info_of(segment, conn->snd_wscale);
    te_conn_set_state(stack, conn, TE_ESTABLISHED, TE_CAUSE_RECV_ACK_OF_SYN, &info);
    te_input_ack_advance(stack, conn, segment->ack);
    update_window(stack, conn, segment);
    te_input_established(stack, conn);
    if (conn->fin_queued) /* a CLOSE that waited for this (3.10.4, SYN_RCVD) */
        te_conn_set_state(stack, conn, TE_FIN_WAIT_1,
                          conn->user_closed ? TE_CAUSE_CLOSE : TE_CAUSE_SHUTDOWN, NULL);
    return true;
}

/* --- synchronized states
 * -------------------------------------------------------------------------- */

/* RFC 5961 5.2: (SND.UNA - MAX.SND.WND) =< SEG.ACK =< SND.NXT. */
static bool is_plausible(const struct te_conn *conn, uint32_t ack)
{
    return seq_geq(ack, conn->snd_una - conn->max_snd_wnd) && seq_leq(ack, conn->snd_max);
}

/* RFC 5681 2. A segment with news in its SACK blocks counts whatever its window says; one whose
 * only block is a D-SACK below the ACK reports a duplicate, not a hole. */
static bool is_duplicate(const struct te_conn *conn, const struct te_segment *segment)
{
    /* With SND.NXT at SND.UNA only a probe is out: that it is refused says nothing of loss. */
    if (segment->ack != conn->snd_una || conn->snd_una == conn->snd_nxt ||
        te_segment_len(segment) > 0)
        return false;
    const struct te_tcp_options *options = &segment->header.options;
    if (options->sack_count == 1 && seq_leq(options->sack[0].end, segment->ack))
        return false;
    uint32_t window = (uint32_t)segment->header.window << conn->snd_wscale;
    return window == conn->snd_wnd || options->sack_count > 0;
}

/* What the ESTABLISHED paragraph says, for all states after it. */
static void ack_common(struct te_stack *stack, struct te_conn *conn,
                       const struct te_segment *segment)
{
    bool duplicate = is_duplicate(conn, segment);
    bool advances = seq_gt(segment->ack, conn->snd_una);
    if (advances)
        te_input_ack_advance(stack, conn, segment->ack);
    /* Who acknowledges something new names the window that counts from there, even on a segment
     * that repeats old text: the window of before would reach beyond what was offered. */
    bool is_newer = advances || seq_lt(conn->snd_wl1, segment->seq) ||
                    (conn->snd_wl1 == segment->seq && seq_leq(conn->snd_wl2, segment->ack));
    if (seq_geq(segment->ack, conn->snd_una) && is_newer)
        update_window(stack, conn, segment);
    if (duplicate)
        te_recovery_on_duplicate_ack(stack, conn, &segment->header.options);
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

/* Our FIN is acknowledged. A FIN in the same segment that fits goes straight to TIME_WAIT, so that
 * FIN_WAIT_2 is not entered for nothing (3.10.7.4, eighth check, FIN_WAIT_1). */
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
        te_input_enter_time_wait(stack, conn, TE_CAUSE_RECV_ACK_OF_FIN, segment);
        return false;
    case TE_LAST_ACK:
        te_conn_end_protocol(stack, conn, &death);
        return false;
    default:
        return true;
    }
}

bool te_input_step_ack(struct te_stack *stack, struct te_conn *conn, struct te_segment *segment)
{
    if (!(segment->flags & TE_ACK)) {
        stack->counters.tcp_no_ack++;
        return false;
    }
    if (conn->state == TE_SYN_RCVD)
        return ack_in_syn_rcvd(stack, conn, segment);
    if (!is_plausible(conn, segment->ack)) {
        stack->counters.tcp_bad_ack++;
        te_challenge_ack(stack, conn);
        return false;
    }
    te_timers_on_segment(stack, conn);
    bool is_opening = !conn->syn_acked; /* CLOSE came in SYN_RCVD */
    ack_common(stack, conn, segment);
    if (is_opening && conn->syn_acked)
        te_input_established(stack, conn);
    if (te_conn_fin_is_acked(conn))
        return on_fin_acked(stack, conn, segment);
    return true;
}
