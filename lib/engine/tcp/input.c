#include "tcp/input.h"

#include <assert.h>

#include "stack_internal.h"
#include "tcp/conn/challenge.h"
#include "tcp/conn/charge.h"
#include "tcp/conn/drop_segment.h"
#include "tcp/conn/ecn.h"
#include "tcp/conn/options.h"
#include "tcp/conn/paws.h"
#include "tcp/conn/receive_buffer.h"
#include "tcp/conn/reset.h"
#include "tcp/conn/state.h"
#include "tcp/conn/timers.h"
#include "tcp/life.h"
#include "tcp/listen/fast_open.h"
#include "tcp/recovery/recovery.h"
#include "tcp/segment_out.h"
#include "util/seq.h"

#define FULL_SEGMENTS_PER_ACK 2 /* RFC 9293 3.8.6.3 (SHLD-19) */
#define RCV_MSS_MIN 536
#define FRAME_SEGMENTS_MIN 8 /* more at once were merged by the link or by the peer's offload */

static void owe_ack(struct te_stack *stack, struct te_conn *conn)
{
    if (conn->ack.owed == 0)
        conn->ack.owed = 1;
    te_conn_want_output(stack, conn);
}

/* --- first: check sequence number ------------------------------------------------------------- */

/* Table 6, with the allowance for a closed window: a segment at RCV.NXT is processed for its ACK
 * and loses its text. */
static bool is_acceptable(const struct te_conn *conn, const struct te_segment *segment)
{
    uint32_t window = te_receive_window(conn);
    uint32_t len = te_segment_len(segment);
    if (window == 0)
        return segment->seq == conn->rcv_nxt;
    if (seq_in(segment->seq, conn->rcv_nxt, window))
        return true;
    return len > 0 && seq_in(segment->seq + len - 1, conn->rcv_nxt, window);
}

/* A segment with text is answered at once, as its sender waits for the ACK; one without may be part
 * of an ACK storm. Text that was received before is reported by D-SACK. */
static void answer_unacceptable(struct te_stack *stack, struct te_conn *conn,
                                const struct te_segment *segment)
{
    if (te_segment_len(segment) == 0) {
        if (segment->seq == conn->rcv_nxt - 1)
            te_challenge_answer_probe(stack, conn);
        else
            te_challenge_ack(stack, conn);
        return;
    }
    bool is_old = seq_leq(segment->seq + segment->payload_len, conn->rcv_nxt);
    if (segment->payload_len > 0 && is_old && !conn->fin_received) {
        stack->counters.duplicate_segments++; /* no drop: the caller has counted it */
        te_receive_payload(stack, conn, segment->seq, segment->payload, segment->payload_len);
    }
    owe_ack(stack, conn);
}

/* What lies beyond the window is cut off, and the FIN with it. A FIN exactly at the edge is kept:
 * it takes no room. */
static void trim_to_window(const struct te_conn *conn, struct te_segment *segment)
{
    uint32_t right_edge = conn->rcv_nxt + te_receive_window(conn);
    uint32_t end = segment->seq + segment->payload_len;
    if (seq_gt(end, right_edge)) {
        uint32_t excess = end - right_edge;
        segment->payload_len -= excess < segment->payload_len ? excess : segment->payload_len;
        segment->flags &= (uint8_t)~TE_FIN;
    }
}

/* The first check has failed: the peer gets an ACK, unless this is a RST. */
static void reject(struct te_stack *stack, struct te_conn *conn, const struct te_segment *segment,
                   enum te_drop_reason reason)
{
    te_drop_segment(stack, conn, reason, segment);
    if (!(segment->flags & TE_RST))
        answer_unacceptable(stack, conn, segment);
}

/* The peer's SYN again. Either our SYN,ACK was lost, or both sides opened at once and this is the
 * peer's SYN,ACK, whose SYN is already counted in RCV.NXT (RFC 9293 figure 7 and appendix A.2).
 * False: the segment ends here. */
