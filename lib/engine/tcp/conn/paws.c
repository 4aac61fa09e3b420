#include "tcp/conn/paws.h"

#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/segment_in.h"
#include "util/seq.h"

#define TS_RECENT_VALID_US (24 * TE_DAY) /* RFC 7323 5.5 */

void te_paws_start(struct te_paws *paws, uint32_t ts_value, int64_t now_us)
{
    *paws = (struct te_paws){
        .ts_recent = ts_value,
        .floor = ts_value,
        .next_floor = ts_value,
        .ts_recent_at_us = now_us,
    };
}

static bool has_holes(const struct te_conn *conn)
{
    return conn->out_of_order.count > 0;
}

/* After 24 days of silence the peer's clock may have wrapped (RFC 7323 5.5). */
static bool is_outdated(const struct te_stack *stack, const struct te_paws *paws)
{
    return stack->now_us - paws->ts_recent_at_us > TS_RECENT_VALID_US;
}

bool te_paws_rejects(const struct te_stack *stack, const struct te_conn *conn,
                     const struct te_segment *segment)
{
    if (!conn->ts_ok || !segment->header.options.has_timestamps || (segment->flags & TE_RST))
        return false;
    bool may_be_late = te_segment_len(segment) > 0;
    uint32_t least = may_be_late ? conn->paws.floor : conn->paws.ts_recent;
    return seq_lt(segment->header.options.ts_value, least) && !is_outdated(stack, &conn->paws);
}

/* The floor moves when RCV.NXT has reached the edge; without holes it is TS.Recent. */
static void raise_floor(struct te_conn *conn)
{
    struct te_paws *paws = &conn->paws;
    if (has_holes(conn) && seq_lt(conn->rcv_nxt, paws->edge))
        return;
    paws->floor = has_holes(conn) ? paws->next_floor : paws->ts_recent;
    paws->next_floor = paws->ts_recent;
    paws->edge = conn->rcv_adv;
}

void te_paws_record(const struct te_stack *stack, struct te_conn *conn,
                    const struct te_segment *segment)
{
    struct te_paws *paws = &conn->paws;
    uint32_t value = segment->header.options.ts_value;
    if (!conn->ts_ok || !segment->header.options.has_timestamps ||
        seq_gt(segment->seq, conn->ack.last_sent))
        return;
    if (is_outdated(stack, paws))
        te_paws_start(paws, value, stack->now_us);
    if (seq_lt(value, paws->ts_recent))
        return; /* late */
    paws->ts_recent = value;
    paws->ts_recent_at_us = stack->now_us;
    raise_floor(conn);
}

bool te_paws_is_valid(const struct te_paws *paws)
{
    return seq_leq(paws->floor, paws->next_floor) && seq_leq(paws->next_floor, paws->ts_recent);
}
