#include "tcp/output.h"

#include <assert.h>

#include "ip/ip.h"
#include "stack_internal.h"
#include "tcp/conn/conn_note.h"
#include "tcp/conn/dsack.h"
#include "tcp/conn/send_buffer.h"
#include "tcp/conn/sender.h"
#include "tcp/conn/timers.h"
#include "tcp/life.h"
#include "tcp/listen/fast_open.h"
#include "tcp/mtu/mtu_probe.h"
#include "tcp/mtu/path_mtu.h"
#include "tcp/recovery/loss_probe.h"
#include "tcp/recovery/recovery.h"
#include "tcp/recovery/retransmit_timer.h"
#include "tcp/segment_out.h"
#include "util/seq.h"

/* An IPv6 payload length still has 16 bits with a full TCP header. */
#define GSO_PAYLOAD_MAX 65400u

/* --- the plan --------------------------------------------------------------------------------- */

static bool plan_syn(const struct te_stack *stack, const struct te_conn *conn, struct te_plan *plan)
{
    if (conn->syn_acked || conn->snd_nxt != conn->iss)
        return false;
    uint8_t flags = conn->state == TE_SYN_SENT ? TE_SYN : TE_SYN | TE_ACK;
    uint32_t len = te_fast_open_syn_len(stack, conn);
    *plan = (struct te_plan){.kind = TE_PLAN_SYN, .seq = conn->iss, .flags = flags, .len = len};
    return true;
}

/* Room in the peer's window from SND.NXT on. */
static uint32_t window_room(const struct te_conn *conn)
{
    uint32_t right_edge = conn->snd_una + conn->snd_wnd;
    return seq_gt(right_edge, conn->snd_nxt) ? right_edge - conn->snd_nxt : 0;
}

static uint32_t cwnd_room_beside(const struct te_conn *conn, uint32_t used_bytes)
{
    return conn->cc.cwnd_bytes > used_bytes ? conn->cc.cwnd_bytes - used_bytes : 0;
}

static uint32_t cwnd_room(const struct te_conn *conn)
{
    return cwnd_room_beside(conn, te_sender_pipe(conn));
}

/* For new data. With limited transmit (RFC 3042), what duplicate ACKs say has left the network
 * makes room for two segments before the recovery that they herald; without it, it makes none. */
static uint32_t cwnd_room_for_new(const struct te_conn *conn)
{
    bool is_limited_transmit =
        conn->recovery.state == TE_RECOVERY_OPEN && conn->recovery.duplicate_acks > 0;
    if (!is_limited_transmit || (conn->features & TE_FEATURE_LIMITED_TRANSMIT))
        return cwnd_room(conn);
    return cwnd_room_beside(conn, te_conn_flight(conn));
}

