#include "socket/socket_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "socket/socket_answer.h"
#include "socket/socket_flow.h"
#include "socket/socket_link.h"
#include "socket/socket_listener.h"
#include "socket/socket_open.h"
#include "socket/socket_table.h"
#include "util/log.h"

#define TICK_MS 500
#define EVENTS_BATCH 256
#define EVENTS_ROUNDS_MAX 8

/* --- what the sockets have to do -------------------------------------------------------------- */

/* Without a connection that is open: the program may go, and an opening has an outcome. */
static void look_unconnected(struct socket *socket)
{
    if (socket->is_hung_up || socket->is_broken)
        socket_flow_close(socket);
    else if (socket->state == SOCKET_CONNECTING)
        socket_open_look(socket);
}

static void on_job(struct fair_job *job)
{
    struct socket *socket = job->owner;
    switch (socket->state) {
    case SOCKET_CONNECTED:
        if (socket_flow_run(socket))
            socket_table_queue(socket);
        break;
    case SOCKET_LISTENING:
        socket_listener_look(socket);
        break;
    default:
        look_unconnected(socket);
    }
}

/* Only notes: what follows from it happens in turns, where sockets may also be freed. */
static void note(struct socket *socket, uint32_t events)
{
    socket->may_read = socket->may_read || (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)) != 0;
    socket->is_read_shut = socket->is_read_shut || (events & (EPOLLRDHUP | EPOLLHUP)) != 0;
    socket->is_hung_up = socket->is_hung_up || (events & EPOLLHUP) != 0;
    socket->is_broken = socket->is_broken || (events & EPOLLERR) != 0;
    if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) {
        socket->may_write = true;
        socket_table_watch_writable(socket, false);
    }
    socket_table_queue(socket);
}

static void on_events(uv_poll_t *poll, int status, int events)
{
    struct socket_server *server = poll->data;
    struct epoll_event found[EVENTS_BATCH];
    (void)status;
    (void)events;
    for (unsigned round = 0; round < EVENTS_ROUNDS_MAX; round++) {
        int count = epoll_wait(server->events_fd, found, EVENTS_BATCH, 0);
        for (int i = 0; i < count; i++)
            note(found[i].data.ptr, found[i].events);
        if (count < EVENTS_BATCH)
            return;
    }
}

void socket_server_on_event(struct socket_server *server, const struct te_event *event)
{
    if (server == NULL || event->id == 0)
        return;
    struct socket *socket = socket_table_find_id(server, event->id);
    if (socket != NULL) {
        socket->is_end_due = socket->is_end_due || (event->ready & TE_READY_END) != 0;
        socket_table_queue(socket);
        return;
    }
    struct socket_listener *listener = socket_listener_find(server, event->id);
    if (listener == NULL)
        return;
    if ((event->ready & TE_READY_END) != 0)
        socket_listener_end(listener);
    else
        socket_listener_queue(listener);
}

static const struct socket *find_of(const struct socket_server *server, uint64_t id)
{
    const struct socket_listener *listener = socket_listener_find(server, id);
    return listener != NULL ? TAILQ_FIRST(&listener->members) : socket_table_find_id(server, id);
}

const char *socket_server_name(struct socket_server *server, uint64_t id)
{
    const struct socket *socket = server == NULL || id == 0 ? NULL : find_of(server, id);
    if (socket == NULL)
        return NULL;
    const struct socket_name name = {rpc_boot_id(server->rpc), socket->number, socket->family};
    socket_name_write(&name, &server->name); /* zero behind its end */
    return server->name.sun_path + 1;
}

/* --- who may come ----------------------------------------------------------------------------- */

static void admit(void *ctx, int fd)
{
    socket_link_new(ctx, fd);
}

static void on_tick(uv_timer_t *timer)
{
    struct socket_server *server = timer->data;
    struct socket_listener *listener;
    struct socket_link *link, *next;
    int64_t now_us = rpc_now_us(server->rpc);
    for (link = TAILQ_FIRST(&server->all_links); link != NULL; link = next) {
        next = TAILQ_NEXT(link, in_all);
        if (link->waits_for == NULL && link->until_us <= now_us)
            socket_link_end(link);
    }
    TAILQ_FOREACH(listener, &server->listeners, in_all)
    {
        if (listener->lacks_room)
            socket_listener_queue(listener);
    }
    socket_table_sweep(server, now_us);
    sp_door_look_again(&server->door);
}

/* --- life ------------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
    struct socket_server *server = handle->data;
    if (--server->open_handles == 0 && server->is_ended) {
        close(server->events_fd);
        free(server);
    }
}

static bool open_descriptors(struct socket_server *server)
{
    server->events_fd = epoll_create1(EPOLL_CLOEXEC);
    if (server->events_fd < 0) {
        log_write(LOG_LEVEL_ERROR, "sockets: %s", strerror(errno));
        return false;
    }
    if (sp_door_open(&server->door, server->options.control_path, SOCKET_PATH_SUFFIX,
                     server->options.control_gid))
        return true;
    close(server->events_fd);
    return false;
}

static void start_handles(struct socket_server *server, uv_loop_t *loop)
{
    sp_door_start(&server->door, loop, admit, server);
    uv_poll_init(loop, &server->poll, server->events_fd);
    uv_timer_init(loop, &server->timer);
    server->poll.data = server->timer.data = server;
    server->open_handles = 3;
    uv_poll_start(&server->poll, UV_READABLE, on_events);
    uv_timer_start(&server->timer, on_tick, TICK_MS, TICK_MS);
}

struct socket_server *socket_server_new(uv_loop_t *loop, struct rpc *rpc,
                                        const struct socket_server_options *options)
{
    struct socket_server *server = calloc(1, sizeof(*server));
    if (server == NULL) {
        log_write(LOG_LEVEL_ERROR, "no memory for sockets");
        return NULL;
    }
    server->rpc = rpc;
    server->options = *options;
    server->run = on_job;
    TAILQ_INIT(&server->ended_sockets);
    TAILQ_INIT(&server->owners);
    TAILQ_INIT(&server->all_links);
    TAILQ_INIT(&server->listeners);
    if (!open_descriptors(server)) {
        free(server);
        return NULL;
    }
    start_handles(server, loop);
    return server;
}

void socket_server_stop(struct socket_server *server)
{
    if (server != NULL)
        sp_door_close(&server->door, on_closed);
}

/* Their connections stay with the engine, which is about to end as well. */
static void free_sockets(struct socket_server *server)
{
    struct socket_listener *listener;
    while ((listener = TAILQ_FIRST(&server->listeners)) != NULL)
        socket_listener_end(listener);
    for (unsigned i = 0; i < SOCKET_BUCKETS; i++) {
        struct socket *socket;
        while ((socket = SLIST_FIRST(&server->by_cookie[i])) != NULL)
            socket_table_free(socket);
    }
}

void socket_server_free(struct socket_server *server)
{
    struct socket_link *link;
    if (server == NULL)
        return;
    socket_server_stop(server);
    while ((link = TAILQ_FIRST(&server->all_links)) != NULL)
        socket_link_end(link);
    free_sockets(server);
    server->is_ended = true;
    uv_close((uv_handle_t *)&server->poll, on_closed);
    uv_close((uv_handle_t *)&server->timer, on_closed);
}
