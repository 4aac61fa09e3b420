/* One request, from start to callback.
 *
 * A call has an nng context and does one thing at a time, according to its phase. Every step ends
 * in on_io() or on_timer():
 *
 *     PARKED   sleeps until there is a link (calls_wake wakes it) or its patience ends
 *     SENDING  nng_ctx_send: in nng's queue (calls_recall takes it back when the link goes)
 *     WAITING  nng_ctx_recv: out; on NNG_ECONNRESET, the link broke: park, then send again
 *     DONE     the callback runs; then the call returns to the pool
 *
 * Sleeping has an aio of its own: in nng 1.5.2 an aio that has slept once reports success when a
 * later operation on it times out. Calls are pooled because an aio cannot be freed in its own
 * callback. */
#include "call.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "error.h"
#include "message.h"
#include "probe.h"
#include "pulse.h"

enum {
    PARK_SLICE_MS = 100,    /* how often a parked call checks why there is no link */
    DEADLINE_SLACK_MS = 500 /* time for the answer that the daemon gives at deadline_ms */
};

static void on_io(void *arg);
static void on_timer(void *arg);

/* --- the pool --------------------------------------------------------------------------------- */

static void call_free(struct call *call)
{
    /* NULL is legal for both. */
    nng_aio_stop(call->timer);
    nng_aio_stop(call->aio);
    nng_ctx_close(call->ctx);
    nng_aio_free(call->timer);
    nng_aio_free(call->aio);
    free(call);
}

static struct call *call_new(struct tcpc_client *client)
{
    struct call *call = calloc(1, sizeof(*call));
    if (call == NULL)
        return NULL;
    call->client = client;
    call->socket_number = client->socket_number;
    if (nng_ctx_open(&call->ctx, client->socket) != 0) {
        free(call);
        return NULL;
    }
    if (nng_aio_alloc(&call->aio, on_io, call) == 0 &&
        nng_aio_alloc(&call->timer, on_timer, call) == 0)
        return call;
    call_free(call);
    return NULL;
}

/* A call with a response, in the list of active ones. NULL: out of memory. */
static struct call *call_take(struct tcpc_client *client)
{
    struct tcpc_response *response = calloc(1, sizeof(*response));
    struct call *call = client->pool;
    if (call != NULL)
        client->pool = call->next;
    else
        call = response != NULL ? call_new(client) : NULL;
    if (call == NULL || response == NULL) {
        if (call != NULL) {
            call->next = client->pool;
            client->pool = call;
        }
        free(response);
        return NULL;
    }
    call->response = response;
    call->previous = NULL;
    call->next = client->active;
    if (client->active != NULL)
        client->active->previous = call;
    client->active = call;
    client->active_count++;
    tcpci_pulse_start(client);
    return call;
}

static void call_return(struct call *call)
{
    struct tcpc_client *client = call->client;
    pthread_mutex_lock(&client->lock);
    if (call->next != NULL)
        call->next->previous = call->previous;
    if (call->previous != NULL)
        call->previous->next = call->next;
    else
        client->active = call->next;
    call->phase = CALL_IDLE;
    call->previous = NULL;
    call->next = client->pool;
    client->pool = call;
    client->active_count--;
    pthread_cond_broadcast(&client->changed);
    pthread_mutex_unlock(&client->lock);
}

/* --- steps, under the lock -------------------------------------------------------------------- */

static nng_duration duration_until(int64_t at_ms)
{
    if (at_ms == TCPC_MS_NEVER)
        return NNG_DURATION_INFINITE;
    int64_t left_ms = at_ms - tcpci_clock_ms();
    if (left_ms < 1)
        return 1;
    return left_ms < INT_MAX ? (nng_duration)left_ms : INT_MAX;
}

static void call_sleep(struct call *call, nng_duration time_ms)
{
    call->phase = CALL_PARKED;
    nng_sleep_aio(time_ms, call->timer);
}

/* How long a parked call waits: until its own deadline, or reconnect_ms after the daemon was lost.
 */
static int64_t patience_until_ms(const struct call *call)
{
    const struct tcpc_client *client = call->client;
    int64_t since_ms = client->lost_at_ms ? client->lost_at_ms : call->parked_at_ms;
    int64_t until_ms = since_ms + client->reconnect_ms;
    return until_ms < call->deadline_at_ms ? until_ms : call->deadline_at_ms;
}

