#include "tcp/listen/port.h"

#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/tuple.h"
#include "tcp/listen/share.h"

#define DOMAIN_PORT 5

static uint32_t range_len(const struct te_config *config)
{
    return config->port_last - config->port_first + 1u;
}

/* --- what is taken ---------------------------------------------------------------------------- */

/* The uid that has the 4-tuple. False: nobody. */
static bool find_holder(const struct te_stack *stack, const struct te_endpoint *local,
                        const struct te_endpoint *remote, uint32_t *ret_uid)
{
    const struct te_conn *conn = te_conn_table_find(stack, local, remote);
    if (conn != NULL) {
        *ret_uid = conn->uid;
        return true;
    }
    uint32_t handle = te_time_wait_find(stack, local, remote);
    if (handle == TE_TIME_WAIT_NONE)
        return false;
    struct te_time_wait_view view;
    te_time_wait_view(stack, handle, &view);
    *ret_uid = view.uid;
    return true;
}

bool te_port_is_taken(const struct te_stack *stack, const struct te_endpoint *local,
                      const struct te_endpoint *remote)
{
    uint32_t uid;
    return find_holder(stack, local, remote, &uid);
}

/* What was in use without being noted is noted, so that it is found once only. */
static bool is_free(struct te_stack *stack, const struct te_endpoint *local,
                    const struct te_endpoint *remote)
{
    struct te_port_claim claim = {local, remote, 0};
    if (te_listener_holds_port(stack, local))
        return false;
    if (!find_holder(stack, local, remote, &claim.uid))
        return true;
    te_port_use_note(stack, &claim, true);
    return false;
}

void te_port_note(struct te_stack *stack, const struct te_conn *conn)
{
    struct te_port_claim claim = {&conn->local, &conn->remote, conn->uid};
    te_port_use_note(stack, &claim, true);
}

/* --- choosing --------------------------------------------------------------------------------- */

/* How many ports in a row are noted, from the one at offset `at` of the range on, which goes round.
 * At least as many as the range has: all. */
static uint32_t noted_run(const struct te_stack *stack, const struct te_addr *local,
                          const struct te_endpoint *remote, uint32_t at)
{
    const struct te_port_use *use = te_port_use_find(stack, local, remote);
    uint32_t first = stack->config.port_first, last = stack->config.port_last;
    if (use == NULL)
        return 0;
    uint32_t port = te_port_set_first_free(&use->ports, first + at, last);
    if (port <= last)
        return port - first - at;
    return te_port_set_first_free(&use->ports, first, last) + range_len(&stack->config) - first -
           at;
}

uint16_t te_port_choose(struct te_stack *stack, const struct te_endpoint *local,
                        const struct te_endpoint *remote)
{
    uint32_t count = range_len(&stack->config);
    struct te_endpoint candidate = {local->addr, 0};
    uint32_t offset = (uint32_t)te_tuple_hash(stack, DOMAIN_PORT, &candidate, remote);
    uint32_t start = (offset + stack->next_ephemeral) % count;
    for (uint32_t tried = 0; tried < count; tried++) {
        tried += noted_run(stack, &local->addr, remote, (start + tried) % count);
        if (tried >= count)
            break;
        candidate.port = (uint16_t)(stack->config.port_first + (start + tried) % count);
        if (!is_free(stack, &candidate, remote))
            continue;
        stack->next_ephemeral += tried + 1;
        return candidate.port;
    }
    stack->counters.port_exhausted++;
    return 0;
}

bool te_port_share_is_used_up(struct te_stack *stack, const struct te_endpoint *local,
                              const struct te_endpoint *remote, uint32_t uid)
{
    const struct te_config *config = &stack->config;
    uint32_t count = range_len(config);
    uint32_t share = te_share(count, config->connections_per_uid_percent);
    bool is_in_range = local->port >= config->port_first && local->port <= config->port_last;
    if (uid == 0 || share >= count || (local->port != 0 && !is_in_range))
        return false;
    if (te_port_use_count(te_port_use_find(stack, &local->addr, remote), uid) < share)
        return false;
    stack->counters.port_uid_limit++;
    return true;
}

/* --- invariant -------------------------------------------------------------------------------- */

static void sum_conns(const struct te_stack *stack, struct te_port_sum *sum)
{
    uint64_t cursor = 0;
    const struct te_conn *conn;
    while ((conn = te_conn_table_walk(&stack->conns, &cursor)) != NULL) {
        struct te_port_claim claim = {&conn->local, &conn->remote, conn->uid};
        if (!conn->is_remains)
            te_port_sum_claim(stack, &claim, sum);
    }
}

static void sum_time_wait(const struct te_stack *stack, struct te_port_sum *sum)
{
    const struct te_time_wait_table *table = &stack->time_wait;
    uint32_t handle = te_time_wait_next(table, TE_TIME_WAIT_NONE);
    for (; handle != TE_TIME_WAIT_NONE; handle = te_time_wait_next(table, handle)) {
        struct te_time_wait_view view;
        te_time_wait_view(stack, handle, &view);
        struct te_port_claim claim = {&view.local, &view.remote, view.uid};
        te_port_sum_claim(stack, &claim, sum);
    }
}

const char *te_port_check(const struct te_stack *stack)
{
    struct te_port_sum used = {0, 0}, noted = {0, 0};
    te_port_sum_uses(stack, &noted);
    if (noted.ports == 0 && stack->port_uses.root == NULL)
        return NULL;
    sum_conns(stack, &used);
    sum_time_wait(stack, &used);
    if (used.ports != noted.ports)
        return "ports toward remotes: one is noted that nobody has";
    return used.marks == noted.marks
               ? NULL
               : "ports toward remotes: the counts of uids differ from a recount";
}
