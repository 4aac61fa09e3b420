#include "rpc/rpc_owner.h"

/* Owners looked at whenever a link begins; over time that is all of them. */
#define SWEEP_STEPS 4
/* A process is looked for in /proc once in that time, however many rows of a list are its own. */
#define LOOK_US 1000

/* --- who had it ------------------------------------------------------------------------------- */

struct rpc_owner rpc_owner_view(struct rpc *rpc, uint32_t uid, struct owner *owner)
{
    int64_t now_us = rpc_now_us(rpc);
    if (owner == NULL)
        return (struct rpc_owner){.uid = uid, .program = "", .session = ""};
    return (struct rpc_owner){.uid = uid,
                              .pid = owner->process.pid,
                              .program = owner->process.name,
                              .session = owner->session,
                              .is_gone = owner_is_gone(owner, now_us - now_us % LOOK_US)};
}

struct rpc_owner rpc_owner_of_tag(struct rpc *rpc, uint32_t uid, uint32_t tag)
{
    return rpc_owner_view(rpc, uid, owner_find(rpc->owners, tag));
}

bool rpc_owner_find(struct rpc *rpc, uint64_t id, struct rpc_owner *ret_owner)
{
    struct te_status status;
    struct te_history history;
    if (te_status(rpc_stack(rpc), id, &status) == TE_OK)
        *ret_owner = rpc_owner_of_tag(rpc, status.uid, status.tag);
    else if (te_history(rpc_stack(rpc), id, &history) == TE_OK)
        *ret_owner = rpc_owner_of_tag(rpc, history.uid, history.tag);
    else
        return false;
    return true;
}

/* The owner's texts stay until the answer is packed. */
pb_owner *rpc_owner_message(struct rpc *rpc, const struct rpc_owner *owner)
{
    pb_owner *message = arena_alloc(&rpc->answer_arena, sizeof(*message));
    if (message == NULL)
        return NULL;
    tcpengine__v1__owner__init(message);
    message->uid = owner->uid;
    message->pid = (uint32_t)owner->pid;
    message->program = (char *)(uintptr_t)owner->program;
    message->session = (char *)(uintptr_t)owner->session;
    message->gone = owner->is_gone;
    return message;
}

/* --- who makes one ---------------------------------------------------------------------------- */

static bool is_used(void *ctx, const struct owner *owner)
{
    const struct rpc *rpc = ctx;
    return te_tag_is_used(rpc_stack(rpc), owner->uid, owner->tag) ||
           event_log_has(rpc->host.events, owner->event_seq);
}

void rpc_owner_note_event(struct rpc *rpc, const struct te_event *event)
{
    struct owner *owner = event->tag != 0 ? owner_find(rpc->owners, event->tag) : NULL;
    if (owner != NULL)
        owner->event_seq = event_log_last_seq(rpc->host.events);
}

struct owner *rpc_owner_of_peer(struct rpc *rpc, const struct sp_peer *peer)
{
    struct process process = process_find(peer->pid);
    owner_sweep(rpc->owners, SWEEP_STEPS, is_used, rpc);
    return owner_get(rpc->owners, peer->uid, &process, "");
}

static struct owner *in_session(const struct rpc_call *call, const struct session *session)
{
    const struct owner *maker = call->link->owner;
    return owner_get(call->rpc->owners, maker->uid, &maker->process, session->name);
}

/* Without memory the session keeps the one that it has. */
void rpc_owner_attach(struct rpc_call *call, struct session *session)
{
    struct owner *owner = in_session(call, session);
    if (owner == NULL)
        return;
    owner_unref(session->owner);
    session->owner = owner;
}

/* A link of another process may name the session as well. */
uint32_t rpc_owner_tag(struct rpc_call *call)
{
    if (call->session == NULL)
        return call->link->owner->tag;
    struct owner *owner = in_session(call, call->session);
    uint32_t tag = owner != NULL ? owner->tag : call->link->owner->tag;
    owner_unref(owner); /* what is made with the tag keeps it */
    return tag;
}
