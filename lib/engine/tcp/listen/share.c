#include "tcp/listen/share.h"

#include "stack_internal.h"
#include "util/percent.h"

uint32_t te_share(uint32_t max, uint8_t percent)
{
    uint32_t share = (uint32_t)te_percent_of(max, percent);
    uint32_t least = max < TE_SHARE_MIN ? max : TE_SHARE_MIN;
    return share > least ? share : least;
}

static uint32_t reserve_of(const struct te_stack *stack, uint32_t max)
{
    return (uint32_t)te_percent_of(max, stack->config.root_reserve_percent);
}

/* A share of everything is none. */
static bool is_used_up(uint32_t held, uint32_t share, uint32_t max)
{
    return share < max && held >= share;
}

/* A table, and what the uid in question has in it. */
struct use {
    uint32_t held, count, max;
    enum te_limit of_uid, of_all;
};

static enum te_limit limit_of(const struct te_stack *stack, const struct use *use, bool is_roots)
{
    if (!is_roots && is_used_up(use->held, te_limit_value(stack, use->of_uid), use->max))
        return use->of_uid;
    uint32_t reserve = is_roots ? 0 : reserve_of(stack, use->max);
    return use->count >= use->max - reserve ? use->of_all : TE_LIMIT_NONE;
}

static enum te_limit connection_limit(const struct te_stack *stack, uint32_t uid, bool is_roots)
{
    const struct te_owner *owner = te_owner_find(stack, uid);
    struct use use = {owner != NULL ? owner->connections : 0, stack->conns.count,
                      stack->config.conn_max, TE_LIMIT_CONNECTIONS_UID, TE_LIMIT_CONNECTIONS};
    return limit_of(stack, &use, is_roots);
}

static enum te_limit listener_limit(const struct te_stack *stack, uint32_t uid)
{
    const struct te_owner *owner = te_owner_find(stack, uid);
    struct use use = {owner != NULL ? owner->listeners : 0, stack->listeners.count,
                      stack->config.listeners_max, TE_LIMIT_LISTENERS_UID, TE_LIMIT_LISTENERS};
    return limit_of(stack, &use, uid == 0);
}

enum te_limit te_open_limit(const struct te_stack *stack, uint32_t uid, bool is_passive)
{
    return is_passive ? listener_limit(stack, uid) : connection_limit(stack, uid, uid == 0);
}

enum te_limit te_share_of_peer(const struct te_stack *stack, uint32_t uid)
{
    return connection_limit(stack, uid, false);
}

uint32_t te_limit_value(const struct te_stack *stack, enum te_limit limit)
{
    const struct te_config *config = &stack->config;
    switch (limit) {
    case TE_LIMIT_CONNECTIONS:
        return config->conn_max;
    case TE_LIMIT_CONNECTIONS_UID:
        return te_share(config->conn_max, config->connections_per_uid_percent);
    case TE_LIMIT_LISTENERS:
        return config->listeners_max;
    case TE_LIMIT_LISTENERS_UID:
        return te_share(config->listeners_max, config->listeners_per_uid_percent);
    case TE_LIMIT_NONE:
        break;
    }
    return 0;
}

const char *te_limit_key(enum te_limit limit)
{
    static const char *const keys[] = {[TE_LIMIT_NONE] = "",
                                       [TE_LIMIT_CONNECTIONS] = "conn_max",
                                       [TE_LIMIT_CONNECTIONS_UID] = "connections_per_uid_percent",
                                       [TE_LIMIT_LISTENERS] = "listeners_max",
                                       [TE_LIMIT_LISTENERS_UID] = "listeners_per_uid_percent"};
    return keys[limit];
}
