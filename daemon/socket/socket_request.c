#include "socket/socket_request.h"

#include <errno.h>
#include <unistd.h>

#include "rpc/rpc_local.h"
#include "socket/socket_answer.h"
#include "socket/socket_flow.h"
#include "socket/socket_listener.h"
#include "socket/socket_open.h"
#include "socket/socket_option.h"
#include "socket/socket_table.h"
#include "util/message.h"

/* --- those that make a socket ----------------------------------------------------------------- */

/* Answers with the program's end, which is closed here. A program that does not get it any more has
 * it closed by that. */
static bool answer_made(struct socket_link *link, const struct socket *socket, int program_fd)
{
    struct socket_answer answer = socket_answer_make(0);
    socket_answer_describe(socket, &answer);
    bool is_sent = socket_answer_send(link, &answer, program_fd);
    close(program_fd);
    return is_sent;
}

static bool answer_error(struct socket_link *link, int error)
{
    struct socket_answer answer = socket_answer_make(error);
    return socket_answer_send(link, &answer, -1);
}

static bool make(struct socket_link *link, const struct socket_request *request)
{
    int program_fd, error;
    if (request->argument != AF_INET && request->argument != AF_INET6)
        return answer_error(link, EAFNOSUPPORT);
    struct socket *socket =
        socket_table_new(link->owner, (uint16_t)request->argument, &program_fd, &error);
    return socket != NULL ? answer_made(link, socket, program_fd) : answer_error(link, error);
}

static uint16_t family_of(const struct rpc *rpc, uint64_t id)
{
    struct te_status status;
    bool is_known = te_status(rpc_stack(rpc), id, &status) == TE_OK;
    return is_known && !te_addr_is_v4(&status.remote.addr) ? AF_INET6 : AF_INET;
}

static bool wrap(struct socket_link *link, const struct socket_request *request)
{
    int program_fd, error;
    struct socket *socket = socket_table_new(link->owner, family_of(link->server->rpc, request->id),
                                             &program_fd, &error);
    if (socket == NULL)
        return answer_error(link, error);
    error = socket_open_wrap(socket, request);
    if (error == 0)
        return answer_made(link, socket, program_fd);
    socket_table_free(socket);
    close(program_fd);
    return answer_error(link, error);
}

/* --- those about a socket --------------------------------------------------------------------- */

static int get_peer(const struct socket *socket)
{
    return socket->state == SOCKET_CONNECTED ? 0 : ENOTCONN;
}

static int reset(struct socket *socket)
{
    if (socket->state != SOCKET_CONNECTED && socket->state != SOCKET_CONNECTING)
        return ENOTCONN;
    socket->server->rpc->counters.sockets_reset++;
    socket_answer_waiters(socket, ECONNABORTED);
    rpc_local_abort(&socket->owner->rpc_link, socket->id);
    pump_wake(socket->server->rpc->host.pump);
    socket->error = ECONNABORTED;
    socket_table_end(socket);
    return 0;
}

static int carry_out(struct socket *socket, const struct socket_request *request, int program_fd,
                     struct socket_answer *answer)
{
    switch (request->op) {
    case SOCKET_OP_CONNECT:
        return socket_open_connect(socket, request, program_fd);
    case SOCKET_OP_BIND:
        return socket_open_bind(socket, request);
    case SOCKET_OP_LISTEN:
        return socket_listener_open(socket, request, program_fd);
    case SOCKET_OP_GETSOCKNAME:
        return 0;
    case SOCKET_OP_GETPEERNAME:
        return get_peer(socket);
    case SOCKET_OP_SETSOCKOPT:
        return socket_option_set(socket, request);
    case SOCKET_OP_GETSOCKOPT:
        return socket_option_get(socket, request, answer);
    default:
        return reset(socket);
    }
}

/* connect(2) that waits: the link is answered with the outcome. */
static void wait(struct socket_link *link, struct socket *socket, int program_fd)
{
    link->waits_for = socket;
    link->carried_fd = program_fd;
    TAILQ_INSERT_TAIL(&socket->waiters, link, in_waiters);
}

static bool use(struct socket_link *link, const struct socket_request *request, int program_fd)
{
    struct socket_answer answer = socket_answer_make(0);
    struct socket *socket = socket_table_find(link->server, program_fd);
    if (socket == NULL) {
        close(program_fd);
        link->server->rpc->counters.socket_requests_bad++;
        return answer_error(link, ENOTSOCK);
    }
    int error = carry_out(socket, request, program_fd, &answer);
    if (request->op == SOCKET_OP_CONNECT && error == EINPROGRESS &&
        (request->flags & SOCKET_NOWAIT) == 0) {
        wait(link, socket, program_fd);
        return true;
    }
    socket_table_widen(socket, program_fd);
    close(program_fd);
    answer.error = (uint32_t)error;
    socket_answer_describe(socket, &answer);
    return socket_answer_send(link, &answer, -1);
}

/* --- checks ----------------------------------------------------------------------------------- */

static bool makes_socket(const struct socket_request *request)
{
    return request->op == SOCKET_OP_SOCKET || request->op == SOCKET_OP_WRAP;
}

/* 0, or the errno of a request that cannot be. */
static int check(const struct socket_request *request, ssize_t len, int passed_fd)
{
    if (len != (ssize_t)sizeof(*request) || request->magic != SOCKET_MAGIC ||
        request->version != SOCKET_VERSION)
        return EPROTO;
    if (request->op == SOCKET_OP_NONE || request->op >= SOCKET_OP_COUNT ||
        (request->flags & ~SOCKET_NOWAIT) != 0 || request->length > SOCKET_VALUE_MAX)
        return EINVAL;
    if (makes_socket(request) ? passed_fd != MESSAGE_NO_FD : passed_fd < 0)
        return EBADF;
    return 0;
}

bool socket_request_handle(struct socket_link *link, const struct socket_request *request,
                           ssize_t len, int passed_fd)
{
    int error = check(request, len, passed_fd);
    link->server->rpc->counters.socket_requests++;
    if (error != 0) {
        link->server->rpc->counters.socket_requests_bad++;
        if (passed_fd >= 0)
            close(passed_fd);
        return answer_error(link, error) && error != EPROTO;
    }
    if (request->op == SOCKET_OP_SOCKET)
        return make(link, request);
    return request->op == SOCKET_OP_WRAP ? wrap(link, request) : use(link, request, passed_fd);
}
