#include "tcp/yield.h"

#include "stack_internal.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/reset.h"
#include "tcp/life.h"
#include "tcp/listen/share.h"

/* Connections looked at for one that yields. A user that is asked to has many, so it rarely fails.
 */
#define STEPS_MAX 256
/* Ended per call. More than one is needed when root has used its reserve. */
#define YIELDS_MAX 64

static uint32_t held(const struct te_owner *owner, bool is_listener)
{
    if (owner == NULL)
        return 0;
    return is_listener ? owner->listeners : owner->connections;
}

/* The uid without a program that has most, if that is more than uid has. */
static const struct te_owner *choose(const struct te_stack *stack, uint32_t uid, bool is_listener)
{
    const struct te_owner *most = NULL;
    uint32_t least = held(te_owner_find(stack, uid), is_listener);
    for (unsigned i = 0; i < TE_OWNER_BUCKETS; i++) {
        for (const struct te_owner *owner = stack->owners.buckets[i]; owner != NULL;
             owner = owner->next) {
            if (!owner->is_gone || held(owner, is_listener) <= least)
                continue;
            most = owner;
            least = held(owner, is_listener);
        }
    }
    return most;
}

/* One that its user has closed is on its way out, and may still have something to deliver. */
static bool may_yield(const struct te_conn *conn, uint32_t uid)
{
    return conn->uid == uid && !conn->is_kept && !conn->user_closed;
}

static void end(struct te_stack *stack, struct te_conn *conn)
{
    struct te_death death = {TE_CLOSED, TE_CAUSE_LIMIT, TE_ERR_ABORTED, NULL};
    stack->counters.limit_yields++;
    if (conn->is_remains) {
        te_conn_end_user(stack, conn);
        return;
    }
    te_reset_conn(stack, conn);
    conn->user_closed = true;
    te_conn_end_protocol(stack, conn, &death);
}

static bool yield_connection(struct te_stack *stack, uint32_t uid)
{
    const struct te_owner *owner = choose(stack, uid, false);
    for (unsigned i = 0; owner != NULL && i < STEPS_MAX; i++) {
        struct te_conn *conn = te_conn_table_walk(&stack->conns, &stack->yield_cursor);
        if (conn == NULL) {
            stack->yield_cursor = 0;
        } else if (may_yield(conn, owner->uid)) {
            end(stack, conn);
            return true;
        }
    }
    return false;
}

static bool yield_listener(struct te_stack *stack, uint32_t uid)
{
    const struct te_owner *owner = choose(stack, uid, true);
    struct te_listener *listener;
    uint64_t cursor = 0;
    if (owner == NULL)
        return false;
    while ((listener = te_listener_walk(&stack->listeners, &cursor)) != NULL) {
        if (listener->uid != owner->uid || listener->is_kept)
            continue;
        stack->counters.limit_yields++;
        te_listener_close(stack, listener, TE_CAUSE_LIMIT);
        return true;
    }
    return false;
}

enum te_limit te_yield_to_connection(struct te_stack *stack, uint32_t uid, bool is_peers)
{
    enum te_limit limit;
    unsigned left = YIELDS_MAX;
    do
        limit = is_peers ? te_share_of_peer(stack, uid) : te_open_limit(stack, uid, false);
    while (limit == TE_LIMIT_CONNECTIONS && left-- > 0 && yield_connection(stack, uid));
    return limit;
}

enum te_limit te_yield_to_listener(struct te_stack *stack, uint32_t uid)
{
    enum te_limit limit;
    unsigned left = YIELDS_MAX;
    do
        limit = te_open_limit(stack, uid, true);
    while (limit == TE_LIMIT_LISTENERS && left-- > 0 && yield_listener(stack, uid));
    return limit;
}

void te_set_kept(struct te_stack *stack, uint64_t id, bool is_kept)
{
    struct te_conn *conn = te_conn_table_find_id(stack, id);
    struct te_listener *listener = te_listener_find_id(stack, id);
    if (conn != NULL)
        conn->is_kept = is_kept;
    if (listener != NULL)
        listener->is_kept = is_kept;
}
