#include "rpc/rpc_call.h"

#include <inttypes.h>
#include <string.h>

#include "rpc/rpc_status.h"

/* --- the answer ------------------------------------------------------------------------------- */

void rpc_answer_begin(struct rpc *rpc)
{
    struct rpc_answer *answer = &rpc->answer;
    arena_reset(&rpc->answer_arena);
    tcpengine__v1__response__init(&answer->response);
    tcpengine__v1__status__init(&answer->status);
    answer->has_result = false;
}

union rpc_result *rpc_result(struct rpc_call *call)
{
    struct rpc_answer *answer = &call->rpc->answer;
    if (!answer->has_result)
        protobuf_c_message_init(call->verb->result, &answer->result);
    answer->has_result = true;
    return &answer->result;
}

/* A waiting call whose deadline_ms has passed: that is the answer, whatever the handler said. */
static void answer_check_deadline(struct rpc_call *call)
{
    if (!call->is_late)
        return;
    call->rpc->counters.deadlines_passed++;
    RPC_FAIL(call, DEADLINE, "ETIMEDOUT", MORE_TIME, "%s: deadline_ms has passed",
             call->verb->name);
}

void rpc_answer_complete(struct rpc_call *call)
{
    struct rpc_answer *answer = &call->rpc->answer;
    answer->response.request_id = call->request_id;
    answer->response.boot_id = call->rpc->boot_id;
    answer->response.status = &answer->status;
    if (answer->has_result) {
        answer->response.result_case = (pb_result_case)call->verb->op_case;
        answer->response.attach = &answer->result.attach; /* the union's pointers are alike */
    }
}

void rpc_call_send(struct rpc_call *call)
{
    struct rpc *rpc = call->rpc;
    const ProtobufCMessage *response = &rpc->answer.response.base;
    answer_check_deadline(call);
    rpc_answer_complete(call);
    if (rpc->host.before_answer != NULL)
        rpc->host.before_answer(rpc->host.ctx);
    if (protobuf_c_message_get_packed_size(response) > SP_REPLY_MAX_BYTES) {
        rpc_answer_begin(rpc);
        RPC_FAIL(call, INTERNAL, "EMSGSIZE", ASK_LESS, "the answer is too long");
        rpc_answer_complete(call);
    }
    rpc->answers_by_code[rpc->answer.status.code]++;
    sp_reply(call->request, rpc->out, protobuf_c_message_pack(response, rpc->out));
    call->request = NULL;
    if (call->latency != NULL)
        histogram_observe(call->latency, rpc_now_us(rpc) - call->began_at_us);
}

/* --- checks ----------------------------------------------------------------------------------- */

static bool check_session(struct rpc_call *call)
{
    struct rpc *rpc = call->rpc;
    call->session = NULL;
    if (call->session_id == 0)
        return true;
    call->session = session_find(rpc->sessions, call->link->account, call->session_id);
    if (call->verb->finds_session)
        return true;
    if (call->session == NULL) {
        RPC_FAIL(call, SESSION, "ESTALE", NEW_SESSION,
                 "session %" PRIu64 " is unknown or has expired", call->session_id);
        return false;
    }
    if (!session_bind(rpc->sessions, call->session, &call->link->sessions)) {
        RPC_FAIL(call, RESOURCES, "ENOMEM", NONE, "no memory for the session");
        return false;
    }
    return true;
}

void rpc_load_subject(struct rpc_call *call, uint64_t id)
{
    call->status = &call->rpc->status;
    call->subject_err = te_status(rpc_stack(call->rpc), id, call->status);
}

/* False: the client speaks to an earlier run of the daemon, and the answer says so. */
static bool check_boot(struct rpc_call *call)
{
    if (call->boot_id == 0 || call->boot_id == call->rpc->boot_id)
        return true;
    rpc_fail_restarted(call, "%s: the request is for an earlier run of the daemon",
                       call->verb->name);
    return false;
}

/* Who owns or owned the object. False: it is unknown, so there is nothing to protect. */
static bool find_owner(struct rpc_call *call, uint64_t id, uint32_t *ret_uid)
{
    struct te_history history;
    rpc_load_subject(call, id);
    if (call->subject_err == TE_OK) {
        *ret_uid = call->status->uid;
        return true;
    }
    if (te_history(rpc_stack(call->rpc), id, &history) != TE_OK)
        return false;
    *ret_uid = history.uid;
    return true;
}

static bool check_owner(struct rpc_call *call)
{
    const struct rpc_verb *verb = call->verb;
    uint64_t id;
    uint32_t uid;
    if (verb->id_offset == 0)
        return true;
    memcpy(&id, (const char *)&call->op + verb->id_offset, sizeof(id));
    if (id == 0 && verb->privilege == RPC_ANYBODY)
        return true;
    bool is_known = find_owner(call, id, &uid);
    if (!is_known && id != 0 && id < call->rpc->host.first_id) {
        rpc_fail_restarted(call, "%s: %" PRIu64 " belongs to an earlier run of the daemon",
                           verb->name, id);
        return false;
    }
    bool is_allowed = !is_known || uid == call->link->account->uid;
    if (is_allowed || call->link->is_admin)
        return true;
    call->rpc->counters.requests_denied++;
    RPC_FAIL(call, PERMISSION, "EPERM", OWNER, "%s: %" PRIu64 " belongs to another user",
             verb->name, id);
    return false;
}

/* --- running ---------------------------------------------------------------------------------- */

bool rpc_may_wait(struct rpc_call *call, uint64_t key, unsigned wakers)
{
    int64_t now_us = rpc_now_us(call->rpc);
    if (now_us >= call->deadline_at_us) {
        call->is_late = now_us < call->wait_until_us;
        return false;
    }
    call->wait_key = key;
    call->wakers = wakers;
    return now_us < call->wait_until_us;
}

enum rpc_outcome rpc_call_perform(struct rpc_call *call)
{
    rpc_answer_begin(call->rpc);
    call->is_late = false;
    if (!check_boot(call) || !check_session(call) || !check_owner(call))
        return RPC_ANSWER;
    enum rpc_outcome outcome = call->verb->handle(call);
    call->goes_on = outcome == RPC_AGAIN;
    return outcome;
}

enum rpc_outcome rpc_call_run(struct rpc_call *call)
{
    enum rpc_outcome outcome = rpc_call_perform(call);
    if (outcome == RPC_ANSWER)
        rpc_call_send(call);
    return outcome;
}