/* Waits for a link, and checks from time to time why there is none. */
static void call_park(struct call *call)
{
    if (!call->parked_at_ms)
        call->parked_at_ms = tcpci_clock_ms();
    nng_duration time_ms = duration_until(patience_until_ms(call));
    call_sleep(call, time_ms < PARK_SLICE_MS ? time_ms : PARK_SLICE_MS);
}

/* Replaces the context of a pooled call whose socket was left behind. False: out of memory. */
static bool call_has_context(struct call *call)
{
    struct tcpc_client *client = call->client;
    if (call->socket_number == client->socket_number)
        return true;
    nng_ctx ctx;
    if (nng_ctx_open(&ctx, client->socket) != 0)
        return false;
    nng_ctx_close(call->ctx);
    call->ctx = ctx;
    call->socket_number = client->socket_number;
    return true;
}

static int64_t sending_until_ms(const struct call *call)
{
    int64_t until_ms = tcpci_clock_ms() + tcpci_link_patience_ms(call->client);
    return until_ms < call->deadline_at_ms ? until_ms : call->deadline_at_ms;
}

/* True when the daemon that had the call is gone, and another one is there. Before the first answer
 * no boot id is known that could say so, but the process is. */
static bool call_has_outlived(const struct call *call)
{
    const struct tcpc_client *client = call->client;
    return call->is_resent && !client->boot_id && call->daemon_pid && client->daemon_pid &&
           call->daemon_pid != client->daemon_pid;
}

static void call_transmit(struct call *call)
{
    nng_msg *message = NULL;
    call->parked_at_ms = 0;
    if (call_has_outlived(call)) {
        call->verdict = TCPC_RESTARTED;
        call_sleep(call, 0);
        return;
    }
    call->daemon_pid = call->client->daemon_pid;
    if (call_has_context(call))
        message = tcpci_encode_request(call);
    if (message == NULL) {
        call->verdict = TCPC_NO_MEMORY;
        call_sleep(call, 0);
        return;
    }
    call->phase = CALL_SENDING;
    call->link_number = call->client->link_number;
    if (!call->client->untaken_since_ms)
        call->client->untaken_since_ms = tcpci_clock_ms();
    nng_aio_set_timeout(call->aio, duration_until(sending_until_ms(call)));
    nng_aio_set_msg(call->aio, message);
    nng_ctx_send(call->ctx, call->aio);
}

static void call_go(struct call *call)
{
    if (call->client->link == LINK_UP || call->is_check)
        call_transmit(call);
    else
        call_park(call);
}

/* The daemon's deadline, and ours, a little later: its own answer should come first. */
static void call_set_deadline(struct call *call)
{
    uint32_t timeout_ms = call->request.timeout_ms;
    uint32_t wait_ms = tcpci_request_wait_ms(&call->request);
    if (!timeout_ms)
        timeout_ms = call->client->timeout_ms;
    call->deadline_ms = 0;
    call->deadline_at_ms = TCPC_MS_NEVER;
    if (timeout_ms == TCPC_WAIT_FOREVER || wait_ms == TCPC_WAIT_FOREVER)
        return;
    int64_t total_ms = (int64_t)timeout_ms + wait_ms;
    int64_t slack_ms = total_ms / 4;
    if (slack_ms > DEADLINE_SLACK_MS)
        slack_ms = DEADLINE_SLACK_MS;
    call->deadline_at_ms = tcpci_clock_ms() + total_ms;
    if (total_ms - slack_ms < UINT32_MAX)
        call->deadline_ms = (uint32_t)(total_ms - slack_ms);
}

static void call_prepare(struct call *call, const struct tcpc_request *request)
{
    call->request = *request;
    call->request_id = call->client->next_request_id++;
    call->parked_at_ms = 0;
    call->is_check = false;
    call->is_resent = false;
    call->verdict = TCPC_OK;
    call->callback = NULL;
    call->response->op = request->op;
    call_set_deadline(call);
}

/* --- the end of a call ------------------------------------------------------------------------ */

/* Without a session the daemon may remember no answers: when a request sent twice finds its work
 * done, that is success. */
