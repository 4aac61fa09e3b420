/* Open and Accept: how objects are made. */
#include <inttypes.h>

#include "rpc/rpc_convert.h"
#include "rpc/rpc_handler.h"
#include "rpc/rpc_owner.h"
#include "rpc/rpc_recall.h"
#include "rpc/rpc_status.h"

/* Records checked against the engine whenever one is added; over time that is all of them. */
#define SWEEP_STEPS 2
/* The same, before a client is refused because it has too many. */
#define SWEEP_STEPS_FULL 4096

static bool is_gone(void *ctx, uint64_t id)
{
    struct rpc_call *call = ctx;
    return te_status(rpc_stack(call->rpc), id, &call->rpc->status) == TE_ERR_NO_CONNECTION;
}

/* False: the caller's uid has too many objects, and the answer says so. */
static bool check_room(struct rpc_call *call)
{
    struct rpc *rpc = call->rpc;
    const struct account *account = call->link->account;
    unsigned max = rpc->options.objects_per_uid_max;
    if (account->objects >= max)
        object_sweep(rpc->objects, SWEEP_STEPS_FULL, is_gone, call);
    if (account->objects < max)
        return true;
    rpc->counters.objects_refused++;
    RPC_FAIL(call, RESOURCES, "EMFILE", OBJECTS_PER_UID,
             "%s: uid %u has %u connections and listeners already (objects_per_uid_max)",
             call->verb->name, account->uid, account->objects);
    return false;
}

/* Records what was opened: for the limits, for the session, and for a repetition of the request.
 * False: no memory; the object was aborted. */
static bool record(struct rpc_call *call, uint64_t token, uint64_t id, bool is_listener)
{
    struct rpc *rpc = call->rpc;
    const struct recent_answer answer = {.id = id};
    struct object_list *list = call->session == NULL ? NULL : &call->session->objects;
    object_sweep(rpc->objects, SWEEP_STEPS, is_gone, call);
    struct object *object = object_find(rpc->objects, id);
    if (object == NULL)
        object = object_add(rpc->objects, id, call->link->account, list);
    if (object == NULL) {
        te_abort(rpc_stack(rpc), id, rpc_now_us(rpc));
        RPC_FAIL(call, RESOURCES, "ENOMEM", NONE, "%s: no memory", call->verb->name);
        return false;
    }
    object_set_listener(object, is_listener);
    te_set_kept(rpc_stack(rpc), id, list != NULL); /* the session may come back for it */
    rpc_remember(call, token, 0, &answer);
    call->is_started = true;
    call->started_id = id;
    return true;
}

/* What the answers of Open and Accept have in common. */
struct opened {
    enum te_state state;
    pb_endpoint *local, *remote;
    uint32_t backlog;
    uint64_t accepted_to;
    enum te_err err; /* why it failed or ended */
};

/* Describes the object of a started call as it is, or, if it is gone, as it was. */
static struct opened opened_find(struct rpc_call *call)
{
    struct rpc *rpc = call->rpc;
    struct te_history history;
    struct opened opened = {.state = TE_CLOSED, .err = TE_ERR_NO_CONNECTION};
    rpc_load_subject(call, call->started_id);
    if (call->subject_err == TE_OK) {
        opened.state = call->status->state;
        opened.local = rpc_endpoint(rpc, &call->status->local);
        opened.remote = rpc_endpoint(rpc, &call->status->remote);
        opened.backlog = call->status->is_listener ? call->status->send_queue_bytes : 0;
        opened.accepted_to = call->status->send_accepted;
        opened.err = call->status->error;
    } else if (te_history(rpc_stack(rpc), call->started_id, &history) == TE_OK) {
        opened.local = rpc_endpoint(rpc, &history.local);
        opened.remote = rpc_endpoint(rpc, &history.remote);
        if (rpc_history_err(&history) != TE_OK)
            opened.err = rpc_history_err(&history);
    }
    return opened;
}

/* --- Open ------------------------------------------------------------------------------------- */

/* Parses an endpoint; NULL is the unspecified one. False: the answer says what is wrong with name.
 */
static bool parse_endpoint(struct rpc_call *call, const char *name, const pb_endpoint *endpoint,
                           struct te_endpoint *ret_endpoint)
{
    char quote[RPC_QUOTE_MAX];
    struct te_endpoint parsed = {0};
    *ret_endpoint = parsed;
    if (endpoint == NULL)
        return true;
    rpc_quote(endpoint->address, quote);
    if (endpoint->port > UINT16_MAX) {
        RPC_FAIL(call, INVALID_ARGUMENT, "EINVAL", PORT_RANGE, "%s: the %s port %u is out of range",
                 call->verb->name, name, endpoint->port);
        return false;
    }
    if (endpoint->address[0] != '\0' && !te_addr_parse(endpoint->address, &parsed.addr)) {
        RPC_FAIL(call, INVALID_ARGUMENT, "EINVAL", ADDRESS_FORM,
                 "%s: the %s address \"%s\" is neither IPv4 nor IPv6", call->verb->name, name,
                 quote);
        return false;
    }
    parsed.port = (uint16_t)endpoint->port;
    *ret_endpoint = parsed;
    return true;
}

static bool parse_open(struct rpc_call *call, struct te_open *ret_open)
{
    const pb_open *op = &call->op.open;
    *ret_open = (struct te_open){.uid = call->link->account->uid,
                                 .tag = rpc_owner_tag(call),
                                 .listener_id = op->passive ? 0 : op->listener_id,
                                 .fast_open = op->fast_open,
                                 .data = op->data.data,
                                 .data_len = op->passive ? 0 : op->data.len};
    if (!parse_endpoint(call, "local", op->local, &ret_open->local) ||
        !parse_endpoint(call, "remote", op->remote, &ret_open->remote))
        return false;
    if (!op->passive || ret_open->local.port != 0)
        return true;
    RPC_FAIL(call, INVALID_ARGUMENT, "EINVAL", PORT_MISSING,
             "Open: a passive open needs a local port");
    return false;
}

