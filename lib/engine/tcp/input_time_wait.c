/* A segment arrives in TIME_WAIT (RFC 9293 3.10.7.4, RFC 1337, RFC 6191). */
#include "stack_internal.h"
#include "tcp/conn/drop_segment.h"
#include "tcp/conn/isn.h"
#include "tcp/conn/reset.h"
#include "tcp/input.h"
#include "util/seq.h"

#define WINDOW_MAX (UINT32_C(65535) << 14) /* RFC 7323 2.3 */

static void send_ack(struct te_stack *stack, const struct te_time_wait_view *view)
{
    uint32_t ts_offset = te_ts_offset(stack, &view->local, &view->remote);
    struct te_tcp_header header = {
        .seq = view->snd_nxt,
        .ack = view->rcv_nxt,
        .flags = TE_ACK,
        .window = view->window,
        .options = {.has_timestamps = view->ts_ok,
                    .ts_value = te_ts_now(stack, ts_offset),
                    .ts_echo = view->ts_recent},
    };
    te_reset_send_header(stack, &view->local, &view->remote, &header);
}

/* These ACKs have a limit of their own: an entry does not store when it last answered, and a flood
 * against one must not use up the budget of the connections (RFC 5961 7). */
static void send_limited_ack(struct te_stack *stack, const struct te_time_wait_view *view)
{
    if (!te_limiter_take(&stack->time_wait_limiter, stack->config.challenge_ack_per_second,
                         &stack->key, stack->now_us)) {
        stack->counters.challenge_acks_limited++;
        return;
    }
    send_ack(stack, view);
}

/* RFC 6191 2: timestamps decide if both incarnations have them; else RFC 1122 4.2.2.13: the new
 * sequence number must lie beyond the last one of the old, that of its FIN. */
static bool may_reopen(const struct te_stack *stack, const struct te_time_wait_view *view,
                       const struct te_segment *segment)
{
    if (segment->flags & (TE_ACK | TE_RST | TE_FIN))
        return false;
    bool has_ts = stack->config.timestamps && segment->header.options.has_timestamps;
    bool seq_is_new = seq_geq(segment->seq, view->rcv_nxt);
    if (!has_ts)
        return seq_is_new;
    if (!view->ts_ok)
        return true;
    uint32_t value = segment->header.options.ts_value;
    return seq_gt(value, view->ts_recent) || (value == view->ts_recent && seq_is_new);
}

/* DEVIATION: RFC 6191 drops other SYNs silently. We send an ACK, as RFC 9293 3.10.7.4 does for any
 * unacceptable segment: it lets a peer that has forgotten the old incarnation reset it. */
static void on_syn(struct te_stack *stack, const struct te_time_wait_view *view,
                   struct te_segment *segment)
{
    struct te_listener *listener = te_listener_find(stack, &segment->local, &segment->remote);
    if (listener != NULL && may_reopen(stack, view, segment)) {
        te_input_listen(stack, listener, segment, view);
        return;
    }
    te_drop_segment_of(stack, view->id, TE_DROP_TIME_WAIT_SYN, segment);
    send_limited_ack(stack, view);
}

/* RFC 7323 5.3 R1 and 3.2, as for a live connection. False: the segment ends here. */
static bool check_timestamps(struct te_stack *stack, const struct te_time_wait_view *view,
                             const struct te_segment *segment)
{
    if (!view->ts_ok)
        return true;
    if (!segment->header.options.has_timestamps) {
        te_drop_segment_of(stack, view->id, TE_DROP_TIMESTAMP_MISSING, segment);
        return false;
    }
    if (!seq_lt(segment->header.options.ts_value, view->ts_recent))
        return true;
    te_drop_segment_of(stack, view->id, TE_DROP_PAWS, segment);
    send_limited_ack(stack, view);
    return false;
}

static bool is_within(const struct te_time_wait_view *view, uint32_t ack, uint32_t window)
{
    return seq_leq(ack, view->snd_nxt) && seq_geq(ack, view->snd_nxt - window);
}

/* An old ACK of what we sent, or the last one again: needs no answer. */
static bool is_expected_ack(const struct te_time_wait_view *view, const struct te_segment *segment)
{
    if (te_segment_len(segment) > 0 || segment->seq != view->rcv_nxt)
        return false;
    return !(segment->flags & TE_ACK) || is_within(view, segment->ack, UINT16_MAX);
}

/* The peer's FIN: the last ACK was lost. One that is not the peer's must not keep the entry (RFC
 * 5961 5.2, with the largest MAX.SND.WND there is: an entry does not store its own). */
static bool repeats_fin(const struct te_time_wait_view *view, const struct te_segment *segment)
{
    return (segment->flags & TE_FIN) && (segment->flags & TE_ACK) &&
           segment->seq + segment->payload_len == view->rcv_nxt - 1 &&
           is_within(view, segment->ack, WINDOW_MAX);
}

void te_input_time_wait(struct te_stack *stack, uint32_t handle, struct te_segment *segment)
{
    struct te_time_wait_view view;
    te_time_wait_view(stack, handle, &view);
    if (segment->flags & TE_RST) { /* RFC 1337 3, fix (F1) */
        te_drop_segment_of(stack, view.id, TE_DROP_TIME_WAIT_RST, segment);
    } else if (segment->flags & TE_SYN) {
        on_syn(stack, &view, segment);
    } else if (!check_timestamps(stack, &view, segment)) {
        return;
    } else if (repeats_fin(&view, segment)) {
        te_time_wait_restart(stack, handle);
        send_ack(stack, &view);
    } else if (!is_expected_ack(&view, segment)) {
        te_drop_segment_of(stack, view.id, TE_DROP_TIME_WAIT_UNACCEPTABLE, segment);
        send_limited_ack(stack, &view);      /* first check: not acceptable */
    } else if (!(segment->flags & TE_ACK)) { /* fifth */
        te_drop_segment_of(stack, view.id, TE_DROP_TIME_WAIT_NO_ACK, segment);
    }
}
