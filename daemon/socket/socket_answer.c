#include "socket/socket_answer.h"

#include <string.h>
#include <unistd.h>

#include "socket/socket_table.h"
#include "util/message.h"

struct socket_answer socket_answer_make(int error)
{
    return (struct socket_answer){
        .magic = SOCKET_MAGIC, .version = SOCKET_VERSION, .error = (uint32_t)error};
}

struct socket_address socket_answer_address(const struct te_endpoint *endpoint, uint16_t family)
{
    struct socket_address address = {.family = family, .port = endpoint->port};
    memcpy(address.addr, endpoint->addr.bytes, sizeof(address.addr));
    return address;
}

void socket_answer_describe(const struct socket *socket, struct socket_answer *answer)
{
    answer->state = socket->state;
    answer->id = socket->listener != NULL ? socket->listener->id : socket->id;
    answer->local = socket_answer_address(&socket->local, socket->family);
    if (socket->remote.port != 0)
        answer->remote = socket_answer_address(&socket->remote, socket->family);
}

bool socket_answer_send(const struct socket_link *link, const struct socket_answer *answer,
                        int passed_fd)
{
    return message_send(link->fd, answer, sizeof(*answer), &passed_fd, passed_fd >= 0 ? 1 : 0);
}

void socket_answer_leave(struct socket_link *link)
{
    if (link->waits_for == NULL)
        return;
    TAILQ_REMOVE(&link->waits_for->waiters, link, in_waiters);
    link->waits_for = NULL;
    if (link->carried_fd >= 0)
        close(link->carried_fd);
    link->carried_fd = -1;
    link->until_us = rpc_now_us(link->server->rpc) + SOCKET_LINK_IDLE_US;
}

void socket_answer_waiters(struct socket *socket, int error)
{
    struct socket_answer answer = socket_answer_make(error);
    struct socket_link *link;
    socket_answer_describe(socket, &answer);
    while ((link = TAILQ_FIRST(&socket->waiters)) != NULL) {
        if (link->carried_fd >= 0)
            socket_table_widen(socket, link->carried_fd);
        socket_answer_leave(link);
        socket_answer_send(link, &answer, -1);
    }
}
