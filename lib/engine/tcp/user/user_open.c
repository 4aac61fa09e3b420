/* OPEN (RFC 9293 3.10.1), and accepting connections from a listener. */
#include "ip/ip.h"
#include "stack_internal.h"
#include "tcp/conn/charge.h"
#include "tcp/conn/conn.h"
#include "tcp/conn/send_buffer.h"
#include "tcp/conn/state.h"
#include "tcp/life.h"
#include "tcp/listen/fast_open.h"
#include "tcp/listen/listener_table.h"
#include "tcp/listen/port.h"
#include "tcp/relief.h"
#include "tcp/yield.h"

static enum te_err check_remote(const struct te_stack *stack, const struct te_endpoint *remote)
{
    if (te_addr_is_unspecified(&remote->addr) || remote->port == 0)
        return TE_ERR_REMOTE_UNSPECIFIED;
    if (!te_ip_is_unicast(stack, &remote->addr) || te_ip_is_local(stack, &remote->addr))
        return TE_ERR_INVALID;
    return TE_OK;
}

/* The local address: the user's, the listener's, or the route's. */
static enum te_err choose_local(struct te_stack *stack, const struct te_open *open,
                                struct te_conn_birth *birth)
{
    struct te_path path;
    enum te_err err = te_ip_route(stack, &open->remote.addr, &path);
    if (err != TE_OK)
        return err;
    birth->next_hop = path.next_hop;
    birth->remote = open->remote;
    birth->local = open->local;
    if (te_addr_is_unspecified(&open->local.addr))
        birth->local.addr = path.source;
    if (!te_ip_is_local(stack, &birth->local.addr) ||
        te_addr_is_v4(&birth->local.addr) != te_addr_is_v4(&open->remote.addr))
        return TE_ERR_ADDR_NOT_AVAILABLE;
    if (te_port_share_is_used_up(stack, &birth->local, &birth->remote, open->uid))
        return TE_ERR_PORT_SHARE;
    if (birth->local.port == 0)
        birth->local.port = te_port_choose(stack, &birth->local, &birth->remote);
    if (birth->local.port == 0)
        return TE_ERR_ADDR_IN_USE;
    if (te_port_is_taken(stack, &birth->local, &birth->remote))
        return TE_ERR_EXISTS;
    return TE_OK;
}

/* The passive OPEN that turns active (3.10.1, LISTEN): id and history are kept. */
static struct te_conn *turn_active(struct te_stack *stack, struct te_listener *listener,
                                   struct te_conn_birth *birth, enum te_err *ret_err)
{
    birth->id = listener->id;
    birth->state = TE_LISTEN;
    struct te_conn *conn = te_conn_new(stack, birth, ret_err);
    if (conn == NULL)
        return NULL;
    conn->was_passive = false;
    te_port_note(stack, conn);
    te_history_clear(&conn->history, &stack->config.allocator);
    conn->history = te_history_move(&listener->history);
    te_charge_update(stack, conn);
    te_listener_free(stack, listener);
    return conn;
}

static enum te_err find_listener(struct te_stack *stack, uint64_t id,
                                 struct te_listener **ret_listener)
{
    *ret_listener = NULL;
    if (id == 0)
        return TE_OK;
    *ret_listener = te_listener_find_id(stack, id);
    if (*ret_listener != NULL)
        return TE_OK;
    return te_conn_table_find_id(stack, id) != NULL ? TE_ERR_EXISTS : TE_ERR_NO_CONNECTION;
}

/* Whether uid may have one connection more, after what may yield has yielded. False: counted. */
static bool has_room(struct te_stack *stack, uint32_t uid)
{
    enum te_limit limit = te_yield_to_connection(stack, uid, false);
    stack->counters.conn_limit += limit == TE_LIMIT_CONNECTIONS; /* no drop: there is no segment */
    stack->counters.conn_uid_limit += limit == TE_LIMIT_CONNECTIONS_UID; /* no drop: as above */
    return limit == TE_LIMIT_NONE;
}

