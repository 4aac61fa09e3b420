#include "socket/socket_open.h"

#include <errno.h>
#include <string.h>
#include <tcpengine/buffers.h>

#include "rpc/rpc_local.h"
#include "session/object.h"
#include "socket/socket_answer.h"
#include "socket/socket_error.h"
#include "socket/socket_flow.h"
#include "socket/socket_option.h"
#include "socket/socket_pair.h"
#include "socket/socket_port.h"
#include "socket/socket_table.h"

static struct te_stack *stack_of(const struct socket *socket)
{
    return rpc_stack(socket->server->rpc);
}

bool socket_open_endpoint(const struct socket *socket, const struct socket_address *address,
                          struct te_endpoint *ret_endpoint)
{
    struct te_endpoint endpoint = {.port = address->port};
    memcpy(endpoint.addr.bytes, address->addr, sizeof(endpoint.addr.bytes));
    bool is_4 = te_addr_is_unspecified(&endpoint.addr) || te_addr_is_v4(&endpoint.addr);
    if (address->family != socket->family || (socket->family == AF_INET && !is_4))
        return false;
    *ret_endpoint = endpoint;
    return true;
}

/* --- BIND ------------------------------------------------------------------------------------- */

int socket_open_bind(struct socket *socket, const struct socket_request *request)
{
    struct te_endpoint local;
    if (!socket_open_endpoint(socket, &request->address, &local))
        return EAFNOSUPPORT;
    if (socket->state != SOCKET_NEW)
        return EINVAL;
    int error = socket_port_bind(socket, &local);
    if (error == 0)
        socket->state = SOCKET_BOUND;
    return error;
}

/* --- CONNECT ---------------------------------------------------------------------------------- */

static void remove_filler(struct socket *socket)
{
    socket_pair_empty(socket->fd, socket->filler_bytes);
    socket->filler_bytes = 0;
}

static void succeed(struct socket *socket)
{
    struct te_status status;
    if (te_status(stack_of(socket), socket->id, &status) == TE_OK) {
        socket->local = status.local;
        socket->remote = status.remote;
    }
    remove_filler(socket);
    socket_option_apply(socket); /* what counts from the handshake on only */
    socket_flow_begin(socket, socket->id);
    socket_answer_waiters(socket, 0);
}

/* Who waited may try again with the same socket; who did not sees an end that is closed. */
static void fail(struct socket *socket, int error)
{
    rpc_local_close(&socket->owner->rpc_link, socket->id);
    bool is_waited_for = !TAILQ_EMPTY(&socket->waiters) && socket->filler_bytes == 0;
    memset(&socket->remote, 0, sizeof(socket->remote));
    socket_table_set_id(socket, 0);
    socket->state = socket->has_port ? SOCKET_BOUND : SOCKET_NEW;
    socket_answer_waiters(socket, error);
    if (is_waited_for)
        return;
    socket->error = error;
    socket_table_end(socket);
}

void socket_open_look(struct socket *socket)
{
    struct te_position at;
    enum te_err err = te_position(stack_of(socket), socket->id, &at);
    if (err != TE_OK)
        fail(socket, socket_error_of_gone(socket->server->rpc, socket->id));
    else if (at.error != TE_OK)
        fail(socket, socket_error_of(at.error));
    else if (at.state != TE_SYN_SENT && at.state != TE_SYN_RCVD)
        succeed(socket);
}

void socket_open_detach(struct socket *socket, int program_fd)
{
    if (socket->state != SOCKET_CONNECTING || socket->filler_bytes != 0)
        return;
    socket->filler_bytes = socket_pair_fill(program_fd);
    socket->is_outcome_due = true;
}

/* RFC 1122 4.2.3.10: TCP has no connections to many; as Linux says it. */
static bool is_for_many(const struct te_addr *addr)
{
    return te_addr_is_v4(addr) ? addr->bytes[12] >= 224 : addr->bytes[0] == 0xff;
}

