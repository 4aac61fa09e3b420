/* Send, Receive and Shutdown. Stream offsets make Send and Receive exactly-once. */
#include <inttypes.h>
#include <string.h>

#include "rpc/rpc_handler.h"
#include "rpc/rpc_recall.h"
#include "rpc/rpc_status.h"

/* Most data in an answer to Receive: what the other fields leave of SP_REPLY_MAX_BYTES. */
#define RPC_RECEIVE_MAX_BYTES (SP_REPLY_MAX_BYTES - 128)

/* The call's object must be a connection that has neither failed nor been closed by its user.
 * False: the answer says why not. */
static bool check_connection(struct rpc_call *call, uint64_t id)
{
    const struct te_status *status = call->status;
    enum te_err err = call->subject_err;
    if (err == TE_OK && status->is_listener)
        err = TE_ERR_STATE;
    else if (err == TE_OK && status->error != TE_OK)
        err = status->error;
    else if (err == TE_OK && status->user_closed)
        err = TE_ERR_CLOSING;
    if (err != TE_OK)
        rpc_fail_engine(call, err, id);
    return err == TE_OK;
}

/* --- Send ------------------------------------------------------------------------------------- */

static enum rpc_outcome fail_send_offset(struct rpc_call *call, const char *what)
{
    const pb_send *op = &call->op.send;
    return RPC_FAIL(call, BAD_OFFSET, "ESPIPE", SEND_OFFSET,
                    "connection %" PRIu64 ": Send at offset %" PRIu64 " %s: %" PRIu64
                    " bytes were accepted so far",
                    op->id, op->offset, what, call->status->send_accepted);
}

/* A channel may have its buffers, and only receive from it. */
static enum te_err send_bytes(struct rpc_call *call, const uint8_t *data, size_t len,
                              size_t *ret_accepted)
{
    const struct rpc_host *host = &call->rpc->host;
    uint64_t id = call->op.send.id;
    enum te_err err =
        te_send(rpc_stack(call->rpc), id, data, len, ret_accepted, rpc_now_us(call->rpc));
    if (err == TE_ERR_STATE && host->send_lent != NULL)
        err = host->send_lent(host->ctx, id, data, len, ret_accepted);
    return err;
}

/* Hands the new part of the data to the engine; *ret_accepted is how much of that it took. */
static enum te_err send_new(struct rpc_call *call, size_t *ret_accepted)
{
    const pb_send *op = &call->op.send;
    uint64_t known = call->status->send_accepted - op->offset;
    *ret_accepted = 0;
    if (known >= op->data.len)
        return TE_OK;
    enum te_err err =
        send_bytes(call, op->data.data + known, op->data.len - (size_t)known, ret_accepted);
    if (*ret_accepted > 0) {
        sp_link_carry(call->link->link, *ret_accepted);
        pump_wake(call->rpc->host.pump);
    }
    return err == TE_ERR_AGAIN ? TE_OK : err;
}

/* Queues the FIN, once all data was accepted. TE_ERR_AGAIN: not possible yet, in SYN_SENT. */
static enum te_err send_fin(struct rpc_call *call)
{
    if (call->status->fin_queued)
        return TE_OK;
    enum te_err err = te_shutdown(rpc_stack(call->rpc), call->op.send.id, rpc_now_us(call->rpc));
    bool is_opening = call->status->state == TE_SYN_SENT;
    pump_wake(call->rpc->host.pump);
    return err == TE_ERR_STATE && is_opening ? TE_ERR_AGAIN : err;
}

/* Waits only if there was no progress: neither new bytes nor the FIN. */
static enum rpc_outcome send_answer(struct rpc_call *call, size_t accepted, bool fin_accepted)
{
    const pb_send *op = &call->op.send;
    uint64_t accepted_to = call->status->send_accepted + accepted;
    bool is_complete = accepted_to >= op->offset + op->data.len && (!op->fin || fin_accepted);
    unsigned wakers = TE_READY_SEND | TE_READY_OPEN | TE_READY_END;
    if (!is_complete && accepted == 0 && rpc_may_wait(call, op->id, wakers))
        return RPC_WAIT;
    pb_send_result *result = &rpc_result(call)->send;
    result->accepted_to = accepted_to;
    result->fin_accepted = fin_accepted;
    if (!is_complete && accepted == 0)
        return RPC_FAIL(call, AGAIN, "EAGAIN", WAIT,
                        "connection %" PRIu64 ": the send buffer is full", op->id);
    return RPC_ANSWER;
}

enum rpc_outcome rpc_verb_send(struct rpc_call *call)
{
    const pb_send *op = &call->op.send;
    size_t accepted;
    if (!check_connection(call, op->id))
        return RPC_ANSWER;
    uint64_t before = call->status->send_accepted;
    if (op->offset > before)
        return fail_send_offset(call, "leaves a gap");
    if (op->data.len > UINT64_MAX - op->offset || (op->fin && op->offset + op->data.len < before))
        return fail_send_offset(call, "would end the stream before its end");
    enum te_err err = send_new(call, &accepted);
    bool fin_accepted = false;
    if (err == TE_OK && op->fin && before + accepted == op->offset + op->data.len) {
        err = send_fin(call);
        fin_accepted = err == TE_OK;
    }
    if (err != TE_OK && err != TE_ERR_AGAIN)
        return rpc_fail_engine(call, err, op->id);
    return send_answer(call, accepted, fin_accepted);
}

/* --- Receive ---------------------------------------------------------------------------------- */

