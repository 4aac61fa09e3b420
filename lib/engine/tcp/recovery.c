#include "tcp/recovery.h"

#include "stack_internal.h"
#include "tcp/seq.h"
#include <assert.h>

#define DUPLICATE_THRESHOLD 3 /* RFC 5681 3.2 */

static uint32_t in_flight(const struct te_conn *conn)
{
    return conn->snd_max - conn->snd_una;
}

static void inflate(struct te_conn *conn, uint32_t bytes)
{
    uint32_t flight = in_flight(conn);
    uint32_t inflated = conn->recovery.inflated_bytes + bytes;
    conn->recovery.inflated_bytes = inflated < flight ? inflated : flight;
}

/* RFC 6582 3.2 step 2: duplicates that a timeout's retransmissions caused start nothing. */
static bool may_enter(const struct te_conn *conn)
{
    return conn->recovery.state == TE_RECOVERY_OPEN ||
           seq_gt(conn->snd_una, conn->recovery.recover);
}

static void enter(struct te_stack *stack, struct te_conn *conn)
{
    struct te_recovery *recovery = &conn->recovery;
    stack->counters.fast_retransmits++;
    stack->counters.recoveries++;
    recovery->state = TE_RECOVERY_FAST;
    recovery->recover = conn->snd_max;
    recovery->retransmit_una = true;
    conn->cc.ops->on_loss(&conn->cc, in_flight(conn), conn->mss);
    recovery->inflated_bytes = 0;
    inflate(conn, DUPLICATE_THRESHOLD * (uint32_t)conn->mss);
    assert(conn->cc.cwnd_bytes >= conn->mss);
}

/* With SACK only a duplicate with new SACK information says that a segment has left the network
 * (RFC 3042 2, RFC 6675 2, "DupAcks"). */
static bool has_news(struct te_conn *conn, const struct te_tcp_options *options)
{
    if (!conn->sack_ok)
        return true;
    if (options->sack_count == 0)
        return false;
    struct te_sack_block first = options->sack[0];
    struct te_sack_block last = conn->recovery.last_block;
    conn->recovery.last_block = first;
    return seq_gt(first.end, conn->snd_una) && (first.start != last.start || first.end != last.end);
}

void te_recovery_on_duplicate_ack(struct te_stack *stack, struct te_conn *conn,
                                  const struct te_tcp_options *options)
{
    struct te_recovery *recovery = &conn->recovery;
    stack->counters.duplicate_acks_in++;
    if (!has_news(conn, options))
        return;
    if (recovery->duplicate_acks < UINT8_MAX)
        recovery->duplicate_acks++;
    if (recovery->state == TE_RECOVERY_FAST)
        inflate(conn, conn->mss);
    else if (recovery->duplicate_acks < DUPLICATE_THRESHOLD) {
        if (recovery->state == TE_RECOVERY_OPEN)
            inflate(conn, conn->mss); /* RFC 3042 2 */
    } else if (recovery->duplicate_acks == DUPLICATE_THRESHOLD && may_enter(conn))
        enter(stack, conn);
    te_conn_want_output(stack, conn);
}

static void leave(struct te_conn *conn)
{
    conn->recovery.state = TE_RECOVERY_OPEN;
    conn->recovery.duplicate_acks = 0;
    conn->recovery.inflated_bytes = 0;
    conn->recovery.retransmit_una = false;
}

/* RFC 6582 3.2 step 3, full acknowledgment: option (1), against a burst. */
static void on_full_ack(struct te_conn *conn)
{
    uint32_t flight = in_flight(conn);
    uint32_t careful = (flight > conn->mss ? flight : conn->mss) + conn->mss;
    if (careful < conn->cc.cwnd_bytes)
        conn->cc.cwnd_bytes = careful;
    leave(conn);
}

/* Step 3, partial acknowledgment: the next hole is lost too. */
static void on_partial_ack(struct te_conn *conn, uint32_t acked_bytes)
{
    struct te_recovery *recovery = &conn->recovery;
    recovery->retransmit_una = true;
    recovery->inflated_bytes =
        recovery->inflated_bytes > acked_bytes ? recovery->inflated_bytes - acked_bytes : 0;
    if (acked_bytes >= conn->mss)
        inflate(conn, conn->mss);
    inflate(conn, 0);
}

void te_recovery_on_ack(struct te_stack *stack, struct te_conn *conn,
                        const struct te_ack_sample *sample)
{
    (void)stack;
    bool passed_recover = seq_geq(conn->snd_una, conn->recovery.recover);
    switch ((enum te_recovery_state)conn->recovery.state) {
    case TE_RECOVERY_FAST:
        if (passed_recover)
            on_full_ack(conn);
        else
            on_partial_ack(conn, sample->acked_bytes);
        return;
    case TE_RECOVERY_LOSS:
        if (passed_recover)
            leave(conn);
        break;
    case TE_RECOVERY_OPEN:
        leave(conn);
        break;
    }
    conn->recovery.duplicate_acks = 0;
    conn->cc.ops->on_ack(&conn->cc, sample);
}

void te_recovery_on_timeout(struct te_stack *stack, struct te_conn *conn)
{
    struct te_recovery *recovery = &conn->recovery;
    if (recovery->state == TE_RECOVERY_OPEN)
        stack->counters.recoveries++;
    conn->cc.ops->on_timeout(&conn->cc, in_flight(conn), conn->mss, conn->retransmits == 1);
    recovery->state = TE_RECOVERY_LOSS;
    recovery->recover = conn->snd_max;
    recovery->duplicate_acks = 0;
    recovery->inflated_bytes = 0;
    recovery->retransmit_una = false;
    conn->snd_nxt = conn->snd_una;
    conn->rtt_timing = false;
}

const char *te_recovery_name(const struct te_conn *conn)
{
    static const char *const names[] = {"open", "recovery", "loss"};
    return names[conn->recovery.state];
}
