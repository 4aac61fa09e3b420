/* What is done when memory runs short (pressure.h): the parts that give it back.
 *
 * Nothing here runs inside an allocation. The stack calls te_relief_run at the start of each of its
 * verbs, where no connection is being worked on; the memory between the limit and the budget is
 * what one verb may take. A call does a bounded amount of work, and the next one goes on.
 *
 * - Under pressure a pass over the holders (charge.h) comes round ten times per second: rings are
 * cut to their content, what lies beyond a hole is dropped after a second without progress, windows
 *   are capped.
 * - At the limit connections are reset until 1/32 of the budget is free below it. Each time the
 *   worst of a sample yields: the next few holders, and the next few connections of the table. */
#ifndef TCPENGINE_TCP_RELIEF_H
#define TCPENGINE_TCP_RELIEF_H

#include "stack_internal.h"

/* Does what is due. */
void te_relief_work(struct te_stack *stack);
/* When that has to happen although nothing else does; not while there is plenty. */
int64_t te_relief_work_at_us(const struct te_stack *stack);

/* Both cost next to nothing while there is plenty, for they run with every frame. */
static inline bool te_relief_is_needed(const struct te_stack *stack)
{
    return stack->memory.used_bytes >= stack->charges.relief_bytes;
}

static inline void te_relief_run(struct te_stack *stack)
{
    if (te_relief_is_needed(stack))
        te_relief_work(stack);
}

#endif
