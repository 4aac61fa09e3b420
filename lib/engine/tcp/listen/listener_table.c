#include "tcp/listen/listener_table.h"

#include <assert.h>

#include "stack_internal.h"
#include "tcp/conn/charge.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/reset.h"
#include "tcp/conn/state.h"
#include "tcp/listen/remotes.h"
#include "tcp/listen/share.h"
#include "util/scan.h"

#define BACKLOG_DEFAULT 128
#define SYN_ACK_RETRIES_CROWDED 1

static struct te_listener **port_bucket(struct te_stack *stack, uint16_t port)
{
    return &stack->listeners.by_port[port % TE_LISTENER_BUCKETS];
}

static struct te_listener **id_bucket(struct te_stack *stack, uint64_t id)
{
    return &stack->listeners.by_id[id % TE_LISTENER_BUCKETS];
}

static void link_tables(struct te_stack *stack, struct te_listener *listener)
{
    struct te_listener **bucket = port_bucket(stack, listener->local.port);
    listener->next_by_port = *bucket;
    *bucket = listener;
    bucket = id_bucket(stack, listener->id);
    listener->next_by_id = *bucket;
    *bucket = listener;
    stack->listeners.count++;
}

void te_listener_append(struct te_stack *stack, struct te_listener *listener)
{
    struct te_listener **at = port_bucket(stack, listener->local.port);
    while (*at != NULL)
        at = &(*at)->next_by_port;
    *at = listener;
    at = id_bucket(stack, listener->id);
    while (*at != NULL)
        at = &(*at)->next_by_id;
    *at = listener;
    stack->listeners.count++;
}

void te_listener_unlink(struct te_stack *stack, struct te_listener *listener)
{
    struct te_listener **at = port_bucket(stack, listener->local.port);
    while (*at != listener)
        at = &(*at)->next_by_port;
    *at = listener->next_by_port;
    at = id_bucket(stack, listener->id);
    while (*at != listener)
        at = &(*at)->next_by_id;
    *at = listener->next_by_id;
    assert(stack->listeners.count > 0);
    stack->listeners.count--;
}

static bool is_of_family(unsigned family, const struct te_addr *addr)
{
    return family == TE_LISTEN_ANY || (family == TE_LISTEN_V4) == te_addr_is_v4(addr);
}

/* Whether both may get a SYN to the same address of ours. */
static bool may_meet(const struct te_listener *listener, const struct te_listen *listen)
{
    bool is_any = te_addr_is_unspecified(&listener->local.addr);
    bool wants_any = te_addr_is_unspecified(&listen->local.addr);
    if (is_any && wants_any)
        return listener->family == TE_LISTEN_ANY || listen->family == TE_LISTEN_ANY ||
               listener->family == listen->family;
    if (is_any)
        return is_of_family(listener->family, &listen->local.addr);
    return wants_any ? is_of_family(listen->family, &listener->local.addr)
                     : te_addr_equal(&listener->local.addr, &listen->local.addr);
}

static bool is_same_socket(const struct te_listener *listener, const struct te_listen *listen)
{
    return listener->local.port == listen->local.port &&
           listener->remote.port == listen->remote.port &&
           te_addr_equal(&listener->remote.addr, &listen->remote.addr) &&
           may_meet(listener, listen);
}

bool te_listener_is_taken(struct te_stack *stack, const struct te_listen *listen)
{
    struct te_listener *listener = *port_bucket(stack, listen->local.port);
    for (; listener != NULL; listener = listener->next_by_port)
        if (is_same_socket(listener, listen))
            return true;
    return false;
}

static uint32_t backlog_of(const struct te_stack *stack, const struct te_listen *listen)
{
    uint32_t backlog = listen->backlog == 0 ? BACKLOG_DEFAULT : listen->backlog;
    return backlog < stack->config.backlog_max ? backlog : stack->config.backlog_max;
}

void te_listener_record(struct te_stack *stack, struct te_listener *listener,
                        const struct te_state_change *change)
{
    struct te_state_subject subject = {
        listener->id,     listener->uid,     te_tag_number(stack, listener->tag_reference),
        &listener->local, &listener->remote, &listener->history};
    te_state_record(stack, &subject, change);
}

