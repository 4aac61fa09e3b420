/* Attach, Detach and Sessions. */
#include <inttypes.h>
#include <string.h>
#include <tcpengine/units.h>

#include "rpc/rpc_clock.h"
#include "rpc/rpc_convert.h"
#include "rpc/rpc_handler.h"
#include "rpc/rpc_owner.h"
#include "rpc/rpc_recall.h"
#include "rpc/rpc_status.h"

/* Most ids in one answer, which then fit into a message whatever their size; List has them all. */
#define ATTACH_IDS_MAX 16384

static enum rpc_outcome fail_session(struct rpc_call *call, enum session_err err)
{
    const struct rpc_options *options = &call->rpc->options;
    call->rpc->counters.sessions_refused++;
    switch (err) {
    case SESSION_ERR_KEEP:
        return RPC_FAIL(call, INVALID_ARGUMENT, "EINVAL", KEEP_SECONDS,
                        "Attach: keep_seconds is %u; the most is %" PRId64,
                        call->op.attach.keep_seconds, options->session_keep_max_us / TE_SECOND);
    case SESSION_ERR_UID_LIMIT:
        return RPC_FAIL(call, RESOURCES, "EUSERS", SESSIONS_PER_UID,
                        "Attach: uid %u has %u sessions already (sessions_per_uid_max)",
                        call->link->account->uid, options->sessions_per_uid_max);
    case SESSION_ERR_LIMIT:
        return RPC_FAIL(call, RESOURCES, "EUSERS", SESSIONS,
                        "Attach: the daemon has %u sessions already (sessions_max)",
                        options->sessions_max);
    case SESSION_OK:
    case SESSION_ERR_NOMEM:
        break;
    }
    return RPC_FAIL(call, RESOURCES, "ENOMEM", NONE, "Attach: no memory for the session");
}

/* The session that the token names. NULL: the answer says why not. */
static struct session *session_resume(struct rpc_call *call)
{
    const ProtobufCBinaryData *token = &call->op.attach.token;
    struct session *session = NULL;
    if (token->len == SESSION_TOKEN_BYTES)
        session = session_find_token(call->rpc->sessions, call->link->account, token->data);
    if (session == NULL)
        RPC_FAIL(call, SESSION, "ESTALE", NO_TOKEN,
                 "Attach: no session of this user has that token, or it has expired");
    else
        call->rpc->counters.sessions_resumed++;
    return session;
}

static struct session *session_make(struct rpc_call *call)
{
    const pb_attach *op = &call->op.attach;
    const char *program = call->link->owner->process.name;
    const struct session_wish wish = {.name =
                                          op->client_name[0] != '\0' ? op->client_name : program,
                                      .policy = (enum session_policy)op->policy,
                                      .keep_us = op->keep_seconds * TE_SECOND};
    struct session *session = NULL;
    if ((unsigned)op->policy > SESSION_KEEP || strlen(op->client_name) > SESSION_NAME_MAX) {
        RPC_FAIL(call, INVALID_ARGUMENT, "EINVAL", NONE,
                 "Attach: the policy is unknown, or client_name is longer than %d bytes",
                 SESSION_NAME_MAX);
        return NULL;
    }
    enum session_err err = session_new(call->rpc->sessions, call->link->account, &wish, &session);
    if (err != SESSION_OK)
        fail_session(call, err);
    else
        call->rpc->counters.sessions_made++;
    if (session != NULL)
        session->made_at_us = rpc_now_us(call->rpc);
    return session;
}

static void fill_ids(struct rpc_call *call, const struct session *session, pb_attach_result *result)
{
    size_t count =
        session->objects.count < ATTACH_IDS_MAX ? session->objects.count : ATTACH_IDS_MAX;
    const struct object *object;
    result->ids = arena_alloc(&call->rpc->answer_arena, count * sizeof(*result->ids));
    if (result->ids == NULL)
        return;
    TAILQ_FOREACH(object, &session->objects.queue, in_list)
    {
        if (result->n_ids == count)
            break;
        result->ids[result->n_ids++] = object->id;
    }
    result->ids_cut = count < session->objects.count;
}

