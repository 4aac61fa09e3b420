#include "rpc/rpc_request.h"

#include <inttypes.h>
#include <string.h>

#include "rpc/rpc_status.h"
#include "rpc/rpc_verb.h"
#include "rpc/rpc_wait.h"

/* When the call stops waiting: after its operation's wait_ms, or the request's deadline_ms. */
static void call_set_times(struct rpc_call *call, uint32_t deadline_ms)
{
    int64_t now_us = rpc_now_us(call->rpc);
    uint32_t wait_ms = 0;
    if (call->verb->wait_ms_offset != 0)
        memcpy(&wait_ms, (const char *)&call->op + call->verb->wait_ms_offset, sizeof(wait_ms));
    int64_t wait_us = wait_ms * TE_MS;
    if (wait_us > call->rpc->options.wait_max_us)
        wait_us = call->rpc->options.wait_max_us;
    call->began_at_us = now_us;
    call->wait_until_us = now_us + wait_us;
    call->deadline_at_us = deadline_ms == 0 ? INT64_MAX : now_us + deadline_ms * TE_MS;
}

/* False, answered: the link is one too many. */
static bool check_link(struct rpc_call *call)
{
    const char *refusal = sp_link_refusal(call->link->link);
    if (refusal != NULL)
        RPC_FAIL(call, RESOURCES, "ENOBUFS", LINKS, "links to the daemon, %s", refusal);
    return refusal == NULL;
}

/* Copies the request's fields into the call. False: the answer says what is wrong with them. */
static bool call_fill(struct rpc_call *call, const pb_request *request)
{
    struct rpc *rpc = call->rpc;
    call->request_id = request->request_id;
    call->session_id = request->session;
    call->boot_id = request->boot_id;
    if (!check_link(call))
        return false;
    if (request->api_major != RPC_API_MAJOR) {
        rpc->counters.requests_unsupported++;
        RPC_FAIL(call, UNSUPPORTED, "EPROTONOSUPPORT", CLIENT_VERSION,
                 "api_major is %u: this daemon speaks %d", request->api_major, RPC_API_MAJOR);
        return false;
    }
    call->verb = rpc_verb_find(request->op_case);
    if (call->verb == NULL) {
        rpc->counters.requests_unsupported++;
        RPC_FAIL(call, UNSUPPORTED, "EOPNOTSUPP", CLIENT_VERSION,
                 "the request has no operation that this daemon knows");
        return false;
    }
    const ProtobufCMessage *op = &request->attach->base; /* all operations begin alike */
    memcpy(&call->op, op, op->descriptor->sizeof_message);
    call_set_times(call, request->deadline_ms);
    rpc->requests_by_verb[rpc_verb_index(call->verb)]++;
    call->latency = &rpc->latency_by_verb[rpc_verb_index(call->verb)];
    return true;
}

void rpc_request_handle(struct rpc_link *link, struct sp_request *request, const uint8_t *body,
                        size_t len)
{
    struct rpc *rpc = link->rpc;
    struct rpc_call call = {.rpc = rpc, .link = link, .request = request};
    ProtobufCAllocator allocator = arena_protobuf_allocator(&rpc->request_arena);
    arena_reset(&rpc->request_arena);
    rpc_answer_begin(rpc);
    pb_request *decoded = tcpengine__v1__request__unpack(&allocator, len, body);
    if (decoded == NULL) {
        rpc->counters.requests_malformed++;
        RPC_FAIL(&call, MALFORMED, "EBADMSG", PROTOCOL_FILE,
                 "the request of %zu bytes could not be decoded", len);
        rpc_call_send(&call);
    } else if (!call_fill(&call, decoded)) {
        rpc_call_send(&call);
    } else if (rpc_call_run(&call) != RPC_ANSWER) {
        rpc_wait_new(&call);
    }
}

void rpc_request_handle_too_long(struct rpc_link *link, struct sp_request *request, uint64_t len)
{
    struct rpc_call call = {.rpc = link->rpc, .link = link, .request = request};
    rpc_answer_begin(link->rpc);
    RPC_FAIL(&call, RESOURCES, "EMSGSIZE", SEND_IN_PARTS,
             "a message of %" PRIu64 " bytes: at most %zu", len, SP_MESSAGE_MAX_BYTES);
    rpc_call_send(&call);
}
