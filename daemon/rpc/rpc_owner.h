/* Owners of connections and listeners, for the handlers: who it is that makes one, and who made one
 * that there is or was. */
#ifndef TCPENGINED_RPC_OWNER_H
#define TCPENGINED_RPC_OWNER_H

#include "rpc/rpc_call.h"

/* Texts are printable, never NULL, and valid until the next request. */
struct rpc_owner {
    uint32_t uid;
    pid_t pid;           /* 0: not known */
    const char *program; /* empty: not known */
    const char *session; /* empty: made without a session */
    bool is_gone;        /* the process has ended */
};

/* Who has the connection or listener, or had it: as long as the engine knows anything of the id
 * (te_status, te_history). False, *ret_owner untouched: nothing is known of it. */
bool rpc_owner_find(struct rpc *rpc, uint64_t id, struct rpc_owner *ret_owner);
/* The same for what the engine says of one: uid and tag. */
struct rpc_owner rpc_owner_of_tag(struct rpc *rpc, uint32_t uid, uint32_t tag);
/* The same for an owner; NULL: uid is all that is known. */
struct rpc_owner rpc_owner_view(struct rpc *rpc, uint32_t uid, struct owner *owner);
/* As a message, in the answer's arena. NULL: no memory. */
pb_owner *rpc_owner_message(struct rpc *rpc, const struct rpc_owner *owner);

/* A reference to the owner that peer's process is without a session. NULL: no memory. */
struct owner *rpc_owner_of_peer(struct rpc *rpc, const struct sp_peer *peer);
/* The session is used by the call's process now. */
void rpc_owner_attach(struct rpc_call *call, struct session *session);
/* An event was kept: its owner must not be forgotten before it. */
void rpc_owner_note_event(struct rpc *rpc, const struct te_event *event);
/* The tag of what the call makes. */
uint32_t rpc_owner_tag(struct rpc_call *call);

#endif
