/* The synchronous calls: each is one request, or several in a row. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "call.h"
#include "clock.h"
#include "error.h"
#include "stream.h"

/* A long wait is several requests, so that the daemon's limit on waiting does not matter. */
enum { WAIT_SLICE_MS = 30000 };

enum tcpc_code tcpc_call_async(struct tcpc_client *client, const struct tcpc_request *request,
                               tcpc_callback callback, void *ctx, struct tcpc_error *ret_error)
{
    tcpci_error_clear(ret_error);
    if ((int)request->op > TCPC_OP_RANK)
        return tcpci_error_set(ret_error, TCPC_INVALID_ARGUMENT, TCPC_HINT_NONE, "unknown request");
    return tcpci_call_start(client, request, callback, ctx, ret_error);
}

enum tcpc_code tcpc_call(struct tcpc_client *client, const struct tcpc_request *request,
                         struct tcpc_response **ret_response, struct tcpc_error *ret_error)
{
    tcpci_error_clear(ret_error);
    if ((int)request->op > TCPC_OP_RANK)
        return tcpci_error_set(ret_error, TCPC_INVALID_ARGUMENT, TCPC_HINT_NONE, "unknown request");
    return tcpci_call_sync(client, request, ret_response, ret_error);
}

enum tcpc_code tcpc_send_async(struct tcpc_client *client, const struct tcpc_send *send,
                               tcpc_callback callback, void *ctx, struct tcpc_error *ret_error)
{
    struct tcpc_request request = {.op = TCPC_OP_SEND, .u.send = *send};
    return tcpc_call_async(client, &request, callback, ctx, ret_error);
}

enum tcpc_code tcpc_receive_async(struct tcpc_client *client, const struct tcpc_receive *receive,
                                  tcpc_callback callback, void *ctx, struct tcpc_error *ret_error)
{
    struct tcpc_request request = {.op = TCPC_OP_RECEIVE, .u.receive = *receive};
    return tcpc_call_async(client, &request, callback, ctx, ret_error);
}

/* --- opening ---------------------------------------------------------------------------------- */

static uint64_t token_new(void)
{
    uint64_t token = 0;
    while (token == 0) {
        if (getrandom(&token, sizeof(token), 0) != (ssize_t)sizeof(token))
            token = (uint64_t)tcpci_clock_ms() << 20;
    }
    return token;
}

static uint32_t wait_slice_ms(int64_t until_ms)
{
    int64_t left_ms = until_ms == TCPC_MS_NEVER ? WAIT_SLICE_MS : until_ms - tcpci_clock_ms();
    if (left_ms <= 0)
        return 0;
    return left_ms < WAIT_SLICE_MS ? (uint32_t)left_ms : WAIT_SLICE_MS;
}

static enum tcpc_code open_once(struct tcpc_client *client, const struct tcpc_request *request,
                                struct tcpc_opened *ret_opened, struct tcpc_error *ret_error)
{
    struct tcpc_response *response = NULL;
    enum tcpc_code code = tcpci_call_sync(client, request, &response, ret_error);
    if (code != TCPC_OK)
        return code;
    *ret_opened = response->u.opened;
    tcpc_response_free(response);
    return TCPC_OK;
}

static bool is_opening(enum tcpc_state state)
{
    return state == TCPC_SYN_SENT || state == TCPC_SYN_RCVD;
}

enum tcpc_code tcpc_open_active(struct tcpc_client *client, const struct tcpc_open *open,
                                struct tcpc_opened *ret_opened, struct tcpc_error *ret_error)
{
    struct tcpc_request request = {.op = TCPC_OP_OPEN, .u.open = *open};
    int64_t until_ms = tcpci_clock_until_ms(open->wait_ms);
    tcpci_error_clear(ret_error);
    memset(ret_opened, 0, sizeof(*ret_opened));
    request.u.open.is_passive = false;
    if (!open->token)
        request.u.open.token = token_new();
    /* First without waiting: then the id is known even if the opening fails. */
    request.u.open.wait_ms = 0;
    enum tcpc_code code = open_once(client, &request, ret_opened, ret_error);
    if (code == TCPC_OK && !open->token)
        tcpci_stream_begin(client, ret_opened->id, ret_opened->accepted_to);
    request.u.open.len = 0; /* the daemon has taken what it had room for */
    if (!open->wait_ms)
        return code;
    while (code == TCPC_OK && is_opening(ret_opened->state)) {
        request.u.open.wait_ms = wait_slice_ms(until_ms);
        if (!request.u.open.wait_ms) {
            tcpci_error_set(ret_error, TCPC_AGAIN, TCPC_HINT_SYN_UNANSWERED,
                            "timed out: not established within %" PRIu32 " ms", open->wait_ms);
            tcpci_error_set_errno(ret_error, ETIMEDOUT);
            return TCPC_AGAIN;
        }
        code = open_once(client, &request, ret_opened, ret_error);
    }
    return code;
}