enum te_err te_listener_new(struct te_stack *stack, const struct te_listen *listen,
                            struct te_listener **ret_listener)
{
    if (te_listener_is_taken(stack, listen))
        return TE_ERR_ADDR_IN_USE;
    if (te_open_limit(stack, listen->uid, true) != TE_LIMIT_NONE)
        return TE_ERR_RESOURCES;
    uint32_t tag_reference = te_tag_join(stack, listen->uid, listen->tag);
    struct te_listener *listener = te_stack_alloc(stack, sizeof(*listener));
    if (listener == NULL || tag_reference == TE_TAG_NONE ||
        !te_owner_add_listener(stack, listen->uid)) {
        te_tag_leave(stack, tag_reference);
        te_stack_dealloc(stack, listener, sizeof(*listener));
        return TE_ERR_NOMEM;
    }
    listener->id = stack->next_id++;
    listener->local = listen->local;
    listener->remote = listen->remote;
    listener->uid = listen->uid;
    listener->tag_reference = tag_reference;
    listener->backlog = backlog_of(stack, listen);
    listener->family = (uint8_t)listen->family;
    listener->opened_at_us = stack->now_us;
    te_list_init(&listener->syn_queue);
    te_list_init(&listener->accept_queue);
    te_list_init(&listener->fast_open_list);
    listener->fast_open = listen->fast_open;
    te_ready_init(&listener->ready, listener->id);
    link_tables(stack, listener);
    struct te_state_change change = {TE_CLOSED, TE_LISTEN, TE_CAUSE_PASSIVE_OPEN, TE_OK, NULL};
    te_listener_record(stack, listener, &change);
    *ret_listener = listener;
    return TE_OK;
}

/* How well a listener fits; 0: not at all. The remote counts more than the local address. */
static unsigned fit(const struct te_listener *listener, const struct te_endpoint *local,
                    const struct te_endpoint *remote)
{
    unsigned score = 1;
    if (listener->local.port != local->port || !is_of_family(listener->family, &local->addr))
        return 0;
    if (!te_addr_is_unspecified(&listener->local.addr)) {
        if (!te_addr_equal(&listener->local.addr, &local->addr))
            return 0;
        score += 1;
    }
    if (!te_addr_is_unspecified(&listener->remote.addr)) {
        if (!te_addr_equal(&listener->remote.addr, &remote->addr))
            return 0;
        score += 4;
    }
    if (listener->remote.port != 0) {
        if (listener->remote.port != remote->port)
            return 0;
        score += 2;
    }
    return score;
}

struct te_listener *te_listener_find(const struct te_stack *stack, const struct te_endpoint *local,
                                     const struct te_endpoint *remote)
{
    struct te_listener *best = NULL;
    unsigned best_fit = 0;
    struct te_listener *listener = stack->listeners.by_port[local->port % TE_LISTENER_BUCKETS];
    for (; listener != NULL; listener = listener->next_by_port) {
        unsigned score = fit(listener, local, remote);
        if (score > best_fit) {
            best = listener;
            best_fit = score;
        }
    }
    return best;
}

struct te_listener *te_listener_find_id(const struct te_stack *stack, uint64_t id)
{
    struct te_listener *listener = stack->listeners.by_id[id % TE_LISTENER_BUCKETS];
    while (listener != NULL && listener->id != id)
        listener = listener->next_by_id;
    return listener;
}

bool te_listener_holds_port(const struct te_stack *stack, const struct te_endpoint *local)
{
    struct te_listener *listener = stack->listeners.by_port[local->port % TE_LISTENER_BUCKETS];
    for (; listener != NULL; listener = listener->next_by_port)
        if (listener->local.port == local->port &&
            (te_addr_equal(&listener->local.addr, &local->addr) ||
             (te_addr_is_unspecified(&listener->local.addr) &&
              is_of_family(listener->family, &local->addr))))
            return true;
    return false;
}

struct te_listener *te_listener_walk(const struct te_listener_table *table, uint64_t *cursor)
{
    do {
        uint32_t bucket = te_scan_bucket(*cursor, TE_LISTENER_BUCKETS - 1);
        struct te_listener *first = NULL;
        for (struct te_listener *at = table->by_id[bucket]; at != NULL; at = at->next_by_id)
            if (te_scan_is_ahead(*cursor, at->id) &&
                (first == NULL || te_scan_is_before(at->id, first->id)))
                first = at;
        if (first != NULL) {
            *cursor = first->id;
            return first;
        }
    } while (te_scan_next_bucket(cursor, TE_LISTENER_BUCKETS - 1));
    return NULL;
}

