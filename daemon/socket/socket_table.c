#include "socket/socket_table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "socket/socket_owner.h"
#include "socket/socket_pair.h"
#include "socket/socket_port.h"

/* How long a program may ask why its socket has failed, and how many such sockets there are. */
#define REMEMBER_US (30 * TE_SECOND)
#define REMEMBER_MAX 16384u
/* What the kernel holds for programs that don't read counts as the daemon's memory. The nth of the
 * sockets that there are gets at most an nth of this: all of them together, however they come and
 * go, at most ln(n) times as much (0.7 GiB with 65,536). */
#define BUFFERS_BYTES (128u * 1024 * 1024)
#define EVENTS_ALWAYS (EPOLLIN | EPOLLRDHUP | EPOLLET)

/* --- look-up ---------------------------------------------------------------------------------- */

static struct socket_bucket *cookie_bucket(struct socket_server *server, uint64_t cookie)
{
    return &server->by_cookie[cookie & (SOCKET_BUCKETS - 1)];
}

static struct socket_bucket *id_bucket(struct socket_server *server, uint64_t id)
{
    return &server->by_id[id & (SOCKET_BUCKETS - 1)];
}

struct socket *socket_table_find(const struct socket_server *server, int program_fd)
{
    uint64_t cookie;
    struct socket *socket;
    if (!socket_pair_cookie(program_fd, &cookie))
        return NULL;
    SLIST_FOREACH(socket, &server->by_cookie[cookie & (SOCKET_BUCKETS - 1)], in_cookie)
    {
        if (socket->cookie == cookie)
            return socket;
    }
    return NULL;
}

struct socket *socket_table_find_id(const struct socket_server *server, uint64_t id)
{
    struct socket *socket;
    SLIST_FOREACH(socket, &server->by_id[id & (SOCKET_BUCKETS - 1)], in_id)
    {
        if (socket->id == id)
            return socket;
    }
    return NULL;
}

void socket_table_set_id(struct socket *socket, uint64_t id)
{
    if (socket->id != 0)
        SLIST_REMOVE(id_bucket(socket->server, socket->id), socket, socket, in_id);
    socket->id = id;
    if (id != 0)
        SLIST_INSERT_HEAD(id_bucket(socket->server, id), socket, in_id);
}

/* --- events ----------------------------------------------------------------------------------- */

static bool watch(struct socket *socket, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data = {.ptr = socket}};
    return epoll_ctl(socket->server->events_fd, operation, socket->fd, &event) == 0;
}

void socket_table_watch_writable(struct socket *socket, bool is_wanted)
{
    if (socket->watches_writable == is_wanted || socket->fd < 0)
        return;
    socket->watches_writable = is_wanted;
    watch(socket, EPOLL_CTL_MOD, is_wanted ? EVENTS_ALWAYS | EPOLLOUT : EVENTS_ALWAYS);
}

void socket_table_queue(struct socket *socket)
{
    turns_queue(rpc_turns(socket->server->rpc), socket->owner->share, &socket->job);
}

/* --- life ------------------------------------------------------------------------------------- */

int socket_table_room(const struct socket_owner *owner)
{
    const struct socket_server *server = owner->server;
    if (server->rpc->sockets >= server->options.max)
        return ENFILE;
    uint32_t uid = owner->rpc_link.account->uid;
    return socket_owner_count(server, uid) >= server->options.per_uid_max ? EMFILE : 0;
}

static struct socket *record_new(struct socket_owner *owner, uint16_t family)
{
    struct socket *socket = calloc(1, sizeof(*socket));
    if (socket == NULL)
        return NULL;
    socket->server = owner->server;
    socket->owner = socket_owner_ref(owner);
    socket->family = family;
    socket->state = SOCKET_NEW;
    socket->held_fd = -1;
    socket->may_write = true;
    socket->job = (struct fair_job){.run = owner->server->run, .owner = socket};
    TAILQ_INIT(&socket->waiters);
    return socket;
}

