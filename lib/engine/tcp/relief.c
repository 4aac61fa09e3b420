#include "tcp/relief.h"

#include <tcpengine/units.h>

#include "stack_internal.h"
#include "tcp/conn/charge.h"
#include "tcp/conn/receive_buffer.h"
#include "tcp/conn/reset.h"
#include "tcp/conn/send_buffer.h"
#include "tcp/life.h"

#define PASS_INTERVAL_US (100 * TE_MS)
#define PASS_HOLDERS_MAX 2048 /* looked at in one pass */
#define PASS_NOTES_MAX 512    /* logs given back in one pass */
#define STUCK_US TE_SECOND    /* a hole that has not moved for so long is pruned */

#define STALE_US (2 * TE_SECOND) /* without progress for so long: of little use */
#define IDLE_COUNTED_MAX_US TE_MINUTE
#define SAMPLE 32 /* of holders, and as many of all connections */
#define YIELDS_MAX 8
#define HYSTERESIS_PART 32

/* --- the pass --------------------------------------------------------------------------------- */

static void relieve(struct te_stack *stack, struct te_conn *conn)
{
    bool is_stuck = te_charge_idle_us(stack, conn) >= STUCK_US;
    if (is_stuck && conn->out_of_order.count > 0) {
        stack->counters.memory_pruned++;
        stack->counters.memory_pruned_bytes += te_receive_prune(stack, conn);
    }
    te_send_release_memory(stack, conn);
    te_receive_release_memory(stack, conn);
    te_receive_cap(stack, conn);
}

/* The next holder, which goes to the end of the list: the pass comes round. */
static struct te_conn *next_holder(struct te_stack *stack)
{
    struct te_list *link = te_list_pop_front(&stack->charges.holders);
    if (link == NULL)
        return NULL;
    te_list_push_back(&stack->charges.holders, link);
    return te_conn_of_holder_link(link);
}

static void pass(struct te_stack *stack)
{
    te_notes_release(stack, PASS_NOTES_MAX);
    uint32_t count = stack->charges.holder_count;
    if (count > PASS_HOLDERS_MAX)
        count = PASS_HOLDERS_MAX;
    for (uint32_t i = 0; i < count && stack->charges.holder_count > 0; i++)
        relieve(stack, next_holder(stack));
}

/* --- the limit -------------------------------------------------------------------------------- */

/* Why one connection goes before another: first by tier, then by score. */
struct rank {
    unsigned tier;
    uint64_t score;
};

enum { TIER_USEFUL, TIER_STALE, TIER_ABANDONED };

static uint64_t at_most(uint64_t value, uint64_t max)
{
    return value < max ? value : max;
}

static uint64_t magnitude(uint64_t value)
{
    return 64 - (uint64_t)__builtin_clzll(value | 1);
}

/* Time without progress counts most, squared, since a transfer at work may well hold the most; then
 * what its account holds, so that of two alike the one goes that belongs to the larger holder; of
 * the bytes held only the magnitude. Each factor is cut so that 64 bits hold the product. */
static struct rank rank_of(const struct te_stack *stack, const struct te_conn *conn)
{
    int64_t idle_us = te_charge_idle_us(stack, conn);
    uint64_t idle_ms = at_most((uint64_t)idle_us, IDLE_COUNTED_MAX_US) / TE_MS + 1;
    uint64_t account = at_most(te_charge_account_bytes(stack, conn) / 1024, UINT32_C(1) << 23) + 1;
    uint64_t held = magnitude(te_charge_of(conn) / 256);
    struct rank rank = {TIER_USEFUL, idle_ms * idle_ms * account * held};
    if (te_charge_is_abandoned(stack, conn))
        rank.tier = TIER_ABANDONED;
    else if (idle_us >= STALE_US)
        rank.tier = TIER_STALE;
    return rank;
}

struct choice {
    struct te_conn *conn;
    struct rank rank;
};

static void consider(const struct te_stack *stack, struct te_conn *conn, struct choice *choice)
{
    struct rank rank = rank_of(stack, conn);
    bool is_worse = rank.tier != choice->rank.tier ? rank.tier > choice->rank.tier
                                                   : rank.score > choice->rank.score;
    if (choice->conn == NULL || is_worse)
        *choice = (struct choice){conn, rank};
}

