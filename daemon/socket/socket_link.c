#include "socket/socket_link.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "socket/socket_answer.h"
#include "socket/socket_open.h"
#include "socket/socket_owner.h"
#include "socket/socket_request.h"
#include "util/message.h"

#define FIRST_REQUEST_US (2 * TE_SECOND)

/* --- life ------------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
    struct socket_link *link = handle->data;
    close(link->fd);
    free(link);
}

/* The opening that it waited for goes on, as with a connect(2) that was interrupted. */
static void stop_waiting(struct socket_link *link)
{
    struct socket *socket = link->waits_for;
    if (socket != NULL && TAILQ_FIRST(&socket->waiters) == link &&
        TAILQ_NEXT(link, in_waiters) == NULL)
        socket_open_detach(socket, link->carried_fd);
    socket_answer_leave(link);
}

void socket_link_end(struct socket_link *link)
{
    struct socket_server *server = link->server;
    stop_waiting(link);
    turns_drop(rpc_turns(server->rpc), &link->job);
    TAILQ_REMOVE(&server->all_links, link, in_all);
    server->links--;
    link->owner->links--;
    socket_owner_unref(link->owner);
    uv_close((uv_handle_t *)&link->poll, on_closed);
}

/* --- requests --------------------------------------------------------------------------------- */

/* True: another request may be there. */
static bool receive(struct socket_link *link)
{
    struct socket_request request;
    int passed_fd;
    ssize_t len = message_receive(link->fd, &request, sizeof(request), &passed_fd);
    if (len < 0 && errno == EAGAIN)
        return false;
    if (len > 0 && link->waits_for == NULL &&
        socket_request_handle(link, &request, len, passed_fd)) {
        if (link->waits_for == NULL)
            link->until_us = rpc_now_us(link->server->rpc) + SOCKET_LINK_IDLE_US;
        return true;
    }
    if (len > 0 && link->waits_for != NULL && passed_fd >= 0)
        close(passed_fd); /* it was to wait for its answer */
    socket_link_end(link);
    return false;
}

static void on_job(struct fair_job *job)
{
    receive(job->owner);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct socket_link *link = poll->data;
    (void)status; /* what it is, recvmsg(2) says */
    (void)events;
    turns_queue(rpc_turns(link->server->rpc), link->owner->share, &link->job);
}

/* --- set-up ----------------------------------------------------------------------------------- */

static bool is_welcome(const struct socket_owner *owner)
{
    const struct socket_server *server = owner->server;
    const struct socket_owner *other;
    unsigned of_uid = 0;
    TAILQ_FOREACH(other, &server->owners, in_all)
    {
        if (other->rpc_link.account == owner->rpc_link.account)
            of_uid += other->links;
    }
    return server->links < server->options.links_max && of_uid < server->options.links_max / 2 + 1;
}

static void refuse(struct socket_server *server, int fd)
{
    const struct socket_answer answer = socket_answer_make(ENFILE);
    server->rpc->counters.socket_links_refused++;
    message_send(fd, &answer, sizeof(answer), NULL, 0);
    close(fd);
}

static struct socket_link *link_new(struct socket_owner *owner, int fd)
{
    struct socket_server *server = owner->server;
    struct socket_link *link = calloc(1, sizeof(*link));
    if (link == NULL)
        return NULL;
    link->server = server;
    link->owner = socket_owner_ref(owner);
    link->job = (struct fair_job){.run = on_job, .owner = link};
    link->fd = fd;
    link->carried_fd = -1;
    link->until_us = rpc_now_us(server->rpc) + FIRST_REQUEST_US;
    TAILQ_INSERT_TAIL(&server->all_links, link, in_all);
    server->links++;
    owner->links++;
    uv_poll_init(server->rpc->host.loop, &link->poll, fd);
    link->poll.data = link;
    uv_poll_start(&link->poll, UV_READABLE, on_readable);
    return link;
}

struct socket_link *socket_link_new(struct socket_server *server, int fd)
{
    struct sp_peer peer;
    struct socket_link *link = NULL;
    struct socket_owner *owner = NULL;
    if (sp_peer_find(fd, server->options.admin_gid, &peer))
        owner = socket_owner_get(server, &peer);
    if (owner != NULL && is_welcome(owner))
        link = link_new(owner, fd);
    if (link == NULL)
        refuse(server, fd);
    if (owner != NULL)
        socket_owner_unref(owner);
    return link;
}
