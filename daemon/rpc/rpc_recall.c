#include "rpc/rpc_recall.h"

bool rpc_recall(struct rpc_call *call, uint64_t token, uint64_t id,
                struct recent_answer *ret_answer)
{
    const struct recent_key key = {.account = call->link->account,
                                   .session = call->session_id,
                                   .verb = (uint32_t)call->verb->op_case,
                                   .token = token,
                                   .id = id};
    if (token == 0 || !recent_find(call->rpc->recent, &key, ret_answer))
        return false;
    call->rpc->counters.requests_repeated++;
    return true;
}

void rpc_remember(struct rpc_call *call, uint64_t token, uint64_t id,
                  const struct recent_answer *answer)
{
    const struct recent_key key = {.account = call->link->account,
                                   .session = call->session_id,
                                   .verb = (uint32_t)call->verb->op_case,
                                   .token = token,
                                   .id = id};
    if (token != 0)
        recent_add(call->rpc->recent, &key, answer);
}
