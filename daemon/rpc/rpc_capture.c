/* Capture. */
#include <string.h>

#include "capture/capture.h"
#include "rpc/rpc_filter.h"
#include "rpc/rpc_handler.h"
#include "rpc/rpc_status.h"

#define DATA_MAX_BYTES (128u * 1024)

static enum rpc_outcome fail_start(struct rpc_call *call, const struct capture_set *set)
{
    if (set != NULL && capture_set_count(set) == CAPTURES_MAX)
        return RPC_FAIL(call, RESOURCES, "EMFILE", NONE,
                        "Capture: there are %d already, which is the limit", CAPTURES_MAX);
    return RPC_FAIL(call, RESOURCES, "ENOMEM", NONE, "Capture: no memory");
}

static enum rpc_outcome start(struct rpc_call *call)
{
    const pb_capture *op = &call->op.capture;
    struct capture_set *set = call->rpc->host.captures;
    struct capture_request request = {.id = call->request_id,
                                      .snaplen = op->snaplen,
                                      .count = op->count,
                                      .owners = call->rpc->owners,
                                      .reader = {.owner = call->link,
                                                 .sees_all = call->link->is_admin,
                                                 .uid = call->link->account->uid}};
    if (!rpc_filter_read_or_fail(call, op->filter, op->n_filter, &request.filter))
        return RPC_ANSWER;
    const struct capture *capture =
        set != NULL ? capture_find_request(set, call->request_id, call->link) : NULL;
    if (set != NULL && capture == NULL)
        capture = capture_start(set, &request);
    if (capture == NULL)
        return fail_start(call, set);
    rpc_result(call)->capture.capture = capture_id(capture);
    return RPC_ANSWER;
}

static bool fill_data(struct rpc_call *call, const uint8_t *bytes, size_t len)
{
    pb_capture_result *result = &rpc_result(call)->capture;
    result->data.data = arena_alloc(&call->rpc->answer_arena, len);
    if (result->data.data == NULL)
        return false;
    memcpy(result->data.data, bytes, len);
    result->data.len = len;
    return true;
}

static enum rpc_outcome read_on(struct rpc_call *call, struct capture *capture)
{
    const pb_capture *op = &call->op.capture;
    pb_capture_result *result = &rpc_result(call)->capture;
    const uint8_t *bytes;
    size_t len;
    if (!capture_read(capture, op->from_offset, DATA_MAX_BYTES, &bytes, &len))
        return RPC_FAIL(call, BAD_OFFSET, "EINVAL", NONE,
                        "Capture: what is asked for is no longer kept, or not there yet");
    bool is_over = capture_is_over(capture);
    if (len == 0 && !is_over && rpc_may_wait(call, RPC_KEY_CAPTURE | op->capture, RPC_WAKE_EVENT))
        return RPC_WAIT;
    if (len > 0 && !fill_data(call, bytes, len))
        return RPC_FAIL(call, RESOURCES, "ENOMEM", NONE, "Capture: no memory for the answer");
    result->capture = op->capture;
    result->offset = op->from_offset;
    result->lost = capture_lost(capture);
    result->is_over = is_over && len == 0;
    if (result->is_over)
        capture_end(call->rpc->host.captures, capture);
    return RPC_ANSWER;
}

enum rpc_outcome rpc_verb_capture(struct rpc_call *call)
{
    const pb_capture *op = &call->op.capture;
    struct capture_set *set = call->rpc->host.captures;
    if (op->capture == 0)
        return start(call);
    struct capture *capture = set != NULL ? capture_find(set, op->capture, call->link) : NULL;
    if (capture == NULL)
        return RPC_FAIL(call, NOT_FOUND, "ENOENT", NONE,
                        "Capture: this link has no capture of that number (any more)");
    if (op->stop)
        capture_stop(set, capture);
    return read_on(call, capture);
}
