#include "tcp/conn/isn.h"

#include "stack_internal.h"
#include "tcp/conn/tuple.h"
#include "util/seq.h"

#define DOMAIN_ISN 2
#define DOMAIN_TIMESTAMP 3
#define ISN_TICK_US 4
#define TIMESTAMP_TICK_US 1000

uint32_t te_isn_choose(const struct te_stack *stack, const struct te_endpoint *local,
                       const struct te_endpoint *remote)
{
    return (uint32_t)(stack->now_us / ISN_TICK_US) + (uint32_t)stack->isn_lead_ticks +
           (uint32_t)te_tuple_hash(stack, DOMAIN_ISN, local, remote);
}

void te_isn_pass(struct te_stack *stack, const struct te_endpoint *local,
                 const struct te_endpoint *remote, uint32_t end)
{
    uint32_t isn = te_isn_choose(stack, local, remote);
    uint64_t age_ticks = (uint64_t)(stack->now_us - stack->born_at_us) / ISN_TICK_US;
    if (seq_gt(end, isn) && stack->isn_lead_ticks + (end - isn) <= age_ticks)
        stack->isn_lead_ticks += end - isn;
}

uint32_t te_ts_offset(const struct te_stack *stack, const struct te_endpoint *local,
                      const struct te_endpoint *remote)
{
    return (uint32_t)te_tuple_hash(stack, DOMAIN_TIMESTAMP, local, remote);
}

uint32_t te_ts_now(const struct te_stack *stack, uint32_t ts_offset)
{
    return te_ts_at(ts_offset, stack->now_us);
}

uint32_t te_ts_at(uint32_t ts_offset, int64_t at_us)
{
    return (uint32_t)(at_us / TIMESTAMP_TICK_US) + ts_offset;
}
