#include "socket/socket_port.h"

#include <errno.h>
#include <poll.h>

#include "socket/socket_option.h"

/* Ports that are tried when one is to be chosen, and turns out to be a listener's on an address. */
#define CHOICES_MAX 16

static struct te_stack *stack_of(const struct socket *socket)
{
    return rpc_stack(socket->server->rpc);
}

static struct socket_bucket *bucket_of(const struct socket *socket)
{
    return &socket->server->by_port[socket->local.port % SOCKET_PORT_BUCKETS];
}

enum te_listen_family socket_port_family(const struct socket *socket)
{
    if (!te_addr_is_unspecified(&socket->local.addr))
        return TE_LISTEN_ANY;
    if (socket->family == AF_INET)
        return TE_LISTEN_V4;
    return socket_option_is_on(socket, SOCKET_OPTION_V6ONLY) ? TE_LISTEN_V6 : TE_LISTEN_ANY;
}

/* --- what is taken ---------------------------------------------------------------------------- */

/* Whether a SYN may be for both. */
static bool may_meet(const struct socket *socket, const struct socket *other)
{
    bool is_any = te_addr_is_unspecified(&socket->local.addr);
    bool is_other_any = te_addr_is_unspecified(&other->local.addr);
    enum te_listen_family family = socket_port_family(is_any ? socket : other);
    if (!is_any && !is_other_any)
        return te_addr_equal(&socket->local.addr, &other->local.addr);
    if (family == TE_LISTEN_ANY)
        return true;
    if (is_any && is_other_any)
        return socket_port_family(other) == TE_LISTEN_ANY || socket_port_family(other) == family;
    const struct te_addr *addr = is_any ? &other->local.addr : &socket->local.addr;
    return (family == TE_LISTEN_V4) == te_addr_is_v4(addr);
}

static bool have_both(const struct socket *socket, const struct socket *other,
                      enum socket_option option)
{
    return socket_option_is_on(socket, option) && socket_option_is_on(other, option);
}

/* As bind(2) of Linux decides. */
static bool is_tolerant(const struct socket *socket, const struct socket *other)
{
    bool is_same_uid = socket->owner->rpc_link.account == other->owner->rpc_link.account;
    if (have_both(socket, other, SOCKET_OPTION_REUSEPORT) && is_same_uid)
        return true;
    return have_both(socket, other, SOCKET_OPTION_REUSEADDR) && other->state != SOCKET_LISTENING;
}

/* Whether another socket is in the way; *ret_is_shared: one that is not listens there. */
static bool is_taken(const struct socket *socket, bool *ret_is_shared)
{
    const struct socket *other;
    *ret_is_shared = false;
    SLIST_FOREACH(other, bucket_of(socket), in_port)
    {
        if (other->local.port != socket->local.port || !may_meet(socket, other))
            continue;
        if (!is_tolerant(socket, other))
            return true;
        *ret_is_shared = *ret_is_shared || other->state == SOCKET_LISTENING;
    }
    return false;
}

/* --- BIND ------------------------------------------------------------------------------------- */

static struct te_listen listen_of(const struct socket *socket)
{
    return (struct te_listen){.local = socket->local, .family = socket_port_family(socket)};
}

static bool is_free(const struct socket *socket)
{
    bool is_shared;
    const struct te_listen listen = listen_of(socket);
    if (is_taken(socket, &is_shared))
        return false;
    return is_shared || te_listen_port(stack_of(socket), &listen) != 0;
}

/* close(2) returns to a program before the news of it is here. */
static bool is_closed(const struct socket *socket)
{
    struct pollfd end = {.fd = socket->fd};
    return socket->is_hung_up || (poll(&end, 1, 0) == 1 && (end.revents & POLLHUP) != 0);
}

/* One in the way that no program has any more, and that has no connection. NULL: there is none. */
static struct socket *find_closed(const struct socket *socket)
{
    struct socket *other;
    SLIST_FOREACH(other, bucket_of(socket), in_port)
    {
        bool is_alone = other->state == SOCKET_BOUND || other->state == SOCKET_LISTENING;
        if (other != socket && other->local.port == socket->local.port && is_alone &&
            may_meet(socket, other) && is_closed(other))
            return other;
    }
    return NULL;
}

/* Frees what was closed before this BIND was asked for. */
static void end_closed(struct socket *socket)
{
    struct socket *other;
    while ((other = find_closed(socket)) != NULL) {
        other->is_hung_up = true;
        socket->server->run(&other->job);
    }
}

static bool is_free_now(struct socket *socket)
{
    if (is_free(socket))
        return true;
    end_closed(socket);
    return is_free(socket);
}

static bool choose(struct socket *socket)
{
    for (unsigned i = 0; i < CHOICES_MAX; i++) {
        socket->local.port = 0;
        const struct te_listen listen = listen_of(socket);
        socket->local.port = te_listen_port(stack_of(socket), &listen);
        if (socket->local.port == 0)
            return false;
        if (is_free(socket))
            return true;
    }
    return false;
}

static int check_right(const struct socket *socket, uint16_t port)
{
    const struct rpc *rpc = socket->server->rpc;
    const struct rpc_link *link = &socket->owner->rpc_link;
    if (port == 0 || port >= RPC_PORT_FREE_FIRST || link->is_admin ||
        rpc_may_use_low_ports(&rpc->options, link->account->uid))
        return 0;
    return EACCES;
}

static bool is_ours(const struct te_stack *stack, const struct te_addr *addr)
{
    struct te_address_info info;
    for (unsigned i = 0; te_stack_address(stack, i, &info); i++)
        if (te_addr_equal(&info.cidr.addr, addr))
            return true;
    return false;
}

int socket_port_bind(struct socket *socket, const struct te_endpoint *local)
{
    if (!te_addr_is_unspecified(&local->addr) && !is_ours(stack_of(socket), &local->addr))
        return EADDRNOTAVAIL;
    int error = check_right(socket, local->port);
    if (error != 0)
        return error;
    socket->local = *local;
    if (local->port == 0 && socket_option_is_on(socket, SOCKET_OPTION_BIND_NO_PORT))
        return 0; /* CONNECT chooses one */
    if (local->port == 0 ? !choose(socket) : !is_free_now(socket)) {
        socket->local = (struct te_endpoint){.port = 0};
        return EADDRINUSE;
    }
    SLIST_INSERT_HEAD(bucket_of(socket), socket, in_port);
    socket->has_port = true;
    return 0;
}

void socket_port_leave(struct socket *socket)
{
    if (!socket->has_port)
        return;
    SLIST_REMOVE(bucket_of(socket), socket, socket, in_port);
    socket->has_port = false;
}
