#include "drain.h"

#include <tcpengine/units.h>

/* About five times what one takes on a machine that has nothing else to do. */
#define RESET_US 20
/* For noticing that it is time, and for the end of the process. */
#define END_US (250 * TE_MS)

void drain_init(struct drain *drain)
{
    *drain = (struct drain){.phase = DRAIN_LISTENERS};
}

static void enter(struct drain *drain, enum drain_phase phase)
{
    drain->phase = phase;
    drain->cursor = 0;
}

void drain_begin_resets(struct drain *drain)
{
    if (drain->phase < DRAIN_RESETS)
        enter(drain, DRAIN_RESETS);
}

/* Those that nobody has accepted end with their listener, however many. True if there may be more.
 */
static bool close_listeners(struct drain *drain, struct te_stack *stack, int64_t now_us)
{
    struct te_status status;
    for (uint32_t left = DRAIN_STEP_MAX; left > 0; left--) {
        if (!te_walk(stack, TE_WALK_LISTENERS, &drain->cursor, &status))
            return false;
        te_close(stack, status.id, now_us);
    }
    return true;
}

/* True if there may be more. */
static bool end_connections(struct drain *drain, struct te_stack *stack, int64_t now_us)
{
    struct te_status status;
    for (uint32_t left = DRAIN_STEP_MAX; left > 0; left--) {
        if (!te_walk(stack, TE_WALK_CONNECTIONS, &drain->cursor, &status))
            return false;
        /* Errors do not matter: a connection that was closing already just continues. */
        if (drain->phase == DRAIN_RESETS)
            te_abort(stack, status.id, now_us);
        else
            te_close(stack, status.id, now_us);
    }
    return true;
}

/* True if the phase is not over. */
static bool phase_step(struct drain *drain, struct te_stack *stack, int64_t now_us)
{
    switch (drain->phase) {
    case DRAIN_LISTENERS:
    case DRAIN_RESET_LISTENERS:
        return close_listeners(drain, stack, now_us);
    case DRAIN_CONNECTIONS:
    case DRAIN_RESETS:
        return end_connections(drain, stack, now_us);
    case DRAIN_WAIT:
    case DRAIN_OVER:
        break;
    }
    return false;
}

bool drain_step(struct drain *drain, struct te_stack *stack, int64_t now_us)
{
    bool is_idle = drain->phase == DRAIN_WAIT || drain->phase == DRAIN_OVER;
    if (!is_idle && !phase_step(drain, stack, now_us))
        enter(drain, drain->phase + 1);
    return drain->phase != DRAIN_WAIT && drain->phase != DRAIN_OVER;
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

int64_t drain_resets_us(uint32_t remaining, int64_t timeout_us)
{
    int64_t resets_us = remaining > 0 ? END_US + remaining * (int64_t)RESET_US : 0;
    return resets_us < timeout_us / 2 ? resets_us : timeout_us / 2;
}
