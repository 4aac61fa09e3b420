#include "rpc/rpc_local.h"

#include <string.h>

#include "rpc/rpc_verb.h"

static struct rpc_call call_of(struct rpc_link *link, pb_op_case op_case)
{
    struct rpc_call call = {.rpc = link->rpc, .link = link, .verb = rpc_verb_find(op_case)};
    call.deadline_at_us = TE_NEVER;
    size_t index = rpc_verb_index(call.verb);
    link->rpc->requests_by_verb[index]++;
    link->rpc->direct_by_verb[index]++;
    return call;
}

/* What the host must know before anybody learns of a new id. */
static pb_code finish(struct rpc_call *call)
{
    struct rpc *rpc = call->rpc;
    rpc_call_perform(call);
    if (rpc->host.before_answer != NULL)
        rpc->host.before_answer(rpc->host.ctx);
    rpc->answers_by_code[rpc->answer.status.code]++;
    return rpc->answer.status.code;
}

static pb_code finish_opened(struct rpc_call *call, struct rpc_local_opened *ret_opened)
{
    pb_code code = finish(call);
    if (code != PB_OK)
        return code;
    *ret_opened = (struct rpc_local_opened){.id = call->started_id};
    if (call->subject_err == TE_OK) {
        ret_opened->local = call->status->local;
        ret_opened->remote = call->status->remote;
    }
    return PB_OK;
}

static void fill_endpoint(const struct te_endpoint *endpoint, char text[TE_ADDR_TEXT_MAX],
                          pb_endpoint *ret_message)
{
    tcpengine__v1__endpoint__init(ret_message);
    text[0] = '\0';
    if (!te_addr_is_unspecified(&endpoint->addr))
        te_addr_format(&endpoint->addr, text);
    ret_message->address = text;
    ret_message->port = endpoint->port;
}

pb_code rpc_local_open(struct rpc_link *link, const struct rpc_local_open *open,
                       struct rpc_local_opened *ret_opened)
{
    struct rpc_call call = call_of(link, RPC_OP(OPEN));
    char local_text[TE_ADDR_TEXT_MAX], remote_text[TE_ADDR_TEXT_MAX];
    pb_endpoint local, remote;
    fill_endpoint(&open->local, local_text, &local);
    fill_endpoint(&open->remote, remote_text, &remote);
    tcpengine__v1__open__init(&call.op.open);
    call.op.open.passive = open->passive;
    call.op.open.backlog = open->backlog;
    call.op.open.fast_open = open->fast_open;
    call.listen_family = open->family;
    call.op.open.local = &local;
    call.op.open.remote = &remote;
    return finish_opened(&call, ret_opened);
}

pb_hint rpc_local_hint(const struct rpc_link *link)
{
    return link->rpc->answer.status.hint_code;
}

pb_code rpc_local_accept(struct rpc_link *link, uint64_t listener_id,
                         struct rpc_local_opened *ret_opened)
{
    struct rpc_call call = call_of(link, RPC_OP(ACCEPT));
    tcpengine__v1__accept__init(&call.op.accept);
    call.op.accept.listener_id = listener_id;
    return finish_opened(&call, ret_opened);
}

pb_code rpc_local_close(struct rpc_link *link, uint64_t id)
{
    struct rpc_call call = call_of(link, RPC_OP(CLOSE));
    tcpengine__v1__close__init(&call.op.close);
    call.op.close.id = id;
    return finish(&call);
}

pb_code rpc_local_abort(struct rpc_link *link, uint64_t id)
{
    struct rpc_call call = call_of(link, RPC_OP(ABORT));
    tcpengine__v1__abort__init(&call.op.abort);
    call.op.abort.id = id;
    return finish(&call);
}

pb_code rpc_local_set_option(struct rpc_link *link, uint64_t id, char *name, int64_t value,
                             char *text)
{
    struct rpc_call call = call_of(link, RPC_OP(SET_OPTION));
    tcpengine__v1__set_option__init(&call.op.set_option);
    call.op.set_option.id = id;
    call.op.set_option.name = name;
    call.op.set_option.value = value;
    call.op.set_option.text = text;
    return finish(&call);
}

pb_code rpc_local_find(struct rpc_link *link, uint64_t id, struct rpc_local_opened *ret_opened)
{
    struct rpc *rpc = link->rpc;
    if (te_status(rpc_stack(rpc), id, &rpc->status) != TE_OK)
        return PB_NOT_FOUND;
    if (rpc->status.uid != link->account->uid && !link->is_admin) {
        rpc->counters.requests_denied++;
        return PB_PERMISSION;
    }
    if (rpc->status.is_listener || rpc->status.user_closed)
        return PB_BAD_STATE;
    *ret_opened = (struct rpc_local_opened){id, rpc->status.local, rpc->status.remote,
                                            rpc->status.fin_queued};
    return PB_OK;
}

const uint8_t *rpc_local_ask(struct rpc_link *link, pb_op_case op_case, const ProtobufCMessage *op,
                             size_t *ret_len)
{
    struct rpc *rpc = link->rpc;
    struct rpc_call call = call_of(link, op_case);
    memcpy(&call.op, op, op->descriptor->sizeof_message);
    if (rpc_call_perform(&call) != RPC_ANSWER)
        return NULL;
    rpc_answer_complete(&call);
    const ProtobufCMessage *response = &rpc->answer.response.base;
    if (protobuf_c_message_get_packed_size(response) > SP_REPLY_MAX_BYTES)
        return NULL;
    if (rpc->host.before_answer != NULL)
        rpc->host.before_answer(rpc->host.ctx);
    rpc->answers_by_code[rpc->answer.status.code]++;
    *ret_len = protobuf_c_message_pack(response, rpc->out);
    return rpc->out;
}
