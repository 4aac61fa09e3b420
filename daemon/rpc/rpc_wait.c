#include "rpc/rpc_wait.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/rpc_clock.h"
#include "rpc/rpc_status.h"

/* Waits shared out in one round of the loop. */
#define WAIT_ROUND_MAX 1024
/* Most data kept of a waiting Send: it waits for room for one byte, and may accept less than it was
 * offered. */
#define HELD_DATA_MAX ((size_t)64 * 1024)

static int64_t call_until_us(const struct rpc_call *call)
{
    return call->wait_until_us < call->deadline_at_us ? call->wait_until_us : call->deadline_at_us;
}

static void park(struct rpc_wait *wait)
{
    struct rpc_call *call = &wait->call;
    if (call->goes_on) {
        wait_put_aside(&wait->wait, &call->link->due);
        sp_link_want_turn(call->link->link);
        return;
    }
    wait_park(&call->rpc->waits, &wait->wait, call->wait_key, call->wakers, call_until_us(call));
    rpc_clock_update(call->rpc);
}

static void wait_free(struct rpc_wait *wait)
{
    struct rpc *rpc = wait->call.rpc;
    struct rpc_link *link = wait->call.link;
    assert(rpc->wait_count > 0 && link->wait_count > 0 && rpc->held_bytes >= wait->held_bytes);
    wait_forget(&rpc->waits, &wait->wait);
    TAILQ_REMOVE(&link->waits, wait, in_link);
    link->wait_count--;
    rpc->wait_count--;
    rpc->held_bytes -= wait->held_bytes;
    link->account->held_bytes -= wait->held_bytes;
    link->account->waits--;
    link->account->event_readers -= wait->is_event_reader;
    if (wait->call.request != NULL)
        sp_request_drop(wait->call.request);
    free(wait);
}

/* The data that the call must keep. */
static const uint8_t *call_data(const struct rpc_call *call, size_t *ret_len)
{
    *ret_len = 0;
    if (call->verb->op_case != RPC_OP(SEND))
        return NULL;
    *ret_len = call->op.send.data.len < HELD_DATA_MAX ? call->op.send.data.len : HELD_DATA_MAX;
    return call->op.send.data.data;
}

/* Makes the copied call independent of the request's arena. */
static void call_detach(struct rpc_call *call, uint8_t *held, const uint8_t *data, size_t len)
{
    if (call->verb->op_case == RPC_OP(SEND)) {
        if (len > 0)
            memcpy(held, data, len);
        call->op.send.fin = call->op.send.fin && len == call->op.send.data.len;
        call->op.send.data = (ProtobufCBinaryData){.len = len, .data = held};
    } else if (call->verb->op_case == RPC_OP(OPEN)) {
        assert(call->is_started); /* the endpoints were used */
        call->op.open.local = NULL;
        call->op.open.remote = NULL;
    }
}

/* A client without an answer for long asks again under the same id; one wait is enough. */
static void supersede(struct rpc_link *link, const struct sp_request *request)
{
    struct rpc_wait *wait;
    TAILQ_FOREACH(wait, &link->waits, in_link)
    {
        if (sp_request_is_repeat(wait->call.request, request)) {
            link->rpc->counters.waits_superseded++;
            wait_free(wait);
            return;
        }
    }
}

/* Each event wakes all of them. */
static bool is_event_reader(const struct rpc_call *call)
{
    return (call->wakers & RPC_WAKE_EVENT) != 0;
}

