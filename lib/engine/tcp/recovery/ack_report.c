#include "tcp/recovery/ack_report.h"

#include <assert.h>

#include "stack_internal.h"
#include "tcp/conn/ecn.h"
#include "tcp/conn/isn.h"
#include "tcp/conn/sender.h"
#include "util/seq.h"

/* RFC 5681 2. A segment with SACK blocks counts whatever its window is; one whose only block is a
 * D-SACK below the ACK reports a duplicate, not a hole. */
static bool is_repeat(const struct te_conn *conn, const struct te_segment *segment)
{
    if (!conn->syn_acked || segment->ack != conn->snd_una || te_segment_len(segment) > 0)
        return false;
    const struct te_tcp_options *options = &segment->header.options;
    if (options->sack_count == 1 && seq_leq(options->sack[0].end, segment->ack))
        return false;
    uint32_t window = (uint32_t)segment->header.window << conn->snd_wscale;
    return window == conn->snd_wnd || options->sack_count > 0;
}

void te_ack_report_begin(const struct te_conn *conn, const struct te_segment *segment,
                         struct te_ack_report *ret_report)
{
    const struct te_tcp_options *options = &segment->header.options;
    *ret_report = (struct te_ack_report){
        .prior_pipe_bytes = te_sender_pipe(conn),
        .prior_flight_bytes = conn->snd_nxt - conn->snd_una,
        .prior_state = conn->recovery.state,
        .is_repeat = is_repeat(conn, segment),
        .echoes_mark = te_ecn_is_on(conn) && (segment->header.flags & TE_ECE) != 0,
        .has_ts_echo = conn->ts_ok && options->has_timestamps,
        .ts_echo = options->ts_echo,
    };
    /* With SND.NXT at SND.UNA only a window probe is out: its refusal says nothing about loss. */
    ret_report->is_duplicate = ret_report->is_repeat && conn->snd_una != conn->snd_nxt;
}

/* --- what is delivered ------------------------------------------------------------------------ */

struct visit {
    struct te_stack *stack;
    struct te_conn *conn;
    struct te_ack_report *report;
    bool is_sack;
};

/* The timestamp clock is coarser than ours: an echo from before the last transmission is proof, one
 * of the same tick is not. */
static bool is_for_earlier(const struct te_conn *conn, const struct te_ack_report *report,
                           const struct te_sent *sent)
{
    return report->has_ts_echo &&
           seq_lt(report->ts_echo, te_ts_at(conn->ts_offset, sent->sent_at_us));
}

static void note_rtt(struct te_ack_report *report, const struct te_sent *sent, int64_t now_us,
                     bool is_sack)
{
    if (sent->transmissions > 1)
        return; /* Karn */
    int64_t rtt_us = now_us - sent->sent_at_us;
    if (rtt_us < 1)
        rtt_us = 1;
    report->rtt_us = rtt_us; /* records usually come in the order of transmission */
    report->rtt_end = sent->end;
    if (!is_sack && report->oldest_rtt_us == 0)
        report->oldest_rtt_us = rtt_us;
}

static void on_delivered(void *ctx, const struct te_sent *sent, uint32_t bytes)
{
    const struct visit *visit = ctx;
    struct te_conn *conn = visit->conn;
    struct te_sender *sender = conn->sender;
    struct te_ack_report *report = visit->report;
    int64_t now_us = visit->stack->now_us;
    report->delivered_bytes += bytes;
    if (visit->is_sack)
        report->sacked_bytes += bytes;
    if (sent->transmissions == 1 && seq_lt(sent->start, conn->recovery.recover))
        report->original_delivered = true;
    report->resent_delivered |= sent->transmissions > 1;
    note_rtt(report, sent, now_us, visit->is_sack);
    struct te_rack_arrival arrival = {
        .now_us = now_us,
        .is_spurious = is_for_earlier(conn, report, sent),
        .is_sack = visit->is_sack,
    };
    te_rack_on_delivered(&sender->rack, sent, &arrival);
    te_delivery_on_delivered(&sender->delivery, &report->delivery, sent, bytes);
}

/* RFC 2883 4: the first block repeats what is acknowledged, or lies within the second block. */
static bool is_dsack(const struct te_tcp_options *options, uint32_t ack)
{
    struct te_sack_block first = options->sack[0];
    if (seq_leq(first.end, ack))
        return true;
    if (options->sack_count < 2)
        return false;
    struct te_sack_block second = options->sack[1];
    return seq_geq(first.start, second.start) && seq_leq(first.end, second.end);
}

/* Blocks below SND.UNA, beyond SND.MAX or upside down say nothing (RFC 5961 5 in spirit). */
static bool is_sane(const struct te_conn *conn, struct te_sack_block block)
{
    return seq_lt(block.start, block.end) && seq_gt(block.end, conn->snd_una) &&
           seq_leq(block.end, conn->snd_max);
}

void te_ack_report_take_sack(struct te_stack *stack, struct te_conn *conn,
                             const struct te_segment *segment, struct te_ack_report *report)
{
    const struct te_tcp_options *options = &segment->header.options;
    if (!conn->sack_ok || options->sack_count == 0 || conn->sender == NULL)
        return;
    report->has_dsack = is_dsack(options, segment->ack);
    report->dsack = options->sack[0];
    struct visit visit = {stack, conn, report, .is_sack = true};
    struct te_sent_visitor visitor = {on_delivered, &visit};
    for (unsigned i = report->has_dsack ? 1 : 0; i < options->sack_count; i++) {
        struct te_sent_sack sack = {options->sack[i].start, options->sack[i].end, conn->mss};
        if (is_sane(conn, options->sack[i]))
            te_sent_map_sack(&conn->sender->map, &sack, &stack->config.allocator, &visitor);
    }
}

void te_ack_report_take_ack(struct te_stack *stack, struct te_conn *conn, uint32_t una,
                            struct te_ack_report *report)
{
    if (conn->sender == NULL)
        return;
    struct visit visit = {stack, conn, report, .is_sack = false};
    struct te_sent_visitor visitor = {on_delivered, &visit};
    te_sent_map_ack(&conn->sender->map, una, &stack->config.allocator, &visitor);
}