static enum rpc_outcome fail_receive_offset(struct rpc_call *call)
{
    const pb_receive *op = &call->op.receive;
    const struct te_status *status = call->status;
    if (op->from_offset < status->receive_released)
        return RPC_FAIL(call, BAD_OFFSET, "ESPIPE", RECEIVE_FREED,
                        "connection %" PRIu64 ": Receive from offset %" PRIu64
                        ": the bytes below %" PRIu64 " were freed",
                        op->id, op->from_offset, status->receive_released);
    return RPC_FAIL(call, BAD_OFFSET, "ESPIPE", RECEIVE_OFFSET,
                    "connection %" PRIu64 ": Receive from offset %" PRIu64 ": only %" PRIu64
                    " bytes were received so far",
                    op->id, op->from_offset, status->receive_next);
}

/* Returns the bytes in one piece: in place, or, where the engine's ring wraps, as a copy. */
static bool fill_data(struct rpc_call *call, const struct te_received *received,
                      ProtobufCBinaryData *ret_data)
{
    const struct te_iovec *iov = received->iov;
    ret_data->len = received->total_bytes;
    ret_data->data = (uint8_t *)(uintptr_t)iov[0].base;
    if (received->total_bytes == 0 || iov[0].len == received->total_bytes)
        return true;
    uint8_t *copy = arena_alloc(&call->rpc->answer_arena, received->total_bytes);
    if (copy == NULL)
        return false;
    memcpy(copy, iov[0].base, iov[0].len);
    memcpy(copy + iov[0].len, iov[1].base, iov[1].len);
    ret_data->data = copy;
    return true;
}

/* Notes how much of the stream the client has seen, for CLOSE. */
static void note_shown(struct rpc_call *call, uint64_t to_offset)
{
    struct object *object = object_find(call->rpc->objects, call->op.receive.id);
    if (object == NULL || object->shown_to >= to_offset)
        return;
    sp_link_carry(call->link->link, (size_t)(to_offset - object->shown_to));
    object->shown_to = to_offset;
}

static enum rpc_outcome receive_answer(struct rpc_call *call, const struct te_received *received)
{
    pb_receive_result *result = &rpc_result(call)->receive;
    result->offset = call->op.receive.from_offset;
    note_shown(call, result->offset + received->total_bytes);
    result->end = received->is_end;
    if (!fill_data(call, received, &result->data))
        return RPC_FAIL(call, RESOURCES, "ENOMEM", NONE, "Receive: no memory for the answer");
    return RPC_ANSWER;
}

static enum rpc_outcome receive_nothing(struct rpc_call *call, enum te_err err)
{
    const pb_receive *op = &call->op.receive;
    const struct te_received end = {.is_end = true};
    if (err == TE_ERR_AGAIN &&
        rpc_may_wait(call, op->id, TE_READY_RECEIVE | TE_READY_OPEN | TE_READY_END))
        return RPC_WAIT;
    if (err == TE_ERR_AGAIN)
        return RPC_FAIL(call, AGAIN, "EAGAIN", WAIT, "connection %" PRIu64 ": nothing was received",
                        op->id);
    if (err == TE_ERR_OFFSET)
        return fail_receive_offset(call);
    if (err == TE_ERR_CLOSING && call->status->fin_received &&
        op->from_offset == call->status->receive_next)
        return receive_answer(call, &end); /* asked again at the end of the stream */
    return rpc_fail_engine(call, err, op->id);
}

enum rpc_outcome rpc_verb_receive(struct rpc_call *call)
{
    const pb_receive *op = &call->op.receive;
    struct te_stack *stack = rpc_stack(call->rpc);
    struct te_received received = {0};
    if (!check_connection(call, op->id))
        return RPC_ANSWER;
    if (op->from_offset < call->status->receive_released ||
        op->from_offset > call->status->receive_next)
        return fail_receive_offset(call);
    if (op->from_offset > call->status->receive_released) {
        te_receive_release(stack, op->id, op->from_offset, rpc_now_us(call->rpc));
        pump_wake(call->rpc->host.pump);
    }
    size_t max = op->max == 0 || op->max > RPC_RECEIVE_MAX_BYTES ? RPC_RECEIVE_MAX_BYTES : op->max;
    enum te_err err = te_receive_peek(stack, op->id, op->from_offset, max, &received);
    return err == TE_OK ? receive_answer(call, &received) : receive_nothing(call, err);
}

/* --- Shutdown --------------------------------------------------------------------------------- */

enum rpc_outcome rpc_verb_shutdown(struct rpc_call *call)
{
    const pb_shutdown *op = &call->op.shutdown;
    struct rpc *rpc = call->rpc;
    struct recent_answer answer;
    if (rpc_recall(call, call->request_id, op->id, &answer)) {
        rpc_result(call)->shutdown.state = (pb_state)answer.state;
        return RPC_ANSWER;
    }
    if (!check_connection(call, op->id))
        return RPC_ANSWER;
    if (rpc->host.before_end != NULL)
        rpc->host.before_end(rpc->host.ctx, op->id, false);
    enum te_err err = te_shutdown(rpc_stack(rpc), op->id, rpc_now_us(rpc));
    if (err != TE_OK)
        return rpc_fail_engine(call, err, op->id);
    pump_wake(rpc->host.pump);
    rpc_load_subject(call, op->id);
    answer = (struct recent_answer){
        .id = op->id, .state = call->subject_err == TE_OK ? call->status->state : TE_CLOSED};
    rpc_remember(call, call->request_id, op->id, &answer);
    rpc_result(call)->shutdown.state = (pb_state)answer.state;
    return RPC_ANSWER;
}