enum tcpc_code tcpc_listen(struct tcpc_client *client, const struct tcpc_open *open,
                           struct tcpc_opened *ret_opened, struct tcpc_error *ret_error)
{
    struct tcpc_request request = {.op = TCPC_OP_OPEN, .u.open = *open};
    tcpci_error_clear(ret_error);
    request.u.open.is_passive = true;
    request.u.open.wait_ms = 0;
    if (!open->token)
        request.u.open.token = token_new();
    return open_once(client, &request, ret_opened, ret_error);
}

enum tcpc_code tcpc_accept(struct tcpc_client *client, uint64_t listener_id, uint32_t wait_ms,
                           struct tcpc_opened *ret_opened, struct tcpc_error *ret_error)
{
    struct tcpc_request request = {.op = TCPC_OP_ACCEPT};
    int64_t until_ms = tcpci_clock_until_ms(wait_ms);
    enum tcpc_code code;
    request.u.accept = (struct tcpc_accept){.listener_id = listener_id, .token = token_new()};
    do {
        tcpci_error_clear(ret_error);
        request.u.accept.wait_ms = wait_slice_ms(until_ms);
        code = open_once(client, &request, ret_opened, ret_error);
    } while (code == TCPC_AGAIN && tcpci_clock_ms() < until_ms);
    if (code == TCPC_OK)
        tcpci_stream_begin(client, ret_opened->id, 0);
    return code;
}

/* --- closing and options ---------------------------------------------------------------------- */

static enum tcpc_code call_target(struct tcpc_client *client, enum tcpc_op op,
                                  struct tcpc_target target, enum tcpc_state *ret_state,
                                  struct tcpc_error *ret_error)
{
    struct tcpc_request request = {.op = op, .u.target = target};
    struct tcpc_response *response = NULL;
    tcpci_error_clear(ret_error);
    enum tcpc_code code = tcpci_call_sync(client, &request, &response, ret_error);
    if (code == TCPC_OK && ret_state != NULL)
        *ret_state = response->u.state;
    if (code == TCPC_OK)
        tcpc_response_free(response);
    return code;
}

enum tcpc_code tcpc_shutdown(struct tcpc_client *client, uint64_t id, struct tcpc_error *ret_error)
{
    return call_target(client, TCPC_OP_SHUTDOWN, (struct tcpc_target){.id = id}, NULL, ret_error);
}

enum tcpc_code tcpc_close(struct tcpc_client *client, uint64_t id, uint32_t wait_ms,
                          enum tcpc_state *ret_state, struct tcpc_error *ret_error)
{
    struct tcpc_target target = {.id = id, .wait_ms = wait_ms};
    tcpci_stream_release(client, id);
    tcpci_stream_end(client, id);
    return call_target(client, TCPC_OP_CLOSE, target, ret_state, ret_error);
}

enum tcpc_code tcpc_abort(struct tcpc_client *client, uint64_t id, struct tcpc_error *ret_error)
{
    tcpci_stream_end(client, id);
    return call_target(client, TCPC_OP_ABORT, (struct tcpc_target){.id = id}, NULL, ret_error);
}

static enum tcpc_code call_set_option(struct tcpc_client *client,
                                      const struct tcpc_set_option *option,
                                      struct tcpc_error *ret_error)
{
    struct tcpc_request request = {.op = TCPC_OP_SET_OPTION};
    struct tcpc_response *response = NULL;
    request.u.set_option = *option;
    enum tcpc_code code = tcpc_call(client, &request, &response, ret_error);
    if (code == TCPC_OK)
        tcpc_response_free(response);
    return code;
}

enum tcpc_code tcpc_set_option(struct tcpc_client *client, uint64_t id, const char *name,
                               int64_t value, struct tcpc_error *ret_error)
{
    const struct tcpc_set_option option = {.id = id, .name = name, .value = value};
    return call_set_option(client, &option, ret_error);
}