/* False: the local port is not for the caller, and the answer says for whom. */
static bool check_port(struct rpc_call *call, const struct te_open *open)
{
    uint16_t port = open->local.port;
    if (port == 0 || port >= RPC_PORT_FREE_FIRST || call->link->is_admin ||
        rpc_may_use_low_ports(&call->rpc->options, open->uid))
        return true;
    call->rpc->counters.requests_denied++;
    RPC_FAIL(call, PERMISSION, "EACCES", PRIVILEGED_PORT,
             "Open: local port %u is for root, the admin group and the users in privileged_ports, "
             "and uid %u is none of them",
             port, open->uid);
    return false;
}

static enum te_err open_passive(struct rpc_call *call, const struct te_open *open, uint64_t *ret_id)
{
    const struct te_listen listen = {.local = open->local,
                                     .remote = open->remote,
                                     .uid = open->uid,
                                     .tag = open->tag,
                                     .backlog = call->op.open.backlog,
                                     .family = call->listen_family,
                                     .fast_open = open->fast_open};
    return te_open_passive(rpc_stack(call->rpc), &listen, ret_id, rpc_now_us(call->rpc));
}

/* Opens. False: the answer says why not. */
static bool open_start(struct rpc_call *call)
{
    const pb_open *op = &call->op.open;
    struct rpc *rpc = call->rpc;
    struct te_open open;
    uint64_t id;
    if (rpc->is_stopping) {
        RPC_FAIL(call, RESOURCES, "ESHUTDOWN", NONE, "Open: the daemon is stopping");
        return false;
    }
    if (!parse_open(call, &open) || !check_port(call, &open) || !check_room(call))
        return false;
    enum te_err err = op->passive ? open_passive(call, &open, &id)
                                  : te_open_active(rpc_stack(rpc), &open, &id, rpc_now_us(rpc));
    if (err != TE_OK) {
        rpc_fail_open(call, err, &open);
        return false;
    }
    pump_wake(rpc->host.pump);
    return record(call, op->token, id, op->passive);
}

static bool is_opening(const struct rpc_call *call)
{
    return call->subject_err == TE_OK &&
           (call->status->state == TE_SYN_SENT || call->status->state == TE_SYN_RCVD);
}

enum rpc_outcome rpc_verb_open(struct rpc_call *call)
{
    struct recent_answer recalled;
    if (!call->is_started && rpc_recall(call, call->op.open.token, 0, &recalled)) {
        call->is_started = true;
        call->started_id = recalled.id;
    }
    if (!call->is_started && !open_start(call))
        return RPC_ANSWER;
    struct opened opened = opened_find(call);
    uint64_t id = call->started_id;
    if (is_opening(call) && rpc_may_wait(call, id, TE_READY_OPEN | TE_READY_END | RPC_WAKE_STATE))
        return RPC_WAIT;
    pb_open_result *result = &rpc_result(call)->open;
    result->id = id;
    result->state = rpc_state(opened.state);
    result->local = opened.local;
    result->remote = opened.remote;
    result->backlog = opened.backlog;
    result->accepted_to = opened.accepted_to;
    if (call->op.open.wait_ms > 0 && opened.err != TE_OK)
        return rpc_fail_engine(call, opened.err, id);
    return RPC_ANSWER;
}

/* --- Accept ----------------------------------------------------------------------------------- */

/* Takes a connection. False: *ret_outcome is what the handler answers. */
static bool accept_start(struct rpc_call *call, enum rpc_outcome *ret_outcome)
{
    const pb_accept *op = &call->op.accept;
    struct rpc *rpc = call->rpc;
    uint64_t id, listener_id = op->listener_id;
    *ret_outcome = RPC_ANSWER;
    if (!check_room(call))
        return false;
    enum te_err err =
        te_accept(rpc_stack(rpc), listener_id, call->link->account->uid, &id, rpc_now_us(rpc));
    if (err == TE_OK) {
        te_set_tag(rpc_stack(rpc), id, rpc_owner_tag(call)); /* no memory: the listener's stays */
        pump_wake(rpc->host.pump);
        return record(call, op->token, id, false);
    }
    if (err == TE_ERR_AGAIN && rpc_may_wait(call, listener_id, TE_READY_ACCEPT | TE_READY_END))
        *ret_outcome = RPC_WAIT;
    else if (err == TE_ERR_AGAIN)
        RPC_FAIL(call, AGAIN, "EAGAIN", WAIT, "listener %" PRIu64 ": nobody has connected",
                 listener_id);
    else
        rpc_fail_engine(call, err, listener_id);
    return false;
}

enum rpc_outcome rpc_verb_accept(struct rpc_call *call)
{
    struct recent_answer recalled;
    enum rpc_outcome outcome;
    call->is_started = rpc_recall(call, call->op.accept.token, 0, &recalled);
    if (call->is_started)
        call->started_id = recalled.id;
    else if (!accept_start(call, &outcome))
        return outcome;
    struct opened opened = opened_find(call);
    pb_accept_result *result = &rpc_result(call)->accept;
    result->id = call->started_id;
    result->state = rpc_state(opened.state);
    result->local = opened.local;
    result->remote = opened.remote;
    return RPC_ANSWER;
}
