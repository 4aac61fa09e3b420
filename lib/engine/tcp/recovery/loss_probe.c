#include "tcp/recovery/loss_probe.h"

#include "stack_internal.h"
#include "tcp/conn/sender.h"
#include "tcp/conn/timers.h"
#include "util/seq.h"

#define MAX_ACK_DELAY_US 200000      /* TLP.max_ack_delay: how long the peer may hold a lone ACK */
#define PTO_WITHOUT_RTT_US TE_SECOND /* RFC 8985 7.2 */
#define PTO_MIN_US 10000             /* two ticks of a slow clock on the peer's side */

/* RFC 8985 7.3: one probe at a time, and none until a round trip was measured after the last one.
 * Otherwise everything would be sent twice over a path that has become slower than the PTO; and
 * because what was sent twice cannot be timed (Karn), it would stay that way. */
static bool may_probe(const struct te_conn *conn)
{
    const struct te_sender *sender = conn->sender;
    return (conn->features & TE_FEATURE_LOSS_PROBE) && conn->sack_ok && sender != NULL &&
           !sender->has_probe && !sender->probe_needs_rtt &&
           conn->recovery.state == TE_RECOVERY_OPEN && sender->map.count > 0 &&
           sender->map.sacked_bytes == 0 && sender->map.lost_bytes == 0 && conn->snd_wnd > 0;
}

static int64_t pto_us(const struct te_conn *conn)
{
    if (conn->rtt.srtt_us == 0)
        return PTO_WITHOUT_RTT_US;
    int64_t pto = 2 * (int64_t)conn->rtt.srtt_us;
    bool is_lone = conn->snd_nxt - conn->snd_una <= conn->mss;
    if (is_lone)
        return pto + MAX_ACK_DELAY_US;
    return pto > PTO_MIN_US ? pto : PTO_MIN_US;
}

void te_loss_probe_schedule(struct te_stack *stack, struct te_conn *conn)
{
    if (!may_probe(conn)) {
        te_timer_clear(stack, conn, TE_TIMER_LOSS_PROBE);
        return;
    }
    int64_t at_us = stack->now_us + pto_us(conn);
    int64_t rto_at_us = conn->timer_at_us[TE_TIMER_RETRANSMIT];
    te_timer_set(stack, conn, TE_TIMER_LOSS_PROBE, at_us < rto_at_us ? at_us : rto_at_us);
}

void te_loss_probe_on_timer(struct te_stack *stack, struct te_conn *conn)
{
    if (!may_probe(conn))
        return;
    conn->sender->probe_now = true;
    te_timer_set(stack, conn, TE_TIMER_RETRANSMIT, /* RFC 8985 7.3: the timeout may be due now */
                 stack->now_us + te_rtt_rto_us(&conn->rtt, &stack->config));
    te_conn_want_output(stack, conn);
}

void te_loss_probe_on_sent(struct te_conn *conn, bool is_resent)
{
    struct te_sender *sender = conn->sender;
    sender->probe_now = false;
    sender->has_probe = sender->probe_needs_rtt = true;
    sender->probe_is_resent = is_resent;
    sender->probe_end = conn->snd_nxt;
}

bool te_loss_probe_on_ack(struct te_conn *conn, const struct te_ack_report *report)
{
    struct te_sender *sender = conn->sender;
    if (!sender->has_probe || seq_lt(conn->snd_una, sender->probe_end))
        return false;
    bool is_new_data = !sender->probe_is_resent;
    if (is_new_data || report->has_dsack) {
        sender->has_probe = false;
        return false;
    }
    if (seq_gt(conn->snd_una, sender->probe_end)) {
        sender->has_probe = false;
        return true;
    }
    /* A pure duplicate at the very end: both copies have arrived. */
    if (report->is_repeat && report->sacked_bytes == 0)
        sender->has_probe = false;
    return false;
}
