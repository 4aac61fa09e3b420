#include "drain.h"

#include <tcpengine/units.h>

/* A flush of the pump writes twice as many frames. */
#define STEP_MAX 64
/* RSTs of a step take a quarter of the queue: the rest is for answers to what comes meanwhile. */
#define QUEUE_SHARE 4
/* About five times what one takes on a machine that has nothing else to do. */
#define RESET_US 20
/* For noticing that it is time, and for the end of the process. */
#define END_US (250 * TE_MS)

void drain_init(struct drain *drain, uint32_t control_queue_max)
{
    uint32_t share = control_queue_max / QUEUE_SHARE;
    *drain = (struct drain){.step_max = share < STEP_MAX ? share : STEP_MAX};
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

/* Segments that closing a listener makes: RSTs for all that nobody has accepted. Which listener
 * those in SYN_RCVD belong to is not known here. */
static uint32_t listener_cost(const struct te_stack *stack, const struct te_status *listener)
{
    struct te_totals totals;
    te_totals(stack, &totals);
    return 1 + listener->receive_queue_bytes + totals.by_state[TE_SYN_RCVD];
}

/* True if there may be more. */
static bool close_listeners(struct drain *drain, struct te_stack *stack, int64_t now_us)
{
    uint32_t left = drain->step_max;
    struct te_status status;
    uint64_t next = drain->cursor;
    while (te_walk(stack, TE_WALK_LISTENERS, &next, &status)) {
        uint32_t cost = listener_cost(stack, &status);
        if (cost <= left || drain->phase != DRAIN_LISTENERS) {
            te_close(stack, status.id, now_us);
            left = cost < left ? left - cost : 0;
        } else if (cost <= drain->step_max) {
            return true; /* it is the next step's first */
        }
        drain->cursor = next;
        if (left == 0)
            return true;
    }
    return false;
}

/* Its listener would reset it as well. */
static bool is_unaccepted(const struct te_status *status)
{
    return status->is_orphan && (status->state == TE_SYN_RCVD || status->state == TE_ESTABLISHED ||
                                 status->state == TE_CLOSE_WAIT);
}

/* True if there may be more. */
static bool end_connections(struct drain *drain, struct te_stack *stack, int64_t now_us)
{
    struct te_status status;
    for (uint32_t left = drain->step_max; left > 0; left--) {
        if (!te_walk(stack, TE_WALK_CONNECTIONS, &drain->cursor, &status))
            return false;
        /* Errors do not matter: a connection that was closing already just continues. */
        if (drain->phase == DRAIN_RESETS || is_unaccepted(&status))
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
    case DRAIN_LAST_LISTENERS:
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
