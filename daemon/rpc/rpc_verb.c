#include "rpc/rpc_verb.h"

#include <assert.h>

#include "rpc/rpc_handler.h"

#define RESULT(name) &tcpengine__v1__##name##_result__descriptor

/* One row per operation of Request, in the order of their numbers. */
static const struct rpc_verb verbs[RPC_VERB_COUNT] = {
    {RPC_OP(ATTACH), "Attach", rpc_verb_attach, RESULT(attach), RPC_ANYBODY, 0, 0, true},
    {RPC_OP(DETACH), "Detach", rpc_verb_detach, RESULT(detach), RPC_ANYBODY, 0, 0, true},
    {RPC_OP(OPEN), "Open", rpc_verb_open, RESULT(open), RPC_ANYBODY, offsetof(pb_open, listener_id),
     offsetof(pb_open, wait_ms), false},
    {RPC_OP(ACCEPT), "Accept", rpc_verb_accept, RESULT(accept), RPC_OWNER,
     offsetof(pb_accept, listener_id), offsetof(pb_accept, wait_ms), false},
    {RPC_OP(SEND), "Send", rpc_verb_send, RESULT(send), RPC_OWNER, offsetof(pb_send, id),
     offsetof(pb_send, wait_ms), false},
    {RPC_OP(RECEIVE), "Receive", rpc_verb_receive, RESULT(receive), RPC_OWNER,
     offsetof(pb_receive, id), offsetof(pb_receive, wait_ms), false},
    {RPC_OP(SHUTDOWN), "Shutdown", rpc_verb_shutdown, RESULT(shutdown), RPC_OWNER,
     offsetof(pb_shutdown, id), 0, false},
    {RPC_OP(CLOSE), "Close", rpc_verb_close, RESULT(close), RPC_OWNER, offsetof(pb_close, id),
     offsetof(pb_close, wait_ms), false},
    {RPC_OP(ABORT), "Abort", rpc_verb_abort, RESULT(abort), RPC_OWNER, offsetof(pb_abort, id), 0,
     false},
    {RPC_OP(STATUS), "Status", rpc_verb_connection_status, RESULT(connection_status), RPC_OWNER,
     offsetof(pb_connection_status, id), 0, false},
    {RPC_OP(LIST), "List", rpc_verb_list, RESULT(list), RPC_ANYBODY, 0, 0, false},
    {RPC_OP(TIME_WAIT_LIST), "TimeWaitList", rpc_verb_time_wait_list, RESULT(time_wait_list),
     RPC_ANYBODY, 0, 0, false},
    {RPC_OP(HISTORY), "History", rpc_verb_history, RESULT(history), RPC_OWNER,
     offsetof(pb_history, id), 0, false},
    {RPC_OP(EXPLAIN), "Explain", rpc_verb_explain, RESULT(explain), RPC_OWNER,
     offsetof(pb_explain, id), 0, false},
    {RPC_OP(COUNTERS), "Counters", rpc_verb_counters, RESULT(counters), RPC_ANYBODY, 0, 0, false},
    {RPC_OP(NEXT_EVENTS), "NextEvents", rpc_verb_next_events, RESULT(next_events), RPC_ANYBODY, 0,
     offsetof(pb_next_events, wait_ms), false},
    {RPC_OP(CAPTURE), "Capture", rpc_verb_capture, RESULT(capture), RPC_ANYBODY, 0,
     offsetof(pb_capture, wait_ms), false},
    {RPC_OP(FAULT), "Fault", rpc_verb_fault, RESULT(fault), RPC_ANYBODY,
     offsetof(pb_fault, target_id), 0, false},
    {RPC_OP(DAEMON_STATUS), "DaemonStatus", rpc_verb_daemon_status, RESULT(daemon_status),
     RPC_ANYBODY, 0, 0, false},
    {RPC_OP(SET_OPTION), "SetOption", rpc_verb_set_option, RESULT(set_option), RPC_OWNER,
     offsetof(pb_set_option, id), 0, false},
    {RPC_OP(SESSIONS), "Sessions", rpc_verb_sessions, RESULT(sessions), RPC_ANYBODY, 0, 0, false},
    {RPC_OP(RANK), "Rank", rpc_verb_rank, RESULT(rank), RPC_ANYBODY, 0, 0, false},
};

static_assert((int)RPC_OP(RANK) == (int)TCPENGINE__V1__RESPONSE__RESULT_RANK,
              "an operation and its result have the same number");
static_assert(RPC_CODE_COUNT == PB_CODE_COUNT, "one counter per code");

const struct rpc_verb *rpc_verb_find(unsigned op_case)
{
    for (size_t i = 0; i < RPC_VERB_COUNT; i++)
        if ((unsigned)verbs[i].op_case == op_case)
            return &verbs[i];
    return NULL;
}

size_t rpc_verb_index(const struct rpc_verb *verb)
{
    return (size_t)(verb - verbs);
}

const char *rpc_verb_name(unsigned index)
{
    return index < RPC_VERB_COUNT ? verbs[index].name : NULL;
}
