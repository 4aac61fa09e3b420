#include "drain.h"

static void for_all(struct te_stack *stack, enum te_walk_kind kind,
                    enum te_err (*call)(struct te_stack *stack, uint64_t id, int64_t now_us),
                    int64_t now_us)
{
    struct te_status status;
    uint64_t cursor = 0;
    /* Errors do not matter: a connection that was closing already just continues. */
    while (te_walk(stack, kind, &cursor, &status))
        call(stack, status.id, now_us);
}

void drain_close_all(struct te_stack *stack, int64_t now_us)
{
    for_all(stack, TE_WALK_LISTENERS, te_close, now_us);
    for_all(stack, TE_WALK_CONNECTIONS, te_close, now_us);
}

uint32_t drain_remaining(const struct te_stack *stack)
{
    struct te_totals totals;
    uint32_t remaining = 0;
    te_totals(stack, &totals);
    for (unsigned state = TE_SYN_SENT; state < TE_TIME_WAIT; state++)
        remaining += totals.by_state[state];
    return remaining;
}

void drain_abort_all(struct te_stack *stack, int64_t now_us)
{
    for_all(stack, TE_WALK_CONNECTIONS, te_abort, now_us);
}
