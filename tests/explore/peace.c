#include "peace.h"

#define STEPS_MAX 400

/* Both clocks move to the first timer of either end. */
static bool pass_time(struct world *world, int64_t *elapsed_us)
{
    int64_t delta_us = world_deadline(world, 0);
    int64_t other_us = world_deadline(world, 1);
    if (other_us < delta_us)
        delta_us = other_us;
    if (delta_us == TE_NEVER)
        return false;
    *elapsed_us += delta_us;
    world_elapse(world, 0, delta_us);
    world_elapse(world, 1, delta_us);
    return true;
}

/* Waiting for the user or for 2MSL, not for a segment. */
static bool is_at_rest(enum te_state state)
{
    switch (state) {
    case TE_CLOSED:
    case TE_LISTEN:
    case TE_ESTABLISHED:
    case TE_FIN_WAIT_2:
    case TE_CLOSE_WAIT:
    case TE_TIME_WAIT:
        return true;
    default:
        return false;
    }
}

/* A TCP timer that sends segments. */
static bool is_sending(const struct world *world, unsigned side)
{
    uint64_t cursor = 0;
    struct te_status status;
    while (te_walk(world->ends[side].stack, TE_WALK_CONNECTIONS, &cursor, &status))
        if (!is_at_rest(status.state) ||
            (status.timer >= TE_TIMER_LOSS_PROBE && status.timer <= TE_TIMER_DELAYED_ACK))
            return true;
    return false;
}

static void come_to_rest(struct world *world)
{
    int64_t elapsed_us = 0;
    for (unsigned step = 0; world->failure == NULL; step++) {
        if (step == STEPS_MAX)
            world_fail(world, 0, "without faults an opening or closing comes to an end");
        if (world->frame_count > 0)
            world_deliver(world, 0);
        else if (!is_sending(world, 0) && !is_sending(world, 1))
            return;
        else if (!pass_time(world, &elapsed_us))
            world_fail(world, is_sending(world, 1), "no opening and no closing hangs for ever");
    }
}

static bool is_gone(enum te_state state)
{
    return state == TE_CLOSED || state == TE_LISTEN || state == TE_TIME_WAIT;
}

static bool do_agree(enum te_state a, enum te_state b)
{
    if (is_gone(a) || is_gone(b))
        return is_gone(a) && is_gone(b);
    if (a == TE_ESTABLISHED || b == TE_ESTABLISHED)
        return a == b;
    return a != b; /* FIN_WAIT_2 and CLOSE_WAIT */
}

/* Of an open connection; world.c checks it when a stream ends. */
static void check_delivery(struct world *world)
{
    for (unsigned side = 0; side < SIDES; side++)
        if (world->ends[side].received_bytes != world->ends[1 - side].incarnations[0].sent_bytes)
            world_fail(world, side, "everything that was sent is delivered");
}

static void check_agreement(struct world *world)
{
    enum te_state a = world_state(world, 0);
    enum te_state b = world_state(world, 1);
    if (a == TE_ESTABLISHED && b == a && !world->scenario->is_deaf)
        check_delivery(world);
    if (!is_at_rest(a) || !is_at_rest(b))
        world_fail(world, is_at_rest(a), "nobody hangs");
    bool is_excused = world_may_be_half_open(world) && (is_gone(a) || is_gone(b));
    if (!do_agree(a, b) && !is_excused)
        world_fail(world, is_gone(a), "both ends agree: ESTABLISHED at both or at neither");
}

static bool is_anything_left(const struct world *world, unsigned side)
{
    struct te_totals totals;
    te_totals(world->ends[side].stack, &totals);
    return totals.connections + totals.listeners + totals.time_wait + totals.orphans > 0 ||
           totals.buffer_memory_bytes > 0;
}

static void close_everything(struct world *world)
{
    int64_t elapsed_us = 0;
    world_close_all(world, 0);
    world_close_all(world, 1);
    for (unsigned step = 0; world->failure == NULL; step++) {
        if (step == STEPS_MAX)
            world_fail(world, 0, "closing comes to an end");
        if (world->frame_count > 0)
            world_deliver(world, 0);
        else if (!pass_time(world, &elapsed_us))
            break;
    }
    for (unsigned side = 0; side < SIDES; side++)
        if (is_anything_left(world, side))
            world_fail(world, side, "after both users have closed everything is gone");
    if (elapsed_us > 2 * WORLD_MSL_US + WORLD_ORPHAN_US)
        world_fail(world, 0, "everything is gone within 2MSL and the time of an orphan");
}

void peace_check(struct world *world)
{
    if (world->watch.trace != NULL)
        fprintf(world->watch.trace, "  the faults stop\n");
    come_to_rest(world);
    check_agreement(world);
    if (world->watch.trace != NULL)
        fprintf(world->watch.trace, "  the users close\n");
    close_everything(world);
}
