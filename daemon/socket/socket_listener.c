#include "socket/socket_listener.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rpc/rpc_local.h"
#include "socket/socket_answer.h"
#include "socket/socket_error.h"
#include "socket/socket_flow.h"
#include "socket/socket_option.h"
#include "socket/socket_owner.h"
#include "socket/socket_pair.h"
#include "socket/socket_port.h"
#include "socket/socket_table.h"
#include "util/message.h"

#define GREETING_BYTES 1u

/* --- accepted connections --------------------------------------------------------------------- */

static struct socket_accepted record_of(const struct socket *accepted)
{
    return (struct socket_accepted){
        .magic = SOCKET_MAGIC,
        .version = SOCKET_VERSION,
        .id = accepted->id,
        .greeting_bytes = GREETING_BYTES,
        .local = socket_answer_address(&accepted->local, accepted->family),
        .remote = socket_answer_address(&accepted->remote, accepted->family),
    };
}

/* ETOOMANYREFS: too many descriptors are on their way; they become fewer as records are taken. */
static void on_unsendable(struct socket *member, int error)
{
    if (error == EAGAIN || error == ETOOMANYREFS) {
        socket_table_watch_writable(member, true);
        return;
    }
    member->is_hung_up = true; /* EPIPE: shutdown(2), as good as closed */
    socket_table_queue(member);
}

/* The held record finds room. False: it does not. */
static bool send_held(struct socket *member)
{
    if (member->held_fd < 0)
        return true;
    if (!message_send(member->fd, &member->held, sizeof(member->held), &member->held_fd, 1)) {
        on_unsendable(member, errno);
        return false;
    }
    close(member->held_fd);
    member->held_fd = -1;
    return true;
}

/* A socket for the connection, on its way to the program of member. */
static void hand_over(struct socket *member, const struct rpc_local_opened *opened)
{
    static const char greeting[GREETING_BYTES];
    struct socket_owner *owner = member->owner;
    int program_fd, error;
    struct socket *accepted = socket_table_new(owner, member->family, &program_fd, &error);
    if (accepted == NULL) {
        rpc_local_abort(&owner->rpc_link, opened->id);
        return;
    }
    accepted->local = opened->local;
    accepted->remote = opened->remote;
    accepted->options = member->options;
    message_send(accepted->fd, greeting, sizeof(greeting), NULL, 0);
    socket_table_set_id(accepted, opened->id);
    socket_option_apply(accepted);
    member->held = record_of(accepted);
    member->held_fd = program_fd;
    owner->server->rpc->counters.sockets_accepted++;
    socket_flow_begin(accepted, opened->id);
    socket_table_widen(accepted, program_fd);
    send_held(member);
}

/* The next one that has room for a record; NULL: none has. */
static struct socket *next_member(struct socket_listener *listener)
{
    struct socket *member;
    TAILQ_FOREACH(member, &listener->members, in_listener)
    {
        if (send_held(member))
            return member;
    }
    return NULL;
}

/* True: there may be more. */
static bool accept_one(struct socket_listener *listener)
{
    struct rpc_local_opened opened;
    struct socket *member = next_member(listener);
    listener->lacks_room = member != NULL && socket_table_room(member->owner) != 0;
    if (member == NULL || listener->lacks_room)
        return false;
    pb_code code = rpc_local_accept(&member->owner->rpc_link, listener->id, &opened);
    if (code != PB_OK)
        return false;
    hand_over(member, &opened);
    TAILQ_REMOVE(&listener->members, member, in_listener); /* now others come first */
    TAILQ_INSERT_TAIL(&listener->members, member, in_listener);
    return true;
}

static void on_job(struct fair_job *job)
{
    struct socket_listener *listener = job->owner;
    struct turns *turns = rpc_turns(listener->server->rpc);
    bool has_more = true;
    while (has_more && !turns_slice_is_over(turns))
        has_more = accept_one(listener);
    if (has_more)
        turns_queue(turns, listener->owner->share, job);
}

void socket_listener_queue(struct socket_listener *listener)
{
    turns_queue(rpc_turns(listener->server->rpc), listener->owner->share, &listener->job);
}

/* --- life ------------------------------------------------------------------------------------- */

struct socket_listener *socket_listener_find(const struct socket_server *server, uint64_t id)
{
    struct socket_listener *listener;
    SLIST_FOREACH(listener, &server->listeners_by_id[id % SOCKET_LISTENER_BUCKETS], in_id)
    {
        if (listener->id == id)
            return listener;
    }
    return NULL;
}

static struct socket_listener *listener_new(struct socket *socket, uint64_t id)
{
    struct socket_server *server = socket->server;
    struct socket_listener *listener = calloc(1, sizeof(*listener));
    if (listener == NULL)
        return NULL;
    listener->server = server;
    listener->owner = socket_owner_ref(socket->owner);
    listener->job = (struct fair_job){.run = on_job, .owner = listener};
    listener->id = id;
    listener->local = socket->local;
    TAILQ_INIT(&listener->members);
    SLIST_INSERT_HEAD(&server->listeners_by_id[id % SOCKET_LISTENER_BUCKETS], listener, in_id);
    TAILQ_INSERT_TAIL(&server->listeners, listener, in_all);
    return listener;
}