static int start(struct socket *socket, const struct te_endpoint *remote)
{
    bool is_only_6 = socket_option_is_on(socket, SOCKET_OPTION_V6ONLY);
    if (is_for_many(&remote->addr) || (is_only_6 && te_addr_is_v4(&remote->addr)))
        return ENETUNREACH;

    const struct rpc_local_open open = {.local = socket->local, .remote = *remote};
    struct rpc_local_opened opened;
    if (rpc_local_open(&socket->owner->rpc_link, &open, &opened) != PB_OK)
        return socket_error_of_answer(socket->server->rpc);
    socket->state = SOCKET_CONNECTING;
    socket->error = 0;
    socket->remote = *remote;
    socket_table_set_id(socket, opened.id);
    socket_option_apply(socket);
    return EINPROGRESS;
}

/* connect(2) on a socket that is not new. */
static int connect_again(struct socket *socket, bool is_nowait)
{
    int error = socket->error;
    switch (socket->state) {
    case SOCKET_CONNECTING:
        return is_nowait ? EALREADY : EINPROGRESS;
    case SOCKET_CONNECTED:
        if (!socket->is_outcome_due)
            return EISCONN;
        socket->is_outcome_due = false;
        return 0;
    case SOCKET_ENDED:
        socket->error = 0;
        return error != 0 ? error : ECONNABORTED;
    default:
        return EISCONN; /* a listener */
    }
}

int socket_open_connect(struct socket *socket, const struct socket_request *request, int program_fd)
{
    struct te_endpoint remote;
    bool is_nowait = (request->flags & SOCKET_NOWAIT) != 0;
    if (socket->state != SOCKET_NEW && socket->state != SOCKET_BOUND) {
        if (is_nowait)
            socket_open_detach(socket, program_fd); /* it has waited, and does no longer */
        return connect_again(socket, is_nowait);
    }
    if (!socket_open_endpoint(socket, &request->address, &remote))
        return EAFNOSUPPORT;
    int error = start(socket, &remote);
    if (error == EINPROGRESS && is_nowait)
        socket_open_detach(socket, program_fd);
    return error;
}

/* --- WRAP ------------------------------------------------------------------------------------- */

static int find(struct socket *socket, uint64_t id, struct rpc_local_opened *ret_opened)
{
    switch (rpc_local_find(&socket->owner->rpc_link, id, ret_opened)) {
    case PB_OK:
        return 0;
    case PB_PERMISSION:
        return EPERM;
    case PB_BAD_STATE:
        return EINVAL;
    default:
        return ENOENT;
    }
}

/* The end of the session that it was opened in no longer concerns it. */
static void leave_session(struct socket *socket, uint64_t id)
{
    struct rpc *rpc = socket->server->rpc;
    struct object *object = object_find(rpc->objects, id);
    if (object != NULL)
        object_move(object, NULL);
    te_set_kept(rpc_stack(rpc), id, false);
}

/* What its program has had already. */
static int release_taken(struct socket *socket, const struct socket_request *request)
{
    struct rpc *rpc = socket->server->rpc;
    const struct object *object = object_find(rpc->objects, request->id);
    uint64_t taken = object != NULL ? object_shown_to(object) : 0;
    if (request->length != 0 && request->length != sizeof(taken))
        return EINVAL;
    if (request->length != 0)
        memcpy(&taken, request->value, sizeof(taken));
    enum te_err err = te_receive_release(rpc_stack(rpc), request->id, taken, rpc_now_us(rpc));
    return err == TE_ERR_OFFSET ? EINVAL : 0;
}

int socket_open_wrap(struct socket *socket, const struct socket_request *request)
{
    uint64_t id = request->id;
    struct te_send_place place;
    struct rpc_local_opened opened;
    int error = find(socket, id, &opened);
    if (error != 0)
        return error;
    enum te_err err =
        te_send_place(stack_of(socket), id, 0, &place, rpc_now_us(socket->server->rpc));
    if (err == TE_ERR_STATE || socket_table_find_id(socket->server, id) != NULL)
        return EBUSY; /* a channel has it, or a socket */
    error = release_taken(socket, request);
    if (error != 0)
        return error;
    leave_session(socket, id);
    socket->local = opened.local;
    socket->remote = opened.remote;
    socket_table_set_id(socket, id);
    socket->state = SOCKET_CONNECTING; /* perhaps it still is */
    socket_open_look(socket);
    return 0;
}