/* False: a limit was reached, and the answer says which. */
static bool check_limits(struct rpc_call *call, size_t held_bytes)
{
    struct rpc *rpc = call->rpc;
    const struct rpc_options *options = &rpc->options;
    const struct account *account = call->link->account;
    if (call->link->wait_count >= options->waits_per_link_max)
        RPC_FAIL(call, RESOURCES, "EAGAIN", WAITING_REQUESTS,
                 "%s: %u requests of this link are waiting already (waits_per_link_max)",
                 call->verb->name, call->link->wait_count);
    else if (account->waits >= options->waits_per_uid_max)
        RPC_FAIL(call, RESOURCES, "EUSERS", WAITING_REQUESTS,
                 "%s: %u requests of uid %u are waiting already (waits_per_uid_max)",
                 call->verb->name, account->waits, account->uid);
    else if (is_event_reader(call) && account->event_readers >= options->event_readers_per_uid_max)
        RPC_FAIL(call, RESOURCES, "EUSERS", EVENT_READERS,
                 "%s: %u requests of uid %u are waiting for events already "
                 "(event_readers_per_uid_max)",
                 call->verb->name, account->event_readers, account->uid);
    else if (held_bytes > 0 && (account->held_bytes + held_bytes > options->held_per_uid_max ||
                                rpc->held_bytes + held_bytes > options->held_max))
        RPC_FAIL(call, RESOURCES, "ENOBUFS", WAITING_DATA,
                 "Send: too much data is waiting for room already (held_per_uid_max, held_max)");
    else
        return true;
    return false;
}

/* NULL: no memory, and the answer says so. */
static struct rpc_wait *wait_make(struct rpc_call *call, size_t held_bytes)
{
    struct rpc_wait *wait = malloc(sizeof(*wait) + held_bytes);
    if (wait == NULL) {
        RPC_FAIL(call, RESOURCES, "ENOMEM", NONE, "%s: no memory to wait", call->verb->name);
        return NULL;
    }
    memset(&wait->wait, 0, sizeof(wait->wait));
    wait->call = *call;
    wait->held_bytes = held_bytes;
    TAILQ_INSERT_TAIL(&call->link->waits, wait, in_link);
    call->link->wait_count++;
    call->rpc->wait_count++;
    call->rpc->held_bytes += held_bytes;
    call->link->account->held_bytes += held_bytes;
    call->link->account->waits++;
    wait->is_event_reader = is_event_reader(call);
    call->link->account->event_readers += wait->is_event_reader;
    return wait;
}

/* Answers a call that may not wait. If it has done something already, its client must learn of that
 * rather than of a limit: it runs once more, as if its time were up. */
static void refuse(struct rpc_call *call)
{
    call->rpc->counters.waits_refused++;
    if (!call->is_started) {
        rpc_call_send(call);
        return;
    }
    call->wait_until_us = rpc_now_us(call->rpc);
    rpc_call_run(call);
}

void rpc_wait_new(struct rpc_call *call)
{
    size_t len;
    const uint8_t *data = call_data(call, &len);
    supersede(call->link, call->request);
    rpc_answer_begin(call->rpc); /* the handler may have left something in it */
    struct rpc_wait *wait = check_limits(call, len) ? wait_make(call, len) : NULL;
    if (wait == NULL) {
        refuse(call);
        return;
    }
    call_detach(&wait->call, wait->held, data, len);
    park(wait);
}

void rpc_wait_share_out(struct rpc *rpc)
{
    struct wait *due;
    for (int left = WAIT_ROUND_MAX; left > 0 && (due = wait_take_due(&rpc->waits)) != NULL;
         left--) {
        struct rpc_wait *wait = (struct rpc_wait *)(void *)due;
        struct rpc_link *link = wait->call.link;
        if (!sp_link_is_alive(link->link)) {
            wait_free(wait); /* nobody would learn what it did */
            continue;
        }
        wait_put_aside(due, &link->due);
        sp_link_want_turn(link->link);
    }
}

bool rpc_wait_run_one(struct rpc_link *link)
{
    struct wait *due = TAILQ_FIRST(&link->due);
    struct rpc_wait *wait = (struct rpc_wait *)(void *)due;
    if (due == NULL)
        return false;
    wait_forget(&link->rpc->waits, due);
    if (sp_link_is_full(link->link))
        wait_put_aside(due, &link->blocked);
    else if (rpc_call_run(&wait->call) != RPC_ANSWER)
        park(wait);
    else
        wait_free(wait);
    return sp_link_is_alive(link->link) && !TAILQ_EMPTY(&link->due);
}

void rpc_wait_drop_all(struct rpc_link *link)
{
    while (!TAILQ_EMPTY(&link->waits))
        wait_free(TAILQ_FIRST(&link->waits));
}