enum tcpc_code tcpc_set_congestion_control(struct tcpc_client *client, uint64_t id,
                                           const char *name, struct tcpc_error *ret_error)
{
    const struct tcpc_set_option option = {.id = id, .name = "congestion_control", .text = name};
    return call_set_option(client, &option, ret_error);
}

/* --- faults ----------------------------------------------------------------------------------- */

enum tcpc_code tcpc_fault_add(struct tcpc_client *client, const struct tcpc_fault *fault,
                              uint64_t *ret_id, struct tcpc_error *ret_error)
{
    struct tcpc_request request = {.op = TCPC_OP_FAULT, .u.fault = *fault};
    struct tcpc_response *response = NULL;
    request.u.fault.verb = TCPC_FAULT_ADD;
    if (!fault->token)
        request.u.fault.token = token_new();
    enum tcpc_code code = tcpc_call(client, &request, &response, ret_error);
    if (code != TCPC_OK)
        return code;
    *ret_id = response->u.faults.id;
    tcpc_response_free(response);
    return TCPC_OK;
}

enum tcpc_code tcpc_fault_list(struct tcpc_client *client, uint64_t first_id,
                               struct tcpc_response **ret_response, struct tcpc_error *ret_error)
{
    struct tcpc_request request = {.op = TCPC_OP_FAULT};
    request.u.fault = (struct tcpc_fault){.verb = TCPC_FAULT_LIST, .id = first_id};
    return tcpc_call(client, &request, ret_response, ret_error);
}

enum tcpc_code tcpc_fault_remove(struct tcpc_client *client, uint64_t id,
                                 struct tcpc_error *ret_error)
{
    struct tcpc_request request = {.op = TCPC_OP_FAULT};
    struct tcpc_response *response = NULL;
    request.u.fault = (struct tcpc_fault){.verb = TCPC_FAULT_REMOVE, .id = id};
    enum tcpc_code code = tcpc_call(client, &request, &response, ret_error);
    if (code == TCPC_OK)
        tcpc_response_free(response);
    return code;
}

/* --- inspection ------------------------------------------------------------------------------- */

enum tcpc_code tcpc_status(struct tcpc_client *client, uint64_t id,
                           struct tcpc_response **ret_response, struct tcpc_error *ret_error)
{
    struct tcpc_request request = {.op = TCPC_OP_STATUS, .u.target.id = id};
    return tcpc_call(client, &request, ret_response, ret_error);
}

enum tcpc_code tcpc_history(struct tcpc_client *client, uint64_t id,
                            struct tcpc_response **ret_response, struct tcpc_error *ret_error)
{
    struct tcpc_request request = {.op = TCPC_OP_HISTORY, .u.target.id = id};
    return tcpc_call(client, &request, ret_response, ret_error);
}

enum tcpc_code tcpc_explain(struct tcpc_client *client, uint64_t id,
                            struct tcpc_response **ret_response, struct tcpc_error *ret_error)
{
    struct tcpc_request request = {.op = TCPC_OP_EXPLAIN, .u.target.id = id};
    return tcpc_call(client, &request, ret_response, ret_error);
}

enum tcpc_code tcpc_counters(struct tcpc_client *client, struct tcpc_response **ret_response,
                             struct tcpc_error *ret_error)
{
    struct tcpc_request request = {.op = TCPC_OP_COUNTERS};
    return tcpc_call(client, &request, ret_response, ret_error);
}

enum tcpc_code tcpc_next_events(struct tcpc_client *client, uint64_t after_seq, uint32_t wait_ms,
                                struct tcpc_response **ret_response, struct tcpc_error *ret_error)
{
    struct tcpc_request request = {.op = TCPC_OP_NEXT_EVENTS};
    request.u.next_events = (struct tcpc_next_events){.after_seq = after_seq, .wait_ms = wait_ms};
    return tcpc_call(client, &request, ret_response, ret_error);
}

enum tcpc_code tcpc_daemon_status(struct tcpc_client *client, struct tcpc_response **ret_response,
                                  struct tcpc_error *ret_error)
{
    struct tcpc_request request = {.op = TCPC_OP_DAEMON_STATUS};
    return tcpc_call(client, &request, ret_response, ret_error);
}