static bool check_repeated_syn(struct te_stack *stack, struct te_conn *conn,
                               struct te_segment *segment)
{
    if (segment->flags & TE_ACK) {
        bool acks_ours = !conn->was_passive && seq_gt(segment->ack, conn->snd_una) &&
                         seq_leq(segment->ack, conn->snd_max);
        if (!acks_ours || te_paws_rejects(stack, conn, segment))
            return true; /* not our peer's: the checks that follow answer it */
        te_ecn_negotiate(conn, segment);
        segment->flags &= (uint8_t)~TE_SYN;
        segment->seq++;
        return true;
    }
    te_drop_segment(stack, conn, TE_DROP_SYN_REPEATED, segment);
    te_ecn_negotiate(conn, segment);
    conn->syn_was_lost = true;
    te_recovery_on_timeout(stack, conn); /* the SYN,ACK again; data that followed it waits */
    te_conn_want_output(stack, conn);
    return false;
}

/* Its text and FIN are old, or fall to a closed window, but RCV.NXT is their end or lies among
 * them: our ACK of them may be lost, while what the peer has received since is acknowledged here
 * and perhaps nowhere else (RFC 9293 A.2; simultaneous closing needs it). */
static bool ends_at_rcv_nxt(const struct te_conn *conn, const struct te_segment *segment)
{
    uint32_t end = segment->seq + te_segment_len(segment);
    return seq_lt(segment->seq, conn->rcv_nxt) && seq_geq(end, conn->rcv_nxt);
}

/* The peer has filled our window and its data is lost: until it sends that again, all its ACKs have
 * this number, and our own data times out although the peer has it.
 *
 * DEVIATION: RFC 9293 3.10.7.4 would only answer them (table 6), while we send over and over and
 * may take the peer for dead. Linux and FreeBSD let them in; here a timeout must have shown first
 * that something is wrong. */
static bool is_ack_at_right_edge(const struct te_conn *conn, const struct te_segment *segment)
{
    return te_segment_len(segment) == 0 && conn->retransmits > 0 &&
           segment->seq == conn->rcv_nxt + te_receive_window(conn);
}

/* What the first check has rejected and whose ACK counts all the same. */
static bool still_acknowledges(const struct te_conn *conn, const struct te_segment *segment)
{
    return te_conn_is_synchronized(conn) && !(segment->flags & TE_RST) &&
           (ends_at_rcv_nxt(conn, segment) || is_ack_at_right_edge(conn, segment));
}

static bool step_sequence(struct te_stack *stack, struct te_conn *conn, struct te_segment *segment)
{
    bool is_rst = (segment->flags & TE_RST) != 0;
    /* Left to the fourth step, "irrespective of the sequence number" (RFC 5961 4.2), and of
     * timestamps: a peer that has restarted may have them off now, and waits for the challenge. */
    if ((segment->flags & TE_SYN) && !is_rst && te_conn_is_synchronized(conn))
        return true;
    if (conn->ts_ok && !segment->header.options.has_timestamps && !is_rst) {
        te_drop_segment(stack, conn, TE_DROP_TIMESTAMP_MISSING, segment); /* RFC 7323 3.2 */
        return false;
    }
    if (conn->state == TE_SYN_RCVD && (segment->flags & TE_SYN) && !is_rst &&
        segment->seq == conn->irs && !check_repeated_syn(stack, conn, segment))
        return false;
    if (te_paws_rejects(stack, conn, segment)) {
        stack->counters.tcp_unacceptable++; /* no drop of its own: it counts as PAWS, too */
        reject(stack, conn, segment, TE_DROP_PAWS);
        return false;
    }
    if (!is_acceptable(conn, segment)) {
        reject(stack, conn, segment, is_rst ? TE_DROP_RST_UNACCEPTABLE : TE_DROP_UNACCEPTABLE);
        if (still_acknowledges(conn, segment))
            te_input_take_old_ack(stack, conn, segment);
        return false;
    }
    if (te_receive_window(conn) == 0 && te_segment_len(segment) > 0)
        owe_ack(stack, conn);
    trim_to_window(conn, segment);
    return true;
}

/* --- second: check the RST bit ---------------------------------------------------------------- */

