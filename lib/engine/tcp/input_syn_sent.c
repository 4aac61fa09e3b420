/* RFC 9293 3.10.7.3: a segment arrives in SYN_SENT. First comes a decision, then what it entails.
 */
#include "stack_internal.h"
#include "tcp/conn/drop_segment.h"
#include "tcp/conn/ecn.h"
#include "tcp/conn/options.h"
#include "tcp/conn/receive_buffer.h"
#include "tcp/conn/reset.h"
#include "tcp/conn/state.h"
#include "tcp/conn/timers.h"
#include "tcp/input.h"
#include "tcp/life.h"
#include "tcp/listen/fast_open.h"
#include "util/seq.h"

enum disposition {
    DROP_RST,
    DROP_NO_SYN,
    DROP_SYN_FIN,
    SEND_RESET, /* an ACK of something that was not sent */
    REFUSED,
    ESTABLISH,   /* SYN, with an ACK of ours */
    SIMULTANEOUS /* SYN alone: both sides open at once */
};

static enum disposition decide(const struct te_conn *conn, const struct te_segment *segment)
{
    bool has_ack = (segment->flags & TE_ACK) != 0;
    bool is_rst = (segment->flags & TE_RST) != 0;
    bool ack_ok =
        has_ack && seq_gt(segment->ack, conn->snd_una) && seq_leq(segment->ack, conn->snd_max);
    if (has_ack && !ack_ok) /* first */
        return is_rst ? DROP_RST : SEND_RESET;
    if (is_rst) /* second */
        return ack_ok ? REFUSED : DROP_RST;
    if (!(segment->flags & TE_SYN)) /* fifth */
        return DROP_NO_SYN;
    if ((segment->flags & TE_FIN) && !has_ack)
        return DROP_SYN_FIN;
    return ack_ok ? ESTABLISH : SIMULTANEOUS; /* fourth */
}

/* The peer's SYN: IRS, options, window. The window that our SYN offered starts at RCV.NXT. */
static void take_syn(struct te_stack *stack, struct te_conn *conn, const struct te_segment *segment)
{
    uint32_t offered = te_receive_window(conn);
    conn->irs = segment->seq;
    conn->rcv_nxt = segment->seq + 1;
    conn->rcv_adv = conn->rcv_nxt + offered;
    conn->ack.last_sent = conn->rcv_nxt;
    conn->snd_wnd = segment->header.window; /* never scaled in a SYN (RFC 7323 2.2) */
    conn->max_snd_wnd = conn->snd_wnd;
    conn->snd_wl1 = segment->seq;
    conn->snd_wl2 = segment->ack;
    te_options_negotiate(stack, conn, &segment->header.options);
    te_ecn_negotiate(conn, segment);
    te_conn_start_congestion(stack, conn);
}

static void establish(struct te_stack *stack, struct te_conn *conn, struct te_segment *segment)
{
    struct te_segment_info info = te_segment_info_of(segment, 0);
    take_syn(stack, conn, segment);
    te_fast_open_on_syn_ack(stack, conn, segment);
    te_conn_set_state(stack, conn, TE_ESTABLISHED, TE_CAUSE_RECV_SYN_ACK, &info);
    te_input_ack_syn(stack, conn, segment);
    te_input_established(stack, conn);
    conn->ack.owed = 1;
    segment->flags &= (uint8_t)~TE_SYN;
    segment->seq++;
    te_input_text_and_fin(stack, conn, segment);
}

/* Text that came with the SYN waits in the receive buffer. */
static void cross(struct te_stack *stack, struct te_conn *conn, struct te_segment *segment)
{
    struct te_segment_info info = te_segment_info_of(segment, 0);
    take_syn(stack, conn, segment);
    te_conn_set_state(stack, conn, TE_SYN_RCVD, TE_CAUSE_RECV_SYN, &info);
    conn->snd_nxt = conn->iss; /* the SYN,ACK repeats the SYN's number */
    conn->retransmits = 0;
    te_timer_clear(stack, conn, TE_TIMER_RETRANSMIT);
    if (segment->payload_len > 0)
        te_input_drop_text(
            stack, conn, segment,
            te_receive_payload(stack, conn, conn->rcv_nxt, segment->payload, segment->payload_len));
    te_conn_want_output(stack, conn);
}

void te_input_syn_sent(struct te_stack *stack, struct te_conn *conn, struct te_segment *segment)
{
    struct te_segment_info info = te_segment_info_of(segment, 0);
    struct te_death refused = {TE_CLOSED, TE_CAUSE_RECV_RST, TE_ERR_REFUSED, &info};
    conn->segments_in++;
    switch (decide(conn, segment)) {
    case DROP_RST:
        te_drop_segment(stack, conn, TE_DROP_SYN_SENT_RST, segment);
        break;
    case DROP_NO_SYN:
        te_drop_segment(stack, conn, TE_DROP_SYN_SENT_NO_SYN, segment);
        break;
    case DROP_SYN_FIN:
        te_drop_segment(stack, conn, TE_DROP_SYN_SENT_SYN_FIN, segment);
        break;
    case SEND_RESET:
        te_drop_segment(stack, conn, TE_DROP_SYN_SENT_BAD_ACK, segment);
        te_reset_answer_ack(stack, segment);
        break;
    case REFUSED:
        stack->counters.resets_in++;
        te_conn_end_protocol(stack, conn, &refused);
        break;
    case ESTABLISH:
        establish(stack, conn, segment);
        break;
    case SIMULTANEOUS:
        cross(stack, conn, segment);
        break;
    }
}
