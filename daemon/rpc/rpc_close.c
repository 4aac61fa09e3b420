/* Close and Abort: programs give up their objects. What the engine still does with them is its own
 * business. */
#include "rpc/rpc_close.h"

#include "rpc/rpc_convert.h"
#include "rpc/rpc_handler.h"
#include "rpc/rpc_recall.h"
#include "rpc/rpc_status.h"

enum te_err rpc_close_object(struct rpc *rpc, uint64_t id)
{
    const struct object *object = object_find(rpc->objects, id);
    int64_t now_us = rpc_now_us(rpc);
    if (rpc->host.before_end != NULL)
        rpc->host.before_end(rpc->host.ctx, id, true);
    uint64_t shown = object != NULL ? object_shown_to(object) : 0;
    if (shown > 0)
        te_receive_release(rpc_stack(rpc), id, shown, now_us);
    return te_close(rpc_stack(rpc), id, now_us);
}

static enum te_state state_now(struct rpc_call *call, uint64_t id)
{
    rpc_load_subject(call, id);
    return call->subject_err == TE_OK ? call->status->state : TE_CLOSED;
}

/* Ends the program's hold on the object, and remembers the answer. */
static void give_up(struct rpc_call *call, uint64_t id)
{
    struct rpc *rpc = call->rpc;
    const struct recent_answer answer = {.id = id, .state = state_now(call, id)};
    object_remove(rpc->objects, object_find(rpc->objects, id));
    rpc_remember(call, call->request_id, id, &answer);
    pump_wake(rpc->host.pump);
}

/* Our FIN has not been acknowledged yet. */
static bool is_closing(const struct rpc_call *call)
{
    if (call->subject_err != TE_OK)
        return false;
    switch (call->status->state) {
    case TE_SYN_RCVD: /* the FIN follows the handshake */
    case TE_ESTABLISHED:
    case TE_CLOSE_WAIT:
    case TE_FIN_WAIT_1:
    case TE_CLOSING:
    case TE_LAST_ACK:
        return true;
    default:
        return false;
    }
}

/* A waiting caller learns how it ended: data still unsent at CLOSE may never have arrived. */
static enum rpc_outcome close_answer(struct rpc_call *call, enum te_state state)
{
    uint64_t id = call->op.close.id;
    struct te_history history;
    rpc_result(call)->close.state = rpc_state(state);
    if (call->op.close.wait_ms == 0 || state != TE_CLOSED)
        return RPC_ANSWER;
    if (te_history(rpc_stack(call->rpc), id, &history) != TE_OK)
        return RPC_ANSWER;
    enum te_err err = rpc_history_err(&history);
    return err == TE_OK ? RPC_ANSWER : rpc_fail_engine(call, err, id);
}

/* Does the part that happens once. False: the answer is complete. */
static bool close_start(struct rpc_call *call)
{
    uint64_t id = call->op.close.id;
    struct recent_answer answer;
    bool had_failed = call->subject_err == TE_OK && call->status->error != TE_OK;
    call->is_started = rpc_recall(call, call->request_id, id, &answer);
    if (call->is_started && call->op.close.wait_ms == 0) {
        rpc_result(call)->close.state = (pb_state)answer.state;
        return false;
    }
    if (call->is_started)
        return true;
    enum te_err err = rpc_close_object(call->rpc, id);
    if (err != TE_OK) {
        rpc_fail_engine(call, err, id);
        return false;
    }
    call->is_started = true;
    give_up(call, id);
    if (had_failed) /* only its remains were left; Status has said why */
        rpc_result(call)->close.state = rpc_state(TE_CLOSED);
    return !had_failed;
}

enum rpc_outcome rpc_verb_close(struct rpc_call *call)
{
    uint64_t id = call->op.close.id;
    if (!call->is_started && !close_start(call))
        return RPC_ANSWER;
    enum te_state state = state_now(call, id);
    if (is_closing(call) && rpc_may_wait(call, id, RPC_WAKE_STATE | TE_READY_END))
        return RPC_WAIT;
    return close_answer(call, state);
}

enum rpc_outcome rpc_verb_abort(struct rpc_call *call)
{
    uint64_t id = call->op.abort.id;
    struct recent_answer answer;
    if (!rpc_recall(call, call->request_id, id, &answer)) {
        enum te_err err = te_abort(rpc_stack(call->rpc), id, rpc_now_us(call->rpc));
        if (err != TE_OK)
            return rpc_fail_engine(call, err, id);
        give_up(call, id);
    }
    rpc_result(call)->abort.state = rpc_state(TE_CLOSED);
    return RPC_ANSWER;
}