/* CLOSING and LAST_ACK: the peer has all that the user sent; only an ACK is lost. */
static bool has_delivered_all(const struct te_conn *conn)
{
    return (conn->state == TE_CLOSING || conn->state == TE_LAST_ACK) &&
           conn->acked_offset == conn->queued_offset;
}

static void end_by_reset(struct te_stack *stack, struct te_conn *conn,
                         const struct te_segment *segment)
{
    struct te_segment_info info = te_segment_info_of(segment, conn->snd_wscale);
    struct te_death death = {TE_CLOSED, TE_CAUSE_RECV_RST, TE_ERR_RESET, &info};
    if (conn->state == TE_SYN_RCVD && !conn->fast_opened)
        death.error = TE_ERR_REFUSED;
    if (conn->state == TE_SYN_RCVD && conn->was_passive && !conn->fast_opened)
        death.to = TE_LISTEN;
    if (conn->fast_open_pending)
        te_fast_open_on_reset(stack, conn->listener);
    if (has_delivered_all(conn))
        death.error = TE_OK;
    stack->counters.resets_in++;
    te_conn_end_protocol(stack, conn, &death);
}

/* RFC 5961 3.2: only an exact RST ends the connection. */
static bool step_rst(struct te_stack *stack, struct te_conn *conn, struct te_segment *segment)
{
    if (!(segment->flags & TE_RST))
        return true;
    if (segment->seq == conn->rcv_nxt) {
        end_by_reset(stack, conn, segment);
        return false;
    }
    te_drop_segment(stack, conn, TE_DROP_RST_INEXACT, segment);
    te_challenge_ack(stack, conn);
    return false;
}

/* --- fourth: check the SYN bit (the third, security, does not apply) -------------------------- */

static bool step_syn(struct te_stack *stack, struct te_conn *conn, struct te_segment *segment)
{
    if (!(segment->flags & TE_SYN))
        return true;
    if (conn->state == TE_SYN_RCVD && conn->was_passive && !conn->fast_opened) {
        struct te_segment_info info = te_segment_info_of(segment, conn->snd_wscale);
        struct te_death death = {TE_LISTEN, TE_CAUSE_RECV_SYN, TE_ERR_RESET, &info};
        te_conn_end_protocol(stack, conn, &death);
        return false;
    }
    te_drop_segment(stack, conn, TE_DROP_SYN_CHALLENGED, segment);
    te_challenge_ack(stack, conn); /* RFC 5961 4.2 */
    return false;
}

/* Sixth, check the URG bit: nothing to do, as urgent data is delivered in line (RFC 6093 5). */

/* --- seventh: process the segment text -------------------------------------------------------- */

/* RMSS: the size of the peer's full segments, never more than we announced (the link may merge
 * segments without saying how large they were). */
static void note_segment_size(const struct te_stack *stack, struct te_conn *conn,
                              const struct te_segment *segment)
{
    uint32_t announced = te_options_local_mss(stack, &conn->remote.addr);
    uint32_t size = segment->gso_size_bytes != 0 ? segment->gso_size_bytes : segment->payload_len;
    if (size > announced)
        size = announced;
    if (size > conn->rcv_mss)
        conn->rcv_mss = (uint16_t)size;
}

/* RFC 9293 3.8.6.3: every second full-sized segment is acknowledged at once, the rest within the
 * delay. Urgent, hence at once, too: a hole was filled (RFC 5681 4.2), or ECN has news. */
static void acknowledge_in_order(struct te_stack *stack, struct te_conn *conn, uint32_t gained,
                                 bool is_urgent)
{
    uint32_t full = conn->rcv_mss > RCV_MSS_MIN ? conn->rcv_mss : RCV_MSS_MIN;
    conn->ack.unacked_bytes += gained;
    conn->ack.by_frame = !is_urgent && gained > FRAME_SEGMENTS_MIN * full;
    if (!conn->delayed_ack || is_urgent ||
        conn->ack.unacked_bytes >= FULL_SEGMENTS_PER_ACK * full) {
        owe_ack(stack, conn);
        return;
    }
    if (!te_timer_is_set(conn, TE_TIMER_DELAYED_ACK))
        te_timer_set(stack, conn, TE_TIMER_DELAYED_ACK,
                     stack->now_us + stack->config.delayed_ack_us);
}

