#include "tcp/output.h"

#include "ip/ip.h"
#include "stack_internal.h"
#include "tcp/isn.h"
#include "tcp/segment_out.h"
#include "tcp/seq.h"
#include "tcp/timers.h"
#include <assert.h>

#define GSO_PAYLOAD_MAX 65400u /* an IPv6 packet with a full TCP header still counts in 16 bits */

uint32_t te_output_flight(const struct te_conn *conn)
{
    return conn->snd_nxt - conn->snd_una;
}

/* --- the plan -------------------------------------------------------------------------------- */

static bool plan_syn(const struct te_conn *conn, struct te_plan *plan)
{
    if (conn->syn_acked || conn->snd_nxt != conn->iss)
        return false;
    uint8_t flags = conn->state == TE_SYN_SENT ? TE_SYN : TE_SYN | TE_ACK;
    *plan = (struct te_plan){.kind = TE_PLAN_SYN, .seq = conn->iss, .flags = flags};
    return true;
}

/* Room in the peer's window from SND.NXT on. */
static uint32_t window_room(const struct te_conn *conn)
{
    uint32_t right_edge = conn->snd_una + conn->snd_wnd;
    return seq_gt(right_edge, conn->snd_nxt) ? right_edge - conn->snd_nxt : 0;
}

static uint32_t cwnd_room(const struct te_conn *conn)
{
    uint64_t cwnd = (uint64_t)conn->cc.cwnd_bytes + conn->recovery.inflated_bytes;
    uint32_t flight = te_output_flight(conn);
    if (cwnd <= flight)
        return 0;
    uint64_t room = cwnd - flight;
    return room > UINT32_MAX ? UINT32_MAX : (uint32_t)room;
}