enum rpc_outcome rpc_verb_attach(struct rpc_call *call)
{
    struct session *session =
        call->op.attach.token.len > 0 ? session_resume(call) : session_make(call);
    if (session == NULL)
        return RPC_ANSWER;
    if (!session_bind(call->rpc->sessions, session, &call->link->sessions)) {
        if (TAILQ_EMPTY(&session->links)) { /* or nothing would ever end it */
            session_end(call->rpc->sessions, session);
            rpc_clock_run_soon(call->rpc);
        }
        return fail_session(call, SESSION_ERR_NOMEM);
    }
    rpc_owner_attach(call, session);
    pb_attach_result *result = &rpc_result(call)->attach;
    result->session = session->id;
    result->token = (ProtobufCBinaryData){.len = SESSION_TOKEN_BYTES, .data = session->token};
    fill_ids(call, session, result);
    return RPC_ANSWER;
}

enum rpc_outcome rpc_verb_detach(struct rpc_call *call)
{
    const struct recent_answer answer = {0};
    struct recent_answer recalled;
    if (rpc_recall(call, call->request_id, 0, &recalled)) {
        rpc_result(call);
        return RPC_ANSWER;
    }
    if (call->session == NULL)
        return RPC_FAIL(call, SESSION, "ESTALE", NONE,
                        "Detach: session %" PRIu64 " is unknown or has expired", call->session_id);
    session_end(call->rpc->sessions, call->session);
    call->session = NULL;
    rpc_clock_run_soon(call->rpc);
    rpc_remember(call, call->request_id, 0, &answer);
    rpc_result(call);
    return RPC_ANSWER;
}

/* --- Sessions --------------------------------------------------------------------------------- */

static pb_session *session_message(struct rpc *rpc, const struct session *session)
{
    pb_session *message = arena_alloc(&rpc->answer_arena, sizeof(*message));
    if (message == NULL)
        return NULL;
    tcpengine__v1__session__init(message);
    struct rpc_owner owner = rpc_owner_view(rpc, session->account->uid, session->owner);
    message->number = session->number;
    message->name = (char *)(uintptr_t)session->name;
    message->uid = session->account->uid;
    message->owner = rpc_owner_message(rpc, &owner);
    message->policy = (pb_policy)session->policy;
    message->keep_seconds = (uint32_t)(session->keep_us / TE_SECOND);
    message->connections = session->objects.count - session->objects.listeners;
    message->listeners = session->objects.listeners;
    message->age_ms = (rpc_now_us(rpc) - session->made_at_us) / TE_MS;
    message->attached = !TAILQ_EMPTY(&session->links);
    return message;
}

/* The walk is as long as sessions_max allows. */
enum rpc_outcome rpc_verb_sessions(struct rpc_call *call)
{
    const pb_sessions *op = &call->op.sessions;
    struct rpc *rpc = call->rpc;
    uint32_t max = op->max == 0 || op->max > RPC_PAGE_MAX ? RPC_PAGE_MAX : op->max;
    pb_sessions_result *result = &rpc_result(call)->sessions;
    struct session *session = session_after(rpc->sessions, op->cursor);
    result->cursor = op->cursor;
    result->sessions = rpc_pointers(rpc, max);
    for (; result->sessions != NULL && session != NULL && result->n_sessions < max;
         session = session_next(session)) {
        result->cursor = session->number;
        if (!call->link->is_admin && session->account != call->link->account)
            continue;
        pb_session *message = session_message(rpc, session);
        if (message == NULL)
            return RPC_FAIL(call, RESOURCES, "ENOMEM", NONE, "Sessions: no memory");
        result->sessions[result->n_sessions++] = message;
    }
    result->done = session == NULL;
    return RPC_ANSWER;
}