/* One ACK for each segment that did not move RCV.NXT: the peer counts them (RFC 5681 4.2). */
static void acknowledge_at_once(struct te_stack *stack, struct te_conn *conn)
{
    if (conn->ack.owed < TE_ACKS_OWED_MAX)
        conn->ack.owed++;
    te_conn_want_output(stack, conn);
}

void te_input_drop_text(struct te_stack *stack, struct te_conn *conn,
                        const struct te_segment *segment, enum te_receive_result result)
{
    if (result == TE_RECEIVE_NO_WINDOW)
        te_drop_segment(stack, conn, TE_DROP_WINDOW_CLOSED, segment);
    else if (result == TE_RECEIVE_NO_MEMORY)
        te_drop_segment(stack, conn, TE_DROP_RECEIVE_NO_MEMORY, segment);
    else if (result == TE_RECEIVE_NO_RANGE)
        te_drop_segment(stack, conn, TE_DROP_OUT_OF_ORDER, segment);
    else if (result == TE_RECEIVE_DUPLICATE)
        te_drop_segment(stack, conn, TE_DROP_DUPLICATE, segment);
}

static void take_text(struct te_stack *stack, struct te_conn *conn,
                      const struct te_segment *segment)
{
    uint32_t before = conn->rcv_nxt;
    bool had_holes = conn->out_of_order.count > 0;
    enum te_receive_result result =
        te_receive_payload(stack, conn, segment->seq, segment->payload, segment->payload_len);
    switch (result) {
    case TE_RECEIVE_IN_ORDER:
        note_segment_size(stack, conn, segment);
        if (conn->ts_ok && segment->header.options.has_timestamps)
            te_receive_note_echo(stack, conn, segment->header.options.ts_echo);
        te_ready_add(stack, &conn->ready, TE_READY_RECEIVE);
        acknowledge_in_order(stack, conn, conn->rcv_nxt - before, had_holes || segment->wants_ack);
        break;
    case TE_RECEIVE_OUT_OF_ORDER:
    case TE_RECEIVE_DUPLICATE:
    case TE_RECEIVE_NO_WINDOW:
    case TE_RECEIVE_NO_MEMORY:
    case TE_RECEIVE_NO_RANGE:
        te_input_drop_text(stack, conn, segment, result);
        acknowledge_at_once(stack, conn);
        break;
    }
}

/* RFC 9293 3.6.1 with RFC 1122 4.2.2.13: the data will never be read, and the peer should know. */
static void reset_data_after_close(struct te_stack *stack, struct te_conn *conn,
                                   const struct te_segment *segment)
{
    struct te_segment_info info = te_segment_info_of(segment, conn->snd_wscale);
    struct te_death death = {TE_CLOSED, TE_CAUSE_RECV_DATA_AFTER_CLOSE, TE_ERR_ABORTED, &info};
    te_drop_segment(stack, conn, TE_DROP_DATA_AFTER_CLOSE, segment);
    te_reset_refuse(stack, segment);
    te_conn_end_protocol(stack, conn, &death);
}

static bool takes_text(const struct te_conn *conn)
{
    return conn->state == TE_ESTABLISHED || conn->state == TE_FIN_WAIT_1 ||
           conn->state == TE_FIN_WAIT_2;
}

static bool step_text(struct te_stack *stack, struct te_conn *conn, struct te_segment *segment)
{
    if (!takes_text(conn)) {
        if (segment->payload_len > 0)
            te_drop_segment(stack, conn, TE_DROP_AFTER_FIN, segment);
        return true;
    }
    if (segment->payload_len == 0)
        return true;
    if (conn->fin_pending) { /* nothing is delivered past the peer's FIN */
        uint32_t fin_seq = conn->rcv_nxt + (uint32_t)(conn->fin_offset - conn->received_offset);
        if (seq_gt(segment->seq + segment->payload_len, fin_seq))
            segment->payload_len = seq_lt(segment->seq, fin_seq) ? fin_seq - segment->seq : 0;
    }
    if (segment->payload_len == 0) {
        te_drop_segment(stack, conn, TE_DROP_AFTER_FIN, segment);
        return true;
    }
    if (conn->user_closed && seq_gt(segment->seq + segment->payload_len, conn->rcv_nxt)) {
        reset_data_after_close(stack, conn, segment);
        return false;
    }
    take_text(stack, conn, segment);
    return true;
}