static void record_free(struct socket *socket)
{
    turns_drop(rpc_turns(socket->server->rpc), &socket->job);
    socket_owner_unref(socket->owner);
    free(socket);
}

/* The kernel's part. 0, or an errno. */
static int open_ends(struct socket *socket, int *ret_fd)
{
    struct socket_server *server = socket->server;
    const struct socket_name name = {rpc_boot_id(server->rpc), socket->number, socket->family};
    struct socket_pair pair;
    socket->buffer_bytes = BUFFERS_BYTES / (server->rpc->sockets + 1);
    int error = socket_pair_make(&name, socket->buffer_bytes, &pair);
    if (error != 0)
        return error;
    socket->fd = pair.daemon_fd;
    socket->cookie = pair.cookie;
    if (!watch(socket, EPOLL_CTL_ADD, EVENTS_ALWAYS)) {
        error = errno;
        close(pair.program_fd);
        close(pair.daemon_fd);
        return error;
    }
    *ret_fd = pair.program_fd;
    return 0;
}

struct socket *socket_table_new(struct socket_owner *owner, uint16_t family, int *ret_fd,
                                int *ret_error)
{
    struct socket_server *server = owner->server;
    *ret_error = socket_table_room(owner);
    struct socket *socket = *ret_error == 0 ? record_new(owner, family) : NULL;
    if (socket == NULL) {
        *ret_error = *ret_error != 0 ? *ret_error : ENOBUFS;
        return NULL;
    }
    socket->number = ++server->last_number;
    *ret_error = open_ends(socket, ret_fd);
    if (*ret_error != 0) {
        record_free(socket);
        return NULL;
    }
    server->rpc->sockets++;
    owner->sockets++;
    SLIST_INSERT_HEAD(cookie_bucket(server, socket->cookie), socket, in_cookie);
    server->rpc->counters.sockets_made++;
    return socket;
}

void socket_table_widen(struct socket *socket, int program_fd)
{
    if (socket->is_wide || socket->state != SOCKET_CONNECTED)
        return;
    socket->is_wide = true;
    socket_pair_widen(program_fd, socket->buffer_bytes);
}

static void close_end(struct socket *socket)
{
    if (socket->fd < 0)
        return;
    close(socket->fd);
    socket->fd = -1;
    if (socket->held_fd >= 0)
        close(socket->held_fd);
    socket->held_fd = -1;
    socket->server->rpc->sockets--;
    socket->owner->sockets--;
}

void socket_table_end(struct socket *socket)
{
    struct socket_server *server = socket->server;
    assert(TAILQ_EMPTY(&socket->waiters) && socket->listener == NULL);
    if (socket->state == SOCKET_ENDED)
        return;
    close_end(socket);
    socket_port_leave(socket);
    socket_table_set_id(socket, 0);
    socket->state = SOCKET_ENDED;
    socket->forget_at_us = rpc_now_us(server->rpc) + REMEMBER_US;
    TAILQ_INSERT_TAIL(&server->ended_sockets, socket, in_ended);
    if (++server->ended > REMEMBER_MAX)
        socket_table_free(TAILQ_FIRST(&server->ended_sockets));
}

void socket_table_free(struct socket *socket)
{
    struct socket_server *server = socket->server;
    assert(TAILQ_EMPTY(&socket->waiters) && socket->listener == NULL);
    if (socket->state == SOCKET_ENDED) {
        TAILQ_REMOVE(&server->ended_sockets, socket, in_ended);
        server->ended--;
    }
    close_end(socket);
    socket_port_leave(socket);
    socket_table_set_id(socket, 0);
    SLIST_REMOVE(cookie_bucket(server, socket->cookie), socket, socket, in_cookie);
    record_free(socket);
}

void socket_table_sweep(struct socket_server *server, int64_t now_us)
{
    struct socket *socket;
    while ((socket = TAILQ_FIRST(&server->ended_sockets)) != NULL && socket->forget_at_us <= now_us)
        socket_table_free(socket);
}