static void forgive_resent(struct call *call)
{
    enum tcpc_op op = call->request.op;
    enum tcpc_code code = call->response->error.code;
    if (!call->is_resent || call->client->session)
        return;
    if (op != TCPC_OP_CLOSE && op != TCPC_OP_ABORT && op != TCPC_OP_SHUTDOWN)
        return;
    if (code != TCPC_NOT_FOUND && code != TCPC_CONNECTION_CLOSING)
        return;
    tcpci_error_clear(&call->response->error);
    call->response->u.state = TCPC_CLOSED;
}

/* The lock is held, and released. */
static void call_finish(struct call *call)
{
    struct tcpc_client *client = call->client;
    call->phase = CALL_DONE;
    forgive_resent(call);
    pthread_mutex_unlock(&client->lock);
    if (call->is_check) {
        tcpci_link_checked(client, call->link_number, &call->response->error);
        tcpc_response_free(call->response);
    } else {
        call->callback(call->callback_ctx, call->response);
    }
    call->response = NULL;
    call_return(call);
}

static void call_fail(struct call *call, enum tcpc_code code)
{
    struct tcpc_client *client = call->client;
    struct tcpc_error *error = &call->response->error;
    if (client->is_closing)
        tcpci_error_set_code(error, TCPC_CANCELLED, client->url);
    else if (client->fatal.code != TCPC_OK)
        *error = client->fatal;
    else if (code == TCPC_UNREACHABLE && client->refusal.code != TCPC_OK)
        *error = client->refusal;
    else if (code == TCPC_UNREACHABLE)
        tcpci_probe_explain(client->url, tcpci_probe_daemon(client->url), error);
    else
        tcpci_error_set_code(error, code, client->url);
    call_finish(call);
}

static void calls_wake(struct tcpc_client *client)
{
    for (struct call *call = client->active; call != NULL; call = call->next) {
        if (call->phase == CALL_PARKED)
            nng_aio_abort(call->timer, NNG_EAGAIN);
    }
}

/* The next daemon knows no id or session of the last: no call may go on. */
static void note_boot(struct tcpc_client *client, struct tcpc_response *response)
{
    if (!response->boot_id)
        return;
    if (!client->boot_id)
        client->boot_id = response->boot_id;
    if (client->boot_id == response->boot_id)
        return;
    tcpci_error_set_code(&client->fatal, TCPC_RESTARTED, client->url);
    response->error = client->fatal;
    memset(&response->u, 0, sizeof(response->u));
    calls_wake(client);
}

/* An id of an earlier run in a request that never met that run: not found, like any that is gone.
 */
static void judge_old_id(const struct call *call)
{
    struct tcpc_error *error = &call->response->error;
    if (error->code == TCPC_RESTARTED && !call->is_resent && call->client->fatal.code == TCPC_OK)
        error->code = TCPC_NOT_FOUND;
}

/* Notes what an answer says about the daemon and the session. */
static void note_answer(struct call *call)
{
    struct tcpc_client *client = call->client;
    bool is_refused = call->is_check && call->response->error.code == TCPC_RESOURCES;
    /* An answer may still be read after its link was found broken. */
    if (client->link != LINK_DOWN && call->link_number == client->link_number && !is_refused)
        client->lost_at_ms = 0;
    note_boot(client, call->response);
    judge_old_id(call);
    if ((int)call->request.op != OP_ATTACH || call->response->error.code != TCPC_OK)
        return;
    client->session = call->attach.session;
    memcpy(client->token, call->attach.token, TCPC_TOKEN_BYTES);
}

static void call_answered(struct call *call)
{
    nng_msg *message = nng_aio_get_msg(call->aio);
    nng_aio_set_msg(call->aio, NULL);
    if (tcpci_decode_response(call, nng_msg_body(message), nng_msg_len(message)))
        note_answer(call);
    nng_msg_free(message);
    call_finish(call);
}

/* Its link is gone: sends it again, on the next one. */
static void call_retry(struct call *call)
{
    struct tcpc_client *client = call->client;
    tcpci_link_lost(client, call->link_number);
    if (call->is_check) {
        call_fail(call, TCPC_UNREACHABLE);
        return;
    }
    call_go(call);
    pthread_mutex_unlock(&client->lock);
}

