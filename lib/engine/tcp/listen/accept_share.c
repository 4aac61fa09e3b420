#include "tcp/listen/accept_share.h"

#include <assert.h>

#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/remote.h"
#include "util/mix.h"
#include "util/percent.h"

#define DOMAIN_ACCEPT 0x61

/* Each row takes its own bits of the hash. */
static uint32_t place_in(uint64_t hash, unsigned row)
{
    return (uint32_t)(hash >> (16 * row)) & (TE_ACCEPT_SHARE_ROW_LEN - 1);
}

bool te_accept_share_is_used_up(const struct te_stack *stack, const struct te_listener *listener,
                                const struct te_addr *remote)
{
    const struct te_config *config = &stack->config;
    uint32_t share =
        (uint32_t)te_percent_of(listener->backlog, config->connections_per_remote_percent);
    if (config->connections_per_remote_max == 0 || share == 0 ||
        listener->accept_count < listener->backlog - share)
        return false;
    uint64_t hash = te_remote_hash(stack, DOMAIN_ACCEPT, remote);
    for (unsigned row = 0; row < TE_ACCEPT_SHARE_ROWS; row++)
        if (listener->share.places[row][place_in(hash, row)] < share)
            return false;
    return true;
}

void te_accept_share_count(const struct te_stack *stack, struct te_listener *listener,
                           const struct te_addr *remote, int change)
{
    uint64_t hash = te_remote_hash(stack, DOMAIN_ACCEPT, remote);
    for (unsigned row = 0; row < TE_ACCEPT_SHARE_ROWS; row++) {
        uint32_t *place = &listener->share.places[row][place_in(hash, row)];
        assert(change > 0 || *place > 0);
        *place += (uint32_t)change;
    }
}

static uint64_t mark_of(unsigned row, uint32_t place)
{
    return te_mix((uint64_t)row << 32 | place);
}

static uint64_t sum_of_places(const struct te_listener *listener)
{
    uint64_t sum = 0;
    for (unsigned row = 0; row < TE_ACCEPT_SHARE_ROWS; row++)
        for (uint32_t i = 0; i < TE_ACCEPT_SHARE_ROW_LEN; i++)
            sum += listener->share.places[row][i] * mark_of(row, i);
    return sum;
}

bool te_accept_share_adds_up(const struct te_stack *stack, const struct te_listener *listener)
{
    uint64_t sum = 0;
    const struct te_list *queue = &listener->accept_queue;
    for (struct te_list *link = queue->next; link != queue; link = link->next) {
        const struct te_conn *conn = te_conn_of_listener_link(link);
        uint64_t hash = te_remote_hash(stack, DOMAIN_ACCEPT, &conn->remote.addr);
        for (unsigned row = 0; row < TE_ACCEPT_SHARE_ROWS; row++)
            sum += mark_of(row, place_in(hash, row));
    }
    return sum == sum_of_places(listener);
}