void te_listener_add_syn(struct te_listener *listener, struct te_conn *conn)
{
    conn->listener = listener;
    te_list_push_back(&listener->syn_queue, &conn->listener_link);
    listener->syn_count++;
}

static void enter_accept_queue(struct te_stack *stack, struct te_listener *listener,
                               struct te_conn *conn)
{
    assert(listener->accept_count < listener->backlog);
    te_list_push_back(&listener->accept_queue, &conn->listener_link);
    listener->accept_count++;
    conn->in_accept_queue = true;
    te_ready_add(stack, &listener->ready, TE_READY_ACCEPT);
}

void te_listener_add_fast_open(struct te_stack *stack, struct te_listener *listener,
                               struct te_conn *conn)
{
    conn->listener = listener;
    conn->fast_opened = conn->fast_open_pending = true;
    stack->counters.fast_open_passive++;
    listener->fast_open_count++;
    enter_accept_queue(stack, listener, conn);
}

static void settle_fast_open(struct te_listener *listener, struct te_conn *conn)
{
    assert(listener->fast_open_count > 0);
    conn->fast_open_pending = false;
    listener->fast_open_count--;
    if (!conn->in_accept_queue)
        te_listener_remove(conn);
}

/* No share of the memory is asked for: the connection is charged already, and completing its
 * handshake costs nothing. */
static enum te_drop_reason promotion_hindrance(const struct te_stack *stack,
                                               const struct te_listener *listener,
                                               const struct te_addr *remote)
{
    if (listener->accept_count >= listener->backlog)
        return TE_DROP_ACCEPT_QUEUE_FULL;
    return te_remotes_is_full(stack, remote) ? TE_DROP_REMOTE_LIMIT : TE_DROP_NONE;
}

enum te_drop_reason te_listener_hindrance(const struct te_stack *stack,
                                          const struct te_listener *listener,
                                          const struct te_addr *remote)
{
    enum te_drop_reason hindrance = promotion_hindrance(stack, listener, remote);
    if (hindrance != TE_DROP_NONE)
        return hindrance;
    return te_charge_admits(stack, listener->uid, remote) ? TE_DROP_NONE : TE_DROP_MEMORY_SHARE;
}

enum te_drop_reason te_listener_promote(struct te_stack *stack, struct te_conn *conn)
{
    struct te_listener *listener = conn->listener;
    assert(listener != NULL && conn->state == TE_SYN_RCVD);
    if (conn->fast_open_pending) {
        settle_fast_open(listener, conn);
        return TE_DROP_NONE;
    }
    enum te_drop_reason hindrance = promotion_hindrance(stack, listener, &conn->remote.addr);
    if (hindrance != TE_DROP_NONE)
        return hindrance;
    te_list_remove(&conn->listener_link);
    listener->syn_count--;
    enter_accept_queue(stack, listener, conn);
    return TE_DROP_NONE;
}

static void leave_accept_queue(struct te_conn *conn)
{
    conn->in_accept_queue = false;
    conn->listener->accept_count--;
    te_list_remove(&conn->listener_link);
}

void te_listener_accept(struct te_conn *conn)
{
    struct te_listener *listener = conn->listener;
    if (!conn->fast_open_pending) {
        te_listener_remove(conn);
        return;
    }
    leave_accept_queue(conn);
    te_list_push_back(&listener->fast_open_list, &conn->listener_link);
}

void te_listener_remove(struct te_conn *conn)
{
    struct te_listener *listener = conn->listener;
    if (listener == NULL)
        return;
    if (conn->in_accept_queue)
        leave_accept_queue(conn);
    else if (!conn->fast_opened)
        listener->syn_count--;
    if (conn->fast_open_pending)
        listener->fast_open_count--;
    conn->fast_open_pending = false;
    te_list_remove(&conn->listener_link);
    conn->listener = NULL;
}

bool te_listener_is_syn_queue_full(const struct te_stack *stack, const struct te_listener *listener)
{
    return listener->syn_count >= stack->config.syn_queue_max;
}

uint8_t te_listener_syn_ack_retries(const struct te_stack *stack,
                                    const struct te_listener *listener)
{
    uint8_t retries = stack->config.syn_ack_retries_max;
    bool is_crowded = listener->syn_count > stack->config.syn_queue_max / 2;
    return is_crowded && retries > SYN_ACK_RETRIES_CROWDED ? SYN_ACK_RETRIES_CROWDED : retries;
}