/* --- a step is done; the lock is held, and released ------------------------------------------- */

static void on_woken(struct call *call, int rv)
{
    struct tcpc_client *client = call->client;
    if (call->verdict != TCPC_OK) {
        call_fail(call, call->verdict);
        return;
    }
    if (client->fatal.code != TCPC_OK) {
        call_fail(call, client->fatal.code);
        return;
    }
    if (rv == 0 && client->link != LINK_UP) {
        if (tcpci_clock_ms() >= patience_until_ms(call)) {
            call_fail(call, TCPC_UNREACHABLE);
            return;
        }
        pthread_mutex_unlock(&client->lock);
        tcpci_link_look(client);
        pthread_mutex_lock(&client->lock);
    }
    if (client->is_closing) {
        call_fail(call, TCPC_CANCELLED);
        return;
    }
    call_go(call);
    pthread_mutex_unlock(&client->lock);
}

/* nng reports a lost link, but no longer once its reaper is stuck (link.c). */
static void on_not_taken(struct call *call)
{
    tcpci_link_note_mute(call->client, call->link_number);
    if (tcpci_clock_ms() >= call->deadline_at_ms) {
        call_fail(call, TCPC_DEADLINE);
        return;
    }
    if (call->is_check) {
        call_fail(call, TCPC_UNREACHABLE);
        return;
    }
    call_go(call);
    pthread_mutex_unlock(&call->client->lock);
}

static void on_sent(struct call *call, int rv)
{
    if (rv == 0) {
        call->client->untaken_since_ms = 0;
        call->phase = CALL_WAITING;
        nng_aio_set_timeout(call->aio, duration_until(call->deadline_at_ms));
        nng_ctx_recv(call->ctx, call->aio);
        pthread_mutex_unlock(&call->client->lock);
        return;
    }
    nng_msg_free(nng_aio_get_msg(call->aio));
    nng_aio_set_msg(call->aio, NULL);
    if (rv == NNG_ETIMEDOUT)
        on_not_taken(call);
    else if (rv == NNG_ENOMEM)
        call_fail(call, TCPC_NO_MEMORY);
    else
        call_retry(call);
}

static void on_received(struct call *call, int rv)
{
    if (rv == 0) {
        call_answered(call);
    } else if (rv == NNG_ETIMEDOUT) {
        call_fail(call, TCPC_DEADLINE);
    } else {
        call->is_resent = true;
        call_retry(call);
    }
}

/* A message is ours to free when it could not be sent, or when it was received. */
static void drop_message(struct call *call, int rv)
{
    if ((call->phase == CALL_SENDING) == (rv != 0))
        nng_msg_free(nng_aio_get_msg(call->aio));
    nng_aio_set_msg(call->aio, NULL);
}

static void on_io(void *arg)
{
    struct call *call = arg;
    int rv = nng_aio_result(call->aio);
    pthread_mutex_lock(&call->client->lock);
    if (call->client->is_closing) {
        drop_message(call, rv);
        call_fail(call, TCPC_CANCELLED);
    } else if (call->phase == CALL_SENDING) {
        on_sent(call, rv);
    } else {
        on_received(call, rv);
    }
}

static void on_timer(void *arg)
{
    struct call *call = arg;
    int rv = nng_aio_result(call->timer);
    pthread_mutex_lock(&call->client->lock);
    if (call->client->is_closing)
        call_fail(call, TCPC_CANCELLED);
    else
        on_woken(call, rv);
}

/* --- for the rest of the library -------------------------------------------------------------- */

static void calls_recall(struct tcpc_client *client)
{
    for (struct call *call = client->active; call != NULL; call = call->next) {
        if (call->phase == CALL_SENDING)
            nng_aio_abort(call->aio, NNG_ECONNRESET);
    }
}

void tcpci_calls_cancel(struct tcpc_client *client)
{
    pthread_mutex_lock(&client->lock);
    client->is_closing = true;
    for (struct call *call = client->active; call != NULL; call = call->next) {
        if (call->phase == CALL_PARKED)
            nng_aio_abort(call->timer, NNG_ECANCELED);
        else if (call->phase != CALL_DONE)
            nng_aio_abort(call->aio, NNG_ECANCELED);
    }
    while (client->active_count)
        pthread_cond_wait(&client->changed, &client->lock);
    pthread_mutex_unlock(&client->lock);
}