enum te_err te_open_active(struct te_stack *stack, const struct te_open *open, uint64_t *ret_id,
                           int64_t now_us)
{
    te_stack_set_now(stack, now_us);
    te_relief_run(stack);
    struct te_listener *listener;
    enum te_err err = find_listener(stack, open->listener_id, &listener);
    if (err == TE_OK)
        err = check_remote(stack, &open->remote);
    if (err != TE_OK)
        return err;
    struct te_open wanted = *open;
    if (listener != NULL)
        wanted.local = listener->local;
    struct te_conn_birth birth = {.uid = open->uid, .tag = open->tag, .state = TE_CLOSED};
    err = choose_local(stack, &wanted, &birth);
    if (err != TE_OK)
        return err;
    if (!te_charge_admits(stack, open->uid, NULL)) {
        stack->counters.memory_share_limit++; /* no drop: there is no segment */
        return TE_ERR_MEMORY_SHARE;
    }
    if (!has_room(stack, open->uid))
        return TE_ERR_RESOURCES;
    struct te_conn *conn = listener != NULL ? turn_active(stack, listener, &birth, &err)
                                            : te_conn_new(stack, &birth, &err);
    if (conn == NULL)
        return err;
    conn->is_accepted = true;
    if (open->data_len > 0)
        te_send_append(stack, conn, open->data, open->data_len);
    if (open->fast_open)
        te_fast_open_begin(stack, conn);
    te_conn_set_state(stack, conn, TE_SYN_SENT, TE_CAUSE_ACTIVE_OPEN, NULL);
    te_conn_want_output(stack, conn);
    *ret_id = conn->id;
    return TE_OK;
}

static bool is_family_right(const struct te_listen *listen)
{
    if ((unsigned)listen->family >= TE_LISTEN_FAMILY_COUNT)
        return false;
    return listen->family == TE_LISTEN_ANY || te_addr_is_unspecified(&listen->local.addr);
}

uint16_t te_listen_port(struct te_stack *stack, const struct te_listen *listen)
{
    uint16_t port = listen->local.port;
    if (port == 0)
        return te_port_choose(stack, &listen->local, &listen->remote);
    return te_listener_is_taken(stack, listen) ? 0 : port;
}

enum te_err te_open_passive(struct te_stack *stack, const struct te_listen *listen,
                            uint64_t *ret_id, int64_t now_us)
{
    te_stack_set_now(stack, now_us);
    if (listen->local.port == 0 || !is_family_right(listen))
        return TE_ERR_INVALID;
    if (!te_addr_is_unspecified(&listen->local.addr) && !te_ip_is_local(stack, &listen->local.addr))
        return TE_ERR_ADDR_NOT_AVAILABLE;
    if (!te_addr_is_unspecified(&listen->remote.addr) &&
        !te_ip_is_unicast(stack, &listen->remote.addr))
        return TE_ERR_INVALID;
    struct te_listener *listener;
    enum te_err err = te_listener_new(stack, listen, &listener);
    if (err == TE_ERR_RESOURCES && te_yield_to_listener(stack, listen->uid) == TE_LIMIT_NONE)
        err = te_listener_new(stack, listen, &listener);
    stack->counters.listener_limit += err == TE_ERR_RESOURCES;
    if (err == TE_OK)
        *ret_id = listener->id;
    return err;
}

enum te_err te_accept(struct te_stack *stack, uint64_t listener_id, uint32_t uid, uint64_t *ret_id,
                      int64_t now_us)
{
    te_stack_set_now(stack, now_us);
    struct te_listener *listener = te_listener_find_id(stack, listener_id);
    if (listener == NULL)
        return te_conn_table_find_id(stack, listener_id) != NULL ? TE_ERR_NOT_LISTENER
                                                                 : TE_ERR_NO_CONNECTION;
    if (te_list_is_empty(&listener->accept_queue))
        return TE_ERR_AGAIN;
    struct te_conn *conn = te_conn_of_listener_link(listener->accept_queue.next);
    if (!te_charge_move(stack, conn, uid))
        return TE_ERR_NOMEM;
    te_listener_accept(conn);
    conn->is_accepted = true;
    if (listener->accept_count > 0)
        te_ready_add(stack, &listener->ready, TE_READY_ACCEPT);
    *ret_id = conn->id;
    return TE_OK;
}
