#include "rpc/rpc_link.h"

#include <unistd.h>

#include "capture/capture.h"
#include "rpc/rpc_owner.h"

static void queues_init(struct rpc_link *link)
{
    TAILQ_INIT(&link->sessions);
    TAILQ_INIT(&link->waits);
    TAILQ_INIT(&link->due);
    TAILQ_INIT(&link->blocked);
}

bool rpc_link_init(struct rpc_link *link, struct rpc *rpc, const struct sp_peer *peer)
{
    *link = (struct rpc_link){.rpc = rpc, .is_admin = peer->is_admin};
    link->account = account_get(&rpc->accounts, peer->uid);
    if (link->account == NULL)
        return false;
    link->owner = rpc_owner_of_peer(rpc, peer);
    if (link->owner == NULL) {
        account_unref(&rpc->accounts, link->account);
        return false;
    }
    if (link->account->links++ == 0)
        te_set_client_present(rpc_stack(rpc), peer->uid, true);
    queues_init(link);
    return true;
}

bool rpc_link_init_own(struct rpc_link *link, struct rpc *rpc)
{
    *link = (struct rpc_link){.rpc = rpc, .is_admin = true};
    link->account = account_get(&rpc->accounts, geteuid());
    queues_init(link);
    return link->account != NULL;
}

void rpc_link_done_own(struct rpc_link *link)
{
    account_unref(&link->rpc->accounts, link->account);
}

/* What a uid holds that has no program left is the first to go when memory is short. */
static void note_gone(struct rpc *rpc, struct account *account)
{
    if (--account->links == 0)
        te_set_client_present(rpc_stack(rpc), account->uid, account->objects == 0);
}

void rpc_link_done(struct rpc_link *link)
{
    struct rpc *rpc = link->rpc;
    if (rpc->host.captures != NULL)
        capture_end_all(rpc->host.captures, link);
    session_unbind_all(rpc->sessions, &link->sessions, rpc_now_us(rpc));
    note_gone(rpc, link->account);
    owner_unref(link->owner);
    account_unref(&rpc->accounts, link->account);
}