static struct choice choose(struct te_stack *stack)
{
    struct choice choice = {NULL, {TIER_USEFUL, 0}};
    struct te_conn *conn;
    for (unsigned i = 0; i < SAMPLE && (conn = next_holder(stack)) != NULL; i++)
        consider(stack, conn, &choice);
    uint64_t *cursor = &stack->charges.idle_cursor;
    for (unsigned i = 0; i < SAMPLE; i++) {
        conn = te_conn_table_walk(&stack->conns, cursor);
        if (conn != NULL)
            consider(stack, conn, &choice);
        else
            *cursor = 0;
    }
    return choice;
}

/* The peer is told by a RST, the user by TE_ERR_MEMORY_PRESSURE. Remains are simply freed. */
static void yield(struct te_stack *stack, struct te_conn *conn)
{
    struct te_death death = {TE_CLOSED, TE_CAUSE_MEMORY, TE_ERR_MEMORY_PRESSURE, NULL};
    stack->counters.memory_yields++;
    if (conn->is_remains) {
        te_conn_end_user(stack, conn);
        return;
    }
    te_reset_conn(stack, conn);
    te_conn_end_protocol(stack, conn, &death);
}

/* Connections of that tier or worse. False: there is more to do, and something left to do it with.
 */
static bool yield_down_to(struct te_stack *stack, uint64_t goal_bytes, unsigned tier)
{
    for (unsigned i = 0; i < YIELDS_MAX && stack->memory.used_bytes > goal_bytes; i++) {
        struct choice choice = choose(stack);
        if (choice.conn == NULL || choice.rank.tier < tier)
            return true;
        yield(stack, choice.conn);
    }
    return stack->memory.used_bytes <= goal_bytes;
}

/* --- episodes --------------------------------------------------------------------------------- */

static void note_level(struct te_stack *stack)
{
    struct te_charges *charges = &stack->charges;
    uint64_t used_bytes = stack->memory.used_bytes;
    if (!charges->is_pressed && used_bytes >= charges->pressure_bytes) {
        charges->is_pressed = true;
        charges->next_pass_at_us = stack->now_us;
        stack->counters.memory_episodes++;
    } else if (charges->is_pressed && used_bytes < charges->relieved_bytes) {
        charges->is_pressed = false;
    }
    charges->relief_bytes = charges->is_pressed ? 0 : charges->pressure_bytes;
    if (used_bytes >= charges->limit_bytes)
        charges->is_yielding = true;
}

/* At the limit somebody has to go. Just below it the stale make room for who is within the shares.
 */
static void make_room(struct te_stack *stack)
{
    struct te_charges *charges = &stack->charges;
    uint64_t max_bytes = stack->config.memory_max_bytes;
    uint64_t goal_bytes = charges->limit_bytes - max_bytes / HYSTERESIS_PART;
    uint64_t wanted_bytes = at_most(charges->wanted_bytes, goal_bytes / 2);
    charges->wanted_bytes = 0;
    if (charges->is_yielding)
        charges->is_yielding = !yield_down_to(stack, goal_bytes, TIER_USEFUL);
    else if (wanted_bytes > 0)
        yield_down_to(stack, goal_bytes - wanted_bytes, TIER_STALE);
}

void te_relief_work(struct te_stack *stack)
{
    struct te_charges *charges = &stack->charges;
    note_level(stack);
    if (charges->is_pressed && stack->now_us >= charges->next_pass_at_us) {
        charges->next_pass_at_us = stack->now_us + PASS_INTERVAL_US;
        pass(stack);
    }
    make_room(stack);
}

/* An episode begins and ends at once; in between there is something to do while somebody holds
 * stream memory. */
int64_t te_relief_work_at_us(const struct te_stack *stack)
{
    const struct te_charges *charges = &stack->charges;
    if (charges->is_yielding || charges->wanted_bytes > 0 || !charges->is_pressed ||
        stack->memory.used_bytes < charges->relieved_bytes)
        return stack->now_us;
    return charges->holder_count > 0 ? charges->next_pass_at_us : TE_NEVER;
}