void tcpci_calls_free(struct tcpc_client *client)
{
    while (client->pool != NULL) {
        struct call *call = client->pool;
        client->pool = call->next;
        call_free(call);
    }
}

static bool start_check(struct tcpc_client *client)
{
    struct tcpc_request request = {.op = TCPC_OP_DAEMON_STATUS};
    if (client->session)
        request.op = (enum tcpc_op)OP_ATTACH;
    struct call *call = client->is_closing ? NULL : call_take(client);
    if (call == NULL)
        return false;
    call_prepare(call, &request);
    call->is_check = true;
    call_go(call);
    return true;
}

const struct tcpci_link_ops tcpci_call_link_ops = {
    .wake = calls_wake, .recall = calls_recall, .check = start_check};

static enum tcpc_code request_check(const struct tcpc_request *request,
                                    struct tcpc_error *ret_error)
{
    if ((int)request->op < TCPC_OP_OPEN || (int)request->op >= OP_COUNT)
        return tcpci_error_set(ret_error, TCPC_INVALID_ARGUMENT, TCPC_HINT_NONE,
                               "unknown request %d", (int)request->op);
    if (request->op == TCPC_OP_SEND && request->u.send.len > TCPC_DATA_MAX)
        return tcpci_error_set(ret_error, TCPC_INVALID_ARGUMENT, TCPC_HINT_NONE,
                               "one Send carries at most %u bytes", TCPC_DATA_MAX);
    if (request->op == TCPC_OP_OPEN && request->u.open.len > TCPC_DATA_MAX)
        return tcpci_error_set(ret_error, TCPC_INVALID_ARGUMENT, TCPC_HINT_NONE,
                               "one Open carries at most %u bytes", TCPC_DATA_MAX);
    return TCPC_OK;
}

enum tcpc_code tcpci_call_start(struct tcpc_client *client, const struct tcpc_request *request,
                                tcpc_callback callback, void *ctx, struct tcpc_error *ret_error)
{
    enum tcpc_code code = request_check(request, ret_error);
    if (code != TCPC_OK)
        return code;
    pthread_mutex_lock(&client->lock);
    struct call *call = NULL;
    if (client->is_closing)
        code = tcpci_error_set_code(ret_error, TCPC_CANCELLED, client->url);
    else if (client->fatal.code != TCPC_OK)
        code = tcpci_error_copy(ret_error, &client->fatal);
    else if ((call = call_take(client)) == NULL)
        code = tcpci_error_set_code(ret_error, TCPC_NO_MEMORY, client->url);
    if (call != NULL) {
        call_prepare(call, request);
        call->callback = callback;
        call->callback_ctx = ctx;
        call_go(call);
    }
    pthread_mutex_unlock(&client->lock);
    return code;
}

/* --- synchronous ------------------------------------------------------------------------------ */

struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t done;
    struct tcpc_response *response;
};

static void on_waited(void *ctx, struct tcpc_response *response)
{
    struct waiter *waiter = ctx;
    pthread_mutex_lock(&waiter->lock);
    waiter->response = response;
    pthread_cond_signal(&waiter->done);
    pthread_mutex_unlock(&waiter->lock);
}

enum tcpc_code tcpci_call_sync(struct tcpc_client *client, const struct tcpc_request *request,
                               struct tcpc_response **ret_response, struct tcpc_error *ret_error)
{
    struct waiter waiter = {.lock = PTHREAD_MUTEX_INITIALIZER, .done = PTHREAD_COND_INITIALIZER};
    enum tcpc_code code = tcpci_call_start(client, request, on_waited, &waiter, ret_error);
    if (code != TCPC_OK)
        return code;
    pthread_mutex_lock(&waiter.lock);
    while (waiter.response == NULL)
        pthread_cond_wait(&waiter.done, &waiter.lock);
    pthread_mutex_unlock(&waiter.lock);
    pthread_mutex_destroy(&waiter.lock);
    pthread_cond_destroy(&waiter.done);
    code = tcpci_error_copy(ret_error, &waiter.response->error);
    if (code == TCPC_OK)
        *ret_response = waiter.response;
    else
        tcpc_response_free(waiter.response);
    return code;
}