static uint32_t segment_max(const struct te_stack *stack, const struct te_conn *conn)
{
    if (!stack->config.gso || !stack->config.checksum_offload)
        return conn->mss;
    return GSO_PAYLOAD_MAX - GSO_PAYLOAD_MAX % conn->mss;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Sender's side of silly window avoidance (RFC 9293 3.8.6.2.1) and Nagle (3.7.4). rest: all that is
 * queued leaves with these len bytes. */
static bool is_worth_sending(const struct te_conn *conn, uint32_t len, bool rest)
{
    if (len >= conn->mss)
        return true;
    bool nagle_allows = !conn->nagle || conn->snd_nxt == conn->snd_una;
    if (rest && (nagle_allows || conn->fin_queued))
        return true;
    if (conn->snd_nxt != conn->snd_max)
        return true; /* again, after a timeout */
    if (nagle_allows && len > 0 && len >= conn->max_snd_wnd / 2)
        return true;
    return len > 0 && conn->probe_now; /* the override timer */
}

static bool plan_data(const struct te_stack *stack, const struct te_conn *conn,
                      struct te_plan *plan)
{
    uint64_t offset = te_conn_send_offset(conn, conn->snd_nxt);
    if (offset > conn->queued_offset)
        return false; /* SND.NXT is beyond our FIN */
    uint64_t queued = conn->queued_offset - offset;
    uint32_t available = queued > UINT32_MAX ? UINT32_MAX : (uint32_t)queued;
    uint32_t window = window_room(conn);
    uint32_t len =
        least(least(available, window), least(cwnd_room(conn), segment_max(stack, conn)));
    bool rest = len == available;
    bool fin = conn->fin_queued && rest && window > len;
    if (len == 0 && !fin)
        return false;
    if (!rest && len > conn->mss)
        len -= len % conn->mss;
    if (!is_worth_sending(conn, len, rest))
        return false;
    uint8_t flags = TE_ACK | (rest ? TE_PSH : 0) | (fin ? TE_FIN : 0);
    if (len == 0)
        flags &= (uint8_t)~TE_PSH;
    *plan = (struct te_plan){TE_PLAN_DATA, conn->snd_nxt, flags, offset, len};
    return true;
}

/* The first segment in flight, again, inside what was sent before. */
static bool plan_retransmit(const struct te_conn *conn, struct te_plan *plan)
{
    if (!conn->recovery.retransmit_una || conn->snd_una == conn->snd_max)
        return false;
    uint32_t in_flight = conn->snd_max - conn->snd_una;
    uint64_t data = conn->queued_offset - conn->acked_offset;
    bool covers_fin = conn->fin_sent && in_flight == data + 1;
    uint32_t bytes = covers_fin ? in_flight - 1 : in_flight;
    uint32_t len = least(bytes, conn->mss);
    uint8_t flags = TE_ACK | (covers_fin && len == bytes ? TE_FIN : 0);
    *plan = (struct te_plan){TE_PLAN_RETRANSMIT, conn->snd_una, flags, conn->acked_offset, len};
    return true;
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
    *plan = (struct te_plan){TE_PLAN_PROBE, conn->snd_nxt, flags, offset, has_data ? 1 : 0};
    return true;
}

static bool may_send_data(const struct te_conn *conn)
{
    if (te_conn_fin_is_acked(conn))
        return false;
    switch ((enum te_state)conn->state) {
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

bool te_output_plan(const struct te_stack *stack, const struct te_conn *conn,
                    struct te_plan *ret_plan)
{
    if (conn->is_remains)
        return false;
    if (plan_syn(conn, ret_plan))
        return true;
    if (may_send_data(conn) && (plan_retransmit(conn, ret_plan) ||
                                plan_data(stack, conn, ret_plan) || plan_probe(conn, ret_plan)))
        return true;
    if (conn->state == TE_SYN_SENT)
        return false;
    if (conn->keepalive_now) {
        *ret_plan = (struct te_plan){TE_PLAN_KEEPALIVE, conn->snd_max - 1, TE_ACK, 0, 0};
        return true;
    }
    if (conn->ack.owed > 0) {
        *ret_plan = (struct te_plan){TE_PLAN_ACK, conn->snd_max, TE_ACK, 0, 0};
        return true;
    }
    return false;
}

/* --- what has left -----------------------------------------------------------------------------
 */

static uint32_t plan_len(const struct te_plan *plan)
{
    return plan->len + ((plan->flags & TE_SYN) != 0) + ((plan->flags & TE_FIN) != 0);
}

/* Any segment with ACK is the acknowledgment that was owed, unless it could not carry SACK blocks
 * that the peer should see. */
static void commit_ack(struct te_stack *stack, struct te_conn *conn, const struct te_plan *plan)
{
    if (!(plan->flags & TE_ACK))
        return;
    conn->ack.last_sent = conn->rcv_nxt;
    conn->ack.unacked_bytes = 0;
    te_timer_clear(stack, conn, TE_TIMER_DELAYED_ACK);
    bool carries_sack = plan->len == 0;
    if (!carries_sack && (conn->ack.has_dsack || conn->out_of_order.count > 0))
        return;
    if (conn->ack.has_dsack)
        stack->counters.dsack_sent++;
    conn->ack.has_dsack = false;
    if (conn->ack.owed > 0)
        conn->ack.owed--;
}

/* How many segments a frame with len bytes of payload stands for (GSO). */
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
    conn->rtt_timing = false; /* Karn (RFC 6298 3) */
}

/* new_bytes: of its payload; the rest repeats what was sent before, and then its round trip says
 * nothing (Karn). */
static void commit_new(struct te_stack *stack, struct te_conn *conn, const struct te_plan *plan,
                       uint32_t new_bytes)
{
    stack->counters.bytes_out += new_bytes;
    if (conn->recovery.state == TE_RECOVERY_OPEN && conn->recovery.inflated_bytes > 0)
        stack->counters.limited_transmits++;
    if (!conn->rtt_timing && new_bytes == plan->len) {
        conn->rtt_timing = true;
        conn->rtt_seq = plan->seq;
        conn->rtt_sent_at_us = stack->now_us;
    }
}

/* The SYN,ACK of a simultaneous open repeats the number of our SYN, but nothing was lost. */
static bool is_crossing_syn(const struct te_conn *conn, const struct te_plan *plan)
{
    return plan->kind == TE_PLAN_SYN && (plan->flags & TE_ACK) && !conn->was_passive &&
           !conn->syn_was_lost;
}

static void commit_sequence(struct te_stack *stack, struct te_conn *conn,
                            const struct te_plan *plan)
{
    uint32_t end = plan->seq + plan_len(plan);
    uint32_t again = seq_lt(plan->seq, conn->snd_max) ? conn->snd_max - plan->seq : 0;
    uint32_t again_bytes = least(again, plan->len);
    if (again > 0 && is_crossing_syn(conn, plan))
        conn->rtt_timing = false; /* which of the two is acknowledged? (Karn) */
    else if (again > 0)
        commit_resent(stack, conn, again_bytes);
    if (seq_gt(end, conn->snd_max)) {
        conn->snd_max = end;
        commit_new(stack, conn, plan, plan->len - again_bytes);
    }
    if (plan->flags & TE_FIN)
        conn->fin_sent = true;
    if ((plan->kind == TE_PLAN_DATA || plan->kind == TE_PLAN_SYN) && seq_gt(end, conn->snd_nxt))
        conn->snd_nxt = end;
    if (plan->kind == TE_PLAN_RETRANSMIT)
        conn->recovery.retransmit_una = false;
    conn->cwnd_limited = cwnd_room(conn) < conn->mss;
}

/* Notes a segment as sent. */
static void commit(struct te_stack *stack, struct te_conn *conn, const struct te_plan *plan)
{
    uint32_t len = plan_len(plan);
    uint32_t segments = segments_of(conn, plan->len);
    conn->segments_out += segments;
    conn->last_sent_at_us = stack->now_us;
    if (plan->kind == TE_PLAN_KEEPALIVE) {
        conn->keepalive_now = false;
        stack->counters.keepalive_probes++;
    }
    if (plan->kind == TE_PLAN_PROBE)
        stack->counters.zero_window_probes++;
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
}

static void fail_opening(struct te_stack *stack, struct te_conn *conn)
{
    struct te_death death = {TE_CLOSED, TE_CAUSE_NEIGHBOUR, TE_ERR_HOST_UNREACHABLE, NULL};
    te_conn_end_protocol(stack, conn, &death);
}

bool te_output_next(struct te_stack *stack, struct te_conn *conn, uint8_t *header,
                    struct te_output *ret_output)
{
    struct te_plan plan;
    if (!te_output_plan(stack, conn, &plan)) {
        if (!conn->is_remains)
            te_timers_after_send(stack, conn); /* what the window holds back needs a timer */
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
    /* A segment that found no neighbour counts as lost on its way: the timers try again. */
    commit(stack, conn, &plan);
    te_conn_want_output(stack, conn);
    return hop == TE_HOP_READY;
}