static void listener_free(struct socket_listener *listener)
{
    struct socket_server *server = listener->server;
    turns_drop(rpc_turns(server->rpc), &listener->job);
    SLIST_REMOVE(&server->listeners_by_id[listener->id % SOCKET_LISTENER_BUCKETS], listener,
                 socket_listener, in_id);
    TAILQ_REMOVE(&server->listeners, listener, in_all);
    socket_owner_unref(listener->owner);
    free(listener);
}

static void join(struct socket *socket, struct socket_listener *listener)
{
    socket->listener = listener;
    socket->state = SOCKET_LISTENING;
    TAILQ_INSERT_TAIL(&listener->members, socket, in_listener);
    socket_pair_narrow(socket->fd);
    socket_listener_queue(listener);
}

/* The listener is left alone when nobody is in it. */
static void leave(struct socket *socket)
{
    struct socket_listener *listener = socket->listener;
    TAILQ_REMOVE(&listener->members, socket, in_listener);
    socket->listener = NULL;
    socket_pair_empty(socket->fd, socket->filler_bytes); /* or its end would look like a reset */
    socket->filler_bytes = 0;
    if (!TAILQ_EMPTY(&listener->members)) {
        socket_listener_queue(listener);
        return;
    }
    rpc_local_close(&listener->owner->rpc_link, listener->id);
    pump_wake(listener->server->rpc->host.pump);
    listener_free(listener);
}

/* --- LISTEN ----------------------------------------------------------------------------------- */

/* One on the same address that may be shared, as both sides have said. */
static struct socket_listener *find_shared(const struct socket *socket)
{
    struct socket_listener *listener;
    if (!socket_option_is_on(socket, SOCKET_OPTION_REUSEPORT))
        return NULL;
    TAILQ_FOREACH(listener, &socket->server->listeners, in_all)
    {
        const struct socket *first = TAILQ_FIRST(&listener->members);
        if (listener->owner->rpc_link.account == socket->owner->rpc_link.account &&
            socket_port_family(first) == socket_port_family(socket) &&
            listener->local.port == socket->local.port &&
            te_addr_equal(&listener->local.addr, &socket->local.addr) &&
            socket_option_is_on(first, SOCKET_OPTION_REUSEPORT))
            return listener;
    }
    return NULL;
}

static int open_new(struct socket *socket, uint32_t backlog)
{
    struct rpc_link *link = &socket->owner->rpc_link;
    const struct rpc_local_open open = {.passive = true,
                                        .local = socket->local,
                                        .backlog = backlog == 0 ? 1 : backlog,
                                        .family = socket_port_family(socket)};
    struct rpc_local_opened opened;
    if (rpc_local_open(link, &open, &opened) != PB_OK)
        return socket_error_of_answer(socket->server->rpc);
    struct socket_listener *listener = listener_new(socket, opened.id);
    if (listener == NULL) {
        rpc_local_close(link, opened.id);
        return ENOBUFS;
    }
    join(socket, listener);
    return 0;
}

static int open_or_share(struct socket *socket, uint32_t backlog)
{
    struct socket_listener *listener = find_shared(socket);
    if (listener == NULL)
        return open_new(socket, backlog);
    join(socket, listener);
    return 0;
}

int socket_listener_open(struct socket *socket, const struct socket_request *request,
                         int program_fd)
{
    int error = 0;
    if (socket->state == SOCKET_LISTENING)
        return 0;
    if (socket->state != SOCKET_BOUND && socket->state != SOCKET_NEW)
        return EINVAL;
    if (!socket->has_port) { /* as listen(2) without bind(2) */
        const struct te_endpoint local = {.addr = socket->local.addr};
        error = socket_port_bind(socket, &local);
    }
    if (error == 0)
        error = open_or_share(socket, request->argument);
    if (error == 0)
        socket->filler_bytes = socket_pair_silence(program_fd, socket->fd);
    return error;
}

void socket_listener_look(struct socket *socket)
{
    if (socket->is_hung_up || socket->is_broken)
        socket_listener_close(socket);
    else
        socket_listener_queue(socket->listener);
}

/* An accepted connection that was still held is reset, as its end is closed with a byte unread. */
void socket_listener_close(struct socket *socket)
{
    leave(socket);
    socket_table_free(socket);
}

void socket_listener_end(struct socket_listener *listener)
{
    bool is_last;
    do {
        struct socket *socket = TAILQ_FIRST(&listener->members);
        is_last = TAILQ_NEXT(socket, in_listener) == NULL;
        leave(socket); /* with the last one the listener goes */
        socket_table_end(socket);
    } while (!is_last);
}