/* A frame that could not be recorded is not sent (sender.h). */
static bool has_record(const struct te_conn *conn)
{
    return conn->sender != NULL && conn->sender->map.spare != NULL;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t segment_max(const struct te_stack *stack, const struct te_conn *conn)
{
    if (!stack->config.gso || !stack->config.checksum_offload)
        return conn->mss;
    uint32_t max = least(GSO_PAYLOAD_MAX, te_sender_quantum_bytes(conn));
    return max < conn->mss ? conn->mss : max - max % conn->mss;
}

static bool is_nothing_in_flight(const struct te_conn *conn)
{
    return conn->snd_nxt ==
           (conn->syn_acked ? conn->snd_una : conn->iss + 1); /* a SYN is no text */
}

/* Nagle (RFC 9293 3.7.4) as modified (A.3): a small segment is held back only by another small one
 * that is not acknowledged. So the end of a long message does not wait for its beginning, which a
 * peer that delays its ACKs might not acknowledge before it has seen the end. Where a full buffer
 * has cut the message, this is not its end: the rest will fill the segment. */
static bool does_nagle_allow(const struct te_conn *conn)
{
    bool is_small_in_flight =
        seq_gt(conn->snd_small, conn->snd_una) && seq_leq(conn->snd_small, conn->snd_max);
    return !conn->nagle || is_nothing_in_flight(conn) ||
           !(is_small_in_flight || conn->send_was_cut);
}

/* The sender's silly window avoidance (RFC 9293 3.8.6.2.1). rest: these len bytes are all that is
 * queued. */
static bool is_worth_sending(const struct te_conn *conn, uint32_t len, bool rest)
{
    if (len >= conn->mss)
        return true;
    if (rest && (does_nagle_allow(conn) || conn->fin_queued))
        return true;
    if (conn->snd_nxt != conn->snd_max)
        return true; /* sent before; the window was taken back since */
    bool is_alone = !conn->nagle || is_nothing_in_flight(conn);
    if (is_alone && len > 0 && len >= conn->max_snd_wnd / 2)
        return true;
    return len > 0 && conn->probe_now; /* the override timer */
}

/* cwnd: the room that it leaves, in bytes. */
static bool plan_data(const struct te_stack *stack, const struct te_conn *conn, uint32_t cwnd,
                      struct te_plan *plan)
{
    if (!has_record(conn))
        return false;
    uint64_t offset = te_conn_send_offset(conn, conn->snd_nxt);
    if (offset > conn->queued_offset)
        return false; /* SND.NXT is beyond our FIN */
    uint64_t queued = conn->queued_offset - offset;
    uint32_t available = queued > UINT32_MAX ? UINT32_MAX : (uint32_t)queued;
    uint32_t window = window_room(conn);
    uint32_t len = least(least(available, window), least(cwnd, segment_max(stack, conn)));
    bool rest = len == available;
    /* In SYN_RCVD (RFC 7413) a CLOSE with data queued waits for ESTABLISHED, and the FIN with it.
     */
    bool fin = conn->fin_queued && rest && window > len && conn->state != TE_SYN_RCVD;
    if (len == 0 && !fin)
        return false;
    if (!rest && len > conn->mss)
        len -= len % conn->mss;
    if (!is_worth_sending(conn, len, rest))
        return false;
    uint8_t flags = TE_ACK | (rest ? TE_PSH : 0) | (fin ? TE_FIN : 0);
    if (len == 0)
        flags &= (uint8_t)~TE_PSH;
    *plan = (struct te_plan){TE_PLAN_DATA, conn->snd_nxt, flags, offset, len, false};
    return true;
}

/* The sequence number after the FIN that was sent, which takes a number but no room in a segment;
 * SND.UNA when none was. */
static uint32_t fin_end(const struct te_conn *conn)
{
    return conn->fin_sent ? te_conn_send_seq(conn, conn->queued_offset) + 1 : conn->snd_una;
}

static uint32_t payload_of(const struct te_conn *conn, const struct te_sent *sent)
{
    return te_sent_len(sent) - (sent->end == fin_end(conn) ? 1 : 0);
}

/* Sends len bytes of a record again, from start on, and its FIN if that follows directly. */
static void plan_again(const struct te_conn *conn, const struct te_sent *sent, uint32_t start,
                       uint32_t len, struct te_plan *plan)
{
    bool has_fin = sent->end == fin_end(conn) && start + len + 1 == sent->end;
    bool is_last = start + len == te_conn_send_seq(conn, conn->queued_offset);
    uint8_t flags = TE_ACK | (has_fin ? TE_FIN : 0) | (is_last && len > 0 ? TE_PSH : 0);
    *plan = (struct te_plan){
        TE_PLAN_RETRANSMIT, start, flags, te_conn_send_offset(conn, start), len, false};
}

/* The first segment that is lost, as much of it as cwnd and the peer's window allow. */
static bool plan_retransmit(const struct te_stack *stack, const struct te_conn *conn,
                            struct te_plan *plan)
{
    if (!has_record(conn))
        return false;
    const struct te_sent *lost = te_sent_map_first_lost(&conn->sender->map);
    uint32_t right_edge = conn->snd_una + conn->snd_wnd;
    if (lost == NULL || !seq_lt(lost->start, right_edge))
        return false;
    uint32_t room = cwnd_room(conn);
    uint32_t payload = payload_of(conn, lost);
    uint32_t len = least(payload, segment_max(stack, conn));
    if (conn->sender->retransmit_now && room < conn->mss)
        room = conn->mss;
    if (room < least(len, conn->mss))
        return false;
    len = least(len, room);
    if (len < payload && len > conn->mss)
        len -= len % conn->mss;
    plan_again(conn, lost, lost->start, least(len, right_edge - lost->start), plan);
    return true;
}

/* NextSeg() rule 3 of RFC 6675 4: with nothing lost or new to send, what lies below a SACK and was
 * sent once may be lost, though too little is SACKed above it to be sure. RACK tells by time. */
static bool plan_unsacked(const struct te_conn *conn, struct te_plan *plan)
{
    if (conn->recovery.state != TE_RECOVERY_FAST || !te_conn_uses_sack(conn) ||
        (conn->features & TE_FEATURE_RACK) || !has_record(conn))
        return false;
    const struct te_sent_map *map = &conn->sender->map;
    const struct te_sent *oldest = te_sent_map_oldest(map);
    if (oldest == NULL || oldest->transmissions > 1 || map->sacked_bytes == 0 ||
        !seq_lt(oldest->start, map->highest_sacked) || cwnd_room(conn) < conn->mss)
        return false;
    plan_again(conn, oldest, oldest->start, least(payload_of(conn, oldest), conn->mss), plan);
    return true;
}

/* RFC 8985 7.3: new data regardless of cwnd, or the last segment again. */
static bool plan_loss_probe(const struct te_stack *stack, const struct te_conn *conn,
                            struct te_plan *plan)
{
    if (conn->sender == NULL || !conn->sender->probe_now || !has_record(conn))
        return false;
    if (plan_data(stack, conn, conn->mss, plan))
        return true;
    const struct te_sent *last = te_sent_map_last(&conn->sender->map);
    if (last == NULL || last->state != TE_SENT_IN_FLIGHT)
        return false;
    uint32_t payload = payload_of(conn, last);
    uint32_t len = least(payload, conn->mss);
    plan_again(conn, last, last->start + payload - len, len, plan);
    return true;
}

/* All data waits until cwnd has room for len bytes. */
static bool plan_mtu_probe(const struct te_conn *conn, uint32_t len, struct te_plan *plan)
{
    if (!has_record(conn) || cwnd_room(conn) < len)
        return false;
    *plan = (struct te_plan){.kind = TE_PLAN_DATA,
                             .seq = conn->snd_nxt,
                             .flags = TE_ACK,
                             .offset = te_conn_send_offset(conn, conn->snd_nxt),
                             .len = len,
                             .is_mtu_probe = true};
    return true;
}

static uint32_t mtu_probe_len(const struct te_stack *stack, const struct te_conn *conn)
{
    uint64_t offset = te_conn_send_offset(conn, conn->snd_nxt);
    if (offset >= conn->queued_offset || conn->snd_nxt != conn->snd_max)
        return 0;
    uint64_t queued = conn->queued_offset - offset;
    uint32_t window = window_room(conn);
    return te_mtu_probe_len(stack, conn, queued < window ? (uint32_t)queued : window);
}

static bool plan_window(const struct te_stack *stack, const struct te_conn *conn,
                        struct te_plan *plan)
{
    uint32_t probe_len = mtu_probe_len(stack, conn);
    if (probe_len > 0)
        return plan_mtu_probe(conn, probe_len, plan);
    uint32_t cwnd = cwnd_room_for_new(conn);
    if (conn->sender != NULL && te_recovery_prefers_new(conn))
        return plan_data(stack, conn, cwnd, plan) || plan_retransmit(stack, conn, plan);
    return plan_retransmit(stack, conn, plan) || plan_data(stack, conn, cwnd, plan) ||
           plan_unsacked(conn, plan);
}

/* Probes, and the first retransmission of a recovery, do not wait for their pace. */
static bool plan_stream(const struct te_stack *stack, const struct te_conn *conn,
                        struct te_plan *plan)
{
    if (plan_loss_probe(stack, conn, plan))
        return true;
    if (!te_sender_is_held(stack, conn))
        return plan_window(stack, conn, plan);
    return conn->sender->retransmit_now && plan_retransmit(stack, conn, plan);
}

static bool plan_probe(const struct te_conn *conn, struct te_plan *plan)
{
    uint64_t offset = te_conn_send_offset(conn, conn->snd_nxt);
    if (!conn->probe_now || offset > conn->queued_offset)
        return false;
    bool has_data = offset < conn->queued_offset;
    if (!has_data && !conn->fin_queued)
        return false;
    uint8_t flags = TE_ACK | (has_data ? 0 : TE_FIN);
    *plan = (struct te_plan){TE_PLAN_PROBE, conn->snd_nxt, flags, offset, has_data ? 1 : 0, false};
    return true;
}

static bool may_send_data(const struct te_conn *conn)
{
    if (te_conn_fin_is_acked(conn))
        return false;
    switch ((enum te_state)conn->state) {
    case TE_SYN_RCVD:
        /* RFC 7413 4.2.2: data may follow the SYN,ACK, but only once. While nothing comes back, a
         * retransmitted SYN,ACK is sent alone: with a whole window after each, every copy of the
         * SYN would flood the host named as its source (5.2). */
        return conn->fast_opened && !conn->syn_was_lost;
    case TE_ESTABLISHED:
    case TE_FIN_WAIT_1:
    case TE_CLOSE_WAIT:
    case TE_CLOSING:
    case TE_LAST_ACK:
        return true;
    default:
        return false;
    }
}

bool te_segment_plan(const struct te_stack *stack, const struct te_conn *conn,
                     struct te_plan *ret_plan)
{
    if (conn->is_remains)
        return false;
    if (plan_syn(stack, conn, ret_plan))
        return true;
    if (may_send_data(conn) && (plan_stream(stack, conn, ret_plan) || plan_probe(conn, ret_plan)))
        return true;
    if (conn->state == TE_SYN_SENT)
        return false;
    if (conn->keepalive_now) {
        uint32_t seq = te_conn_acceptable_seq(conn) - 1; /* not acceptable, hence answered */
        *ret_plan = (struct te_plan){TE_PLAN_KEEPALIVE, seq, TE_ACK, 0, 0, false};
        return true;
    }
    if (conn->ack.owed > 0) {
        uint32_t seq = te_conn_acceptable_seq(conn);
        *ret_plan = (struct te_plan){TE_PLAN_ACK, seq, TE_ACK, 0, 0, false};
        return true;
    }
    return false;
}

static enum te_hold hold_of_sent(const struct te_conn *conn)
{
    if (is_nothing_in_flight(conn))
        return TE_HOLD_IDLE;
    return conn->send_was_cut ? TE_HOLD_SEND_BUFFER : TE_HOLD_APPLICATION;
}

enum te_hold te_segment_hold(const struct te_stack *stack, const struct te_conn *conn)
{
    if (!conn->syn_acked)
        return TE_HOLD_IDLE; /* the handshake holds it */
    uint64_t offset = te_conn_send_offset(conn, conn->snd_nxt);
    bool has_lost = conn->sender != NULL && conn->sender->map.lost_bytes > 0;
    if (offset >= conn->queued_offset && !has_lost)
        return hold_of_sent(conn);
    if (te_sender_is_held(stack, conn))
        return TE_HOLD_PACING;
    uint64_t queued = conn->queued_offset - offset;
    uint32_t wanted = has_lost || queued > conn->mss ? conn->mss : (uint32_t)queued;
    uint32_t cwnd = cwnd_room_for_new(conn), window = window_room(conn);
    if (cwnd < wanted && (cwnd < window || has_lost))
        return TE_HOLD_CWND;
    return window < wanted ? TE_HOLD_PEER_WINDOW : TE_HOLD_NAGLE;
}

/* --- what has left ---------------------------------------------------------------------------- */

static uint32_t plan_len(const struct te_plan *plan)
{
    return plan->len + ((plan->flags & TE_SYN) != 0) + ((plan->flags & TE_FIN) != 0);
}

/* Any segment with ACK pays the acknowledgment that is owed, unless it could not carry SACK blocks
 * that the peer should see. */
static void commit_ack(struct te_stack *stack, struct te_conn *conn, const struct te_plan *plan)
{
    if (!(plan->flags & TE_ACK))
        return;
    conn->ack.last_sent = conn->rcv_nxt;
    conn->ack.unacked_bytes = 0;
    te_timer_clear(stack, conn, TE_TIMER_DELAYED_ACK);
    bool carries_sack = plan->len == 0;
    if (!carries_sack && (conn->ack.dsacks != NULL || conn->out_of_order.count > 0))
        return;
    if (conn->ack.dsacks != NULL) {
        stack->counters.dsack_sent++;
        te_dsacks_remove_first(&conn->ack.dsacks, &stack->config.allocator);
    }
    if (conn->ack.owed > 0)
        conn->ack.owed--;
}

/* The number of segments that a frame with len bytes of payload becomes (GSO). */
static uint32_t segments_of(const struct te_conn *conn, uint32_t len)
{
    return len > conn->mss ? (len + conn->mss - 1u) / conn->mss : 1;
}

static void commit_resent(struct te_stack *stack, struct te_conn *conn, uint32_t len)
{
    uint32_t segments = segments_of(conn, len);
    conn->segments_retransmitted += segments;
    conn->bytes_retransmitted += len;
    stack->counters.segments_retransmitted += segments;
    stack->counters.bytes_retransmitted += len;
}

static enum te_note_kind resent_kind(const struct te_conn *conn, const struct te_plan *plan)
{
    if (plan->kind == TE_PLAN_SYN)
        return TE_NOTE_SYN_RETRANSMIT;
    switch ((enum te_recovery_state)conn->recovery.state) {
    case TE_RECOVERY_LOSS:
        return TE_NOTE_RTO_RETRANSMIT;
    case TE_RECOVERY_FAST: {
        bool is_rack = te_conn_uses_sack(conn) && (conn->features & TE_FEATURE_RACK) != 0;
        return is_rack ? TE_NOTE_RACK_RETRANSMIT : TE_NOTE_FAST_RETRANSMIT;
    }
    default:
        return TE_NOTE_OTHER_RETRANSMIT;
    }
}

/* Probes have notes of their own kinds. */
static void note_resent(struct te_stack *stack, const struct te_conn *conn,
                        const struct te_plan *plan)
{
    bool is_probe =
        plan->kind == TE_PLAN_PROBE || (conn->sender != NULL && conn->sender->probe_now);
    if (!is_probe)
        te_note_sent(stack, conn, resent_kind(conn, plan), plan->seq, plan_len(plan));
}

static void commit_new(struct te_stack *stack, struct te_conn *conn, const struct te_plan *plan,
                       uint32_t new_bytes)
{
    stack->counters.bytes_out += new_bytes;
    if (!plan->is_mtu_probe && plan->len % conn->mss != 0)
        conn->snd_small = conn->snd_max;
    if (conn->recovery.state == TE_RECOVERY_OPEN && conn->recovery.duplicate_acks > 0 &&
        new_bytes > 0)
        stack->counters.limited_transmits++;
}

/* The SYN,ACK of a simultaneous open repeats the number of our SYN, but nothing was lost. */
static bool is_crossing_syn(const struct te_conn *conn, const struct te_plan *plan)
{
    return plan->kind == TE_PLAN_SYN && (plan->flags & TE_ACK) && !conn->was_passive &&
           !conn->syn_was_lost;
}

/* The record of what leaves: a new one, or the one of its first transmission, cut to size. */
static struct te_sent *record_of(struct te_stack *stack, struct te_conn *conn,
                                 const struct te_plan *plan)
{
    struct te_sent_map *map = &conn->sender->map;
    uint32_t end = plan->seq + plan_len(plan);
    if (plan->kind == TE_PLAN_DATA) {
        bool was_sent = seq_lt(plan->seq, conn->snd_max);
        uint32_t segments = plan->is_mtu_probe ? 1 : segments_of(conn, plan->len);
        struct te_sent *sent =
            te_sent_map_append(map, plan->seq, end, (uint16_t)segments, stack->now_us);
        if (was_sent)
            sent->transmissions = 2; /* Karn: by a probe, or before the window was taken back */
        return sent;
    }
    struct te_sent *sent = te_sent_map_find(map, plan->seq);
    if (sent->start != plan->seq)
        sent = te_sent_map_split(map, sent, plan->seq, conn->mss);
    else if (sent->end != end)
        te_sent_map_split(map, sent, end, conn->mss);
    te_sent_map_resent(map, sent, stack->now_us);
    return sent;
}

static void commit_record(struct te_stack *stack, struct te_conn *conn, const struct te_plan *plan)
{
    uint32_t prior_pipe = te_sender_pipe(conn);
    bool is_probe = conn->sender->probe_now;
    struct te_sent *sent = record_of(stack, conn, plan);
    te_recovery_on_sent(stack, conn, sent, prior_pipe);
    if (sent->transmissions > 1 && sent == te_sent_map_first(&conn->sender->map) &&
        !te_recovery_holds_timeout(conn))
        te_timer_clear(stack, conn, TE_TIMER_RETRANSMIT); /* counts from this transmission */
    if (plan->kind == TE_PLAN_DATA && seq_gt(sent->end, conn->snd_nxt))
        conn->snd_nxt = sent->end;
    if (plan->kind == TE_PLAN_RETRANSMIT)
        conn->sender->retransmit_now = false;
    te_pacer_on_sent(&conn->sender->pacer, stack->now_us, plan->len, conn->mss);
    if (plan->is_mtu_probe)
        te_mtu_probe_on_sent(stack, conn, sent->start, sent->end);
    if (is_probe) {
        stack->counters.loss_probes++;
        te_note_sent(stack, conn, TE_NOTE_LOSS_PROBE, plan->seq, plan_len(plan));
        te_loss_probe_on_sent(conn, plan->kind == TE_PLAN_RETRANSMIT);
        te_timer_clear(stack, conn, TE_TIMER_RETRANSMIT); /* RFC 8985 7.3 */
    }
}

/* RFC 6298 3: the first round trip is that of our SYN. */
static void commit_syn(struct te_stack *stack, struct te_conn *conn, const struct te_plan *plan,
                       bool is_again)
{
    conn->rtt_timing = !is_again; /* Karn; of two crossing SYNs, which one is acknowledged? */
    conn->rtt_sent_at_us = stack->now_us;
    if (conn->snd_nxt == conn->iss)
        conn->snd_nxt = conn->iss + 1;
    if (plan->len > 0)
        conn->fast_open_data = true; /* counted in SND.MAX only (fast_open.h) */
}

static void commit_sequence(struct te_stack *stack, struct te_conn *conn,
                            const struct te_plan *plan)
{
    uint32_t end = plan->seq + plan_len(plan);
    uint32_t again = seq_lt(plan->seq, conn->snd_max) ? conn->snd_max - plan->seq : 0;
    uint32_t again_bytes = least(again, plan->len);
    if (again > 0 && !is_crossing_syn(conn, plan)) {
        commit_resent(stack, conn, again_bytes);
        note_resent(stack, conn, plan);
    }
    if (plan->kind == TE_PLAN_SYN)
        commit_syn(stack, conn, plan, again > 0);
    else if (plan->kind != TE_PLAN_PROBE)
        commit_record(stack, conn, plan);
    if (seq_gt(end, conn->snd_max)) {
        conn->snd_max = end;
        if (plan->kind != TE_PLAN_SYN)
            commit_new(stack, conn, plan, plan->len - again_bytes);
        te_send_on_sent(stack, conn);
    }
    if (plan->flags & TE_FIN)
        conn->fin_sent = true;
    conn->cwnd_limited = cwnd_room(conn) < conn->mss;
}

/* Notes a segment as sent. */
static void commit(struct te_stack *stack, struct te_conn *conn, const struct te_plan *plan)
{
    uint32_t len = plan_len(plan);
    uint32_t segments = plan->is_mtu_probe ? 1 : segments_of(conn, plan->len);
    conn->segments_out += segments;
    te_size_note(&stack->tally.sent, plan->len, plan->is_mtu_probe ? 0 : conn->mss);
    if (len > 0) /* RFC 5681 4.1 means data: an ACK of a request keeps no cwnd fresh */
        conn->last_sent_at_us = stack->now_us;
    if (plan->kind == TE_PLAN_KEEPALIVE) {
        conn->keepalive_now = false;
        stack->counters.keepalive_probes++;
        te_note_counted(stack, conn, TE_NOTE_KEEPALIVE_PROBE, conn->probes, 0);
    }
    if (plan->kind == TE_PLAN_PROBE) {
        stack->counters.zero_window_probes++;
        te_note_counted(stack, conn, TE_NOTE_WINDOW_PROBE, conn->probes, 0);
    }
    conn->probe_now = false;
    bool has_news =
        len == 0 || seq_gt(plan->seq + len, conn->snd_max) || is_crossing_syn(conn, plan);
    if (len > 0)
        commit_sequence(stack, conn, plan);
    if (has_news)
        stack->counters.segments_out += segments;
    commit_ack(stack, conn, plan);
    if (len > 0)
        te_timers_after_send(stack, conn);
    if (plan->kind == TE_PLAN_DATA)
        te_loss_probe_schedule(stack, conn);
}

static void join_lost(struct te_stack *stack, struct te_conn *conn)
{
    struct te_sent_joint joint = {conn->mss, fin_end(conn)};
    te_sent_map_join_lost(&conn->sender->map, &joint, &stack->config.allocator);
}

/* Memory for the record of one more frame, if one may leave. */
static void prepare(struct te_stack *stack, struct te_conn *conn)
{
    uint64_t offset = te_conn_send_offset(conn, conn->snd_nxt);
    bool has_new =
        offset < conn->queued_offset || (conn->fin_queued && offset == conn->queued_offset);
    bool has_lost = conn->sender != NULL && conn->sender->map.lost_bytes > 0;
    bool is_probing = conn->sender != NULL && conn->sender->probe_now;
    if (!may_send_data(conn) || !(has_new || has_lost || is_probing))
        return;
    if (!te_sender_prepare(stack, conn))
        stack->counters.sender_no_memory++;
    else if (has_lost)
        join_lost(stack, conn);
}

/* Nothing to send although cwnd would allow it: rates measured now are the user's, not the path's.
 */
static void note_app_limit(const struct te_stack *stack, struct te_conn *conn)
{
    struct te_sender *sender = conn->sender;
    if (sender != NULL && !te_sender_is_held(stack, conn) && sender->map.lost_bytes == 0 &&
        cwnd_room(conn) >= conn->mss &&
        te_conn_send_offset(conn, conn->snd_nxt) >= conn->queued_offset)
        te_delivery_app_limited(&sender->delivery, te_sender_pipe(conn));
}

/* What only pacing holds back leaves when the PACING timer expires. */
static bool await_pace(struct te_stack *stack, struct te_conn *conn)
{
    struct te_plan plan;
    if (!may_send_data(conn) || !te_sender_is_held(stack, conn) || !plan_window(stack, conn, &plan))
        return false;
    stack->counters.pacing_waits++;
    te_timer_set(stack, conn, TE_TIMER_PACING,
                 te_pacer_ready_at_us(&conn->sender->pacer, stack->now_us));
    return true;
}

static void note_hold(struct te_stack *stack, struct te_conn *conn)
{
    if (conn->sender == NULL)
        return;
    enum te_hold hold = te_segment_hold(stack, conn);
    if (hold != (enum te_hold)conn->sender->hold.now)
        te_sender_change_hold(stack, conn, hold);
}

/* Nothing can be sent now; what the window holds back needs a timer. */
static void await(struct te_stack *stack, struct te_conn *conn)
{
    note_hold(stack, conn);
    if (await_pace(stack, conn))
        return;
    te_timers_after_send(stack, conn);
    note_app_limit(stack, conn);
}

static void fail_opening(struct te_stack *stack, struct te_conn *conn)
{
    struct te_death death = {TE_CLOSED, TE_CAUSE_NEIGHBOUR, TE_ERR_HOST_UNREACHABLE, NULL};
    te_conn_end_protocol(stack, conn, &death);
}

bool te_segment_next(struct te_stack *stack, struct te_conn *conn, uint8_t *header,
                     struct te_output *ret_output)
{
    struct te_plan plan;
    if (!conn->is_remains) {
        te_path_mtu_refresh(stack, conn);
        te_mtu_probe_refresh(stack, conn);
        prepare(stack, conn);
    }
    if (!te_segment_plan(stack, conn, &plan)) {
        if (!conn->is_remains)
            await(stack, conn);
        return false;
    }
    uint8_t mac[6];
    enum te_hop_state hop = te_ip_resolve(stack, &conn->next_hop, &conn->queue_link, mac);
    if (hop == TE_HOP_PENDING) {
        conn->waits_neighbour = true;
        return false;
    }
    if (hop == TE_HOP_FAILED && conn->state == TE_SYN_SENT) {
        fail_opening(stack, conn);
        return false;
    }
    if (hop == TE_HOP_READY)
        te_segment_build(stack, conn, &plan, mac, (struct te_segment_room){header, ret_output});
    /* Without a neighbour the segment counts as lost on its way: the timers try again. */
    commit(stack, conn, &plan);
    te_conn_want_output(stack, conn);
    return hop == TE_HOP_READY;
}
