#include "socket/socket_owner.h"

#include <stdlib.h>

#include "rpc/rpc_owner.h"

static struct socket_owner *find(const struct socket_server *server, const struct sp_peer *peer,
                                 const struct owner *process)
{
    struct socket_owner *owner;
    TAILQ_FOREACH(owner, &server->owners, in_all)
    {
        if (owner->rpc_link.owner == process && owner->rpc_link.is_admin == peer->is_admin)
            return owner;
    }
    return NULL;
}

static struct socket_owner *find_of_peer(struct socket_server *server, const struct sp_peer *peer)
{
    struct owner *process = rpc_owner_of_peer(server->rpc, peer);
    struct socket_owner *owner = process != NULL ? find(server, peer, process) : NULL;
    owner_unref(process); /* a socket_owner has a reference of its own */
    return owner;
}

struct socket_owner *socket_owner_get(struct socket_server *server, const struct sp_peer *peer)
{
    struct socket_owner *owner = find_of_peer(server, peer);
    if (owner != NULL)
        return socket_owner_ref(owner);
    owner = calloc(1, sizeof(*owner));
    if (owner == NULL || !rpc_link_init(&owner->rpc_link, server->rpc, peer)) {
        free(owner);
        return NULL;
    }
    owner->share = fair_share_get(&rpc_turns(server->rpc)->fair, peer->uid);
    if (owner->share == NULL) {
        rpc_link_done(&owner->rpc_link);
        free(owner);
        return NULL;
    }
    owner->server = server;
    owner->refs = 1;
    TAILQ_INSERT_HEAD(&server->owners, owner, in_all);
    return owner;
}

struct socket_owner *socket_owner_ref(struct socket_owner *owner)
{
    owner->refs++;
    return owner;
}

void socket_owner_unref(struct socket_owner *owner)
{
    if (--owner->refs > 0)
        return;
    TAILQ_REMOVE(&owner->server->owners, owner, in_all);
    fair_share_put(owner->share);
    rpc_link_done(&owner->rpc_link);
    free(owner);
}

unsigned socket_owner_count(const struct socket_server *server, uint32_t uid)
{
    const struct socket_owner *owner;
    unsigned count = 0;
    TAILQ_FOREACH(owner, &server->owners, in_all)
    count += owner->rpc_link.account->uid == uid ? owner->sockets : 0;
    return count;
}