/* --- eighth: check the FIN bit ---------------------------------------------------------------- */

static void process_fin(struct te_stack *stack, struct te_conn *conn,
                        const struct te_segment *segment)
{
    struct te_segment_info info = te_segment_info_of(segment, conn->snd_wscale);
    conn->fin_pending = false;
    conn->fin_received = true;
    conn->rcv_nxt++;
    if (seq_lt(conn->rcv_adv, conn->rcv_nxt))
        conn->rcv_adv = conn->rcv_nxt;
    owe_ack(stack, conn);
    te_ready_add(stack, &conn->ready, TE_READY_RECEIVE);
    switch ((enum te_state)conn->state) {
    case TE_ESTABLISHED:
        te_conn_set_state(stack, conn, TE_CLOSE_WAIT, TE_CAUSE_RECV_FIN, &info);
        break;
    case TE_FIN_WAIT_1:
        if (te_conn_fin_is_acked(conn))
            te_conn_enter_time_wait(stack, conn, TE_CAUSE_RECV_FIN_ACK_OF_FIN, segment);
        else
            te_conn_set_state(stack, conn, TE_CLOSING, TE_CAUSE_RECV_FIN, &info);
        break;
    case TE_FIN_WAIT_2:
        te_conn_enter_time_wait(stack, conn, TE_CAUSE_RECV_FIN, segment);
        break;
    default:
        assert(false);
    }
}

static void step_fin(struct te_stack *stack, struct te_conn *conn, const struct te_segment *segment,
                     uint32_t fin_seq)
{
    bool has_fin = (segment->flags & TE_FIN) != 0;
    if (has_fin && (conn->fin_received || conn->fin_pending) && segment->text_len == 0)
        te_drop_segment(stack, conn, TE_DROP_AFTER_FIN, segment);
    if (conn->fin_received)
        return;
    if (has_fin && !conn->fin_pending) {
        conn->fin_pending = true;
        conn->fin_offset = te_conn_receive_offset(conn, fin_seq);
        te_ranges_remove_above(&conn->out_of_order, conn->fin_offset, &stack->config.allocator);
        te_charge_update(stack, conn);
        if (fin_seq != conn->rcv_nxt && segment->payload_len == 0)
            acknowledge_at_once(stack, conn);
    }
    if (conn->fin_pending && conn->fin_offset == conn->received_offset)
        process_fin(stack, conn, segment);
}

/* --- the whole -------------------------------------------------------------------------------- */

void te_input_text_and_fin(struct te_stack *stack, struct te_conn *conn, struct te_segment *segment)
{
    uint32_t fin_seq = segment->seq + segment->payload_len;
    if (seq_lt(fin_seq, conn->rcv_nxt))
        segment->flags &= (uint8_t)~TE_FIN;
    if (step_text(stack, conn, segment))
        step_fin(stack, conn, segment, fin_seq);
}

void te_input_conn(struct te_stack *stack, struct te_conn *conn, struct te_segment *segment)
{
    conn->segments_in++;
    if (segment->flags & TE_RST)
        segment->payload_len = 0; /* text that explains the RST (RFC 9293 3.5.3), no stream data */
    bool has_text = segment->payload_len > 0;
    if (!step_sequence(stack, conn, segment) || !step_rst(stack, conn, segment) ||
        !step_syn(stack, conn, segment) || !te_input_step_ack(stack, conn, segment))
        return;
    if (has_text && segment->payload_len == 0) /* a closed window has trimmed it away */
        te_drop_segment(stack, conn, TE_DROP_WINDOW_CLOSED, segment);
    segment->wants_ack = has_text && takes_text(conn) && te_ecn_on_segment(stack, conn, segment);
    te_input_text_and_fin(stack, conn, segment);
}
