/* Theory of operation: requests run to their answer as they arrive, in rpc_call.c, unless they must
 * wait for the engine. Such a call is parked (rpc_wait.c) under the id that it waits for. Events of
 * the engine only mark parked calls as due; they run in an idle handle, once for all the events of
 * a batch, outside of the engine's own work and a limited number in one round of the loop, so that
 * links are read in between. The same handle applies the policies of sessions that have ended.
 *
 * Everything that a link brings along (waits, bindings to sessions, its reference to the account of
 * its uid) hangs on its struct rpc_link, and goes with it. */
#include "rpc/rpc_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Objects that a session's end closes in one round of the loop. */
#define SESSION_ROUND_MAX 256
#define MS_PER_DAY INT64_C(86400000)

void rpc_options_init(struct rpc_options *options)
{
    *options = (struct rpc_options){.session_grace_us = 1000 * US_PER_MS,
                                    .session_keep_max_us = MS_PER_DAY * US_PER_MS,
                                    .sessions_per_uid_max = 64,
                                    .sessions_max = 4096,
                                    .objects_per_uid_max = 65536,
                                    .waits_per_link_max = 64,
                                    .held_per_uid_max = (size_t)8 * 1024 * 1024,
                                    .held_max = (size_t)64 * 1024 * 1024,
                                    .recent_max = RECENT_MAX_DEFAULT,
                                    .wait_max_us = 3600 * 1000 * US_PER_MS};
    sp_server_options_init(&options->control);
}

/* --- links -------------------------------------------------------------------------------------*/

static struct rpc_link *link_new(struct rpc *rpc, struct sp_link *sp_link)
{
    const struct sp_peer *peer = sp_link_peer(sp_link);
    struct rpc_link *link = calloc(1, sizeof(*link));
    if (link == NULL)
        return NULL;
    link->account = account_get(&rpc->accounts, peer->uid);
    if (link->account == NULL) {
        free(link);
        return NULL;
    }
    link->rpc = rpc;
    link->link = sp_link;
    link->is_admin = peer->is_admin;
    TAILQ_INIT(&link->sessions);
    TAILQ_INIT(&link->waits);
    TAILQ_INIT(&link->blocked);
    sp_link_set_user(sp_link, link);
    return link;
}

/* The link's state, made with its first request. NULL: no memory. */
static struct rpc_link *link_of(struct rpc *rpc, struct sp_link *sp_link)
{
    struct rpc_link *link = sp_link_user(sp_link);
    return link != NULL ? link : link_new(rpc, sp_link);
}

static void on_request(void *ctx, struct sp_link *sp_link, struct sp_request *request,
                       const uint8_t *body, size_t len)
{
    struct rpc_link *link = link_of(ctx, sp_link);
    if (link == NULL)
        sp_request_drop(request);
    else
        rpc_call_on_request(link, request, body, len);
}

static void on_too_long(void *ctx, struct sp_link *sp_link, struct sp_request *request,
                        uint64_t len)
{
    struct rpc_link *link = link_of(ctx, sp_link);
    if (link == NULL)
        sp_request_drop(request);
    else
        rpc_call_on_too_long(link, request, len);
}

static void on_link_drained(void *ctx, struct sp_link *sp_link)
{
    struct rpc *rpc = ctx;
    struct rpc_link *link = sp_link_user(sp_link);
    if (link == NULL || TAILQ_EMPTY(&link->blocked))
        return;
    wait_bring_back(&rpc->waits, &link->blocked);
    rpc_run_soon(rpc);
}

static void on_link_closed(void *ctx, struct sp_link *sp_link)
{
    struct rpc *rpc = ctx;
    struct rpc_link *link = sp_link_user(sp_link);
    if (link == NULL)
        return;
    rpc_wait_drop_all(link);
    session_unbind_all(rpc->sessions, &link->sessions, rpc_now_us(rpc));
    account_unref(&rpc->accounts, link->account);
    free(link);
    rpc_timer_update(rpc);
}

/* --- sessions that have ended ------------------------------------------------------------------*/

enum te_err rpc_close_object(struct rpc *rpc, uint64_t id)
{
    const struct object *object = object_find(rpc->objects, id);
    int64_t now_us = rpc_now_us(rpc);
    if (object != NULL && object->shown_to > 0)
        te_receive_release(rpc_stack(rpc), id, object->shown_to, now_us);
    return te_close(rpc_stack(rpc), id, now_us);
}

/* Gives up one object as the session's policy says. */
static void object_give_up(struct rpc *rpc, struct object *object, enum session_policy policy)
{
    if (policy == SESSION_ABORT) {
        rpc->counters.session_objects_aborted++;
        te_abort(rpc_stack(rpc), object->id, rpc_now_us(rpc));
    } else {
        rpc->counters.session_objects_closed++;
        rpc_close_object(rpc, object->id);
    }
    object_remove(rpc->objects, object);
}

static void sessions_wind_up(struct rpc *rpc)
{
    struct session *session;
    unsigned left = SESSION_ROUND_MAX;
    while (left > 0 && (session = session_first_ended(rpc->sessions)) != NULL) {
        struct object *object = TAILQ_FIRST(&session->objects.queue);
        left--;
        if (object != NULL) {
            object_give_up(rpc, object, session->policy);
            pump_wake(rpc->host.pump);
            continue;
        }
        log_write(LOG_LEVEL_INFO, "session of uid %u (%s) ended", session->account->uid,
                  session->name[0] != '\0' ? session->name : "no name");
        rpc->counters.sessions_ended++;
        session_free(rpc->sessions, session);
    }
}

/* --- time --------------------------------------------------------------------------------------*/

static void on_idle(uv_idle_t *idle)
{
    struct rpc *rpc = idle->data;
    rpc_wait_run_due(rpc);
    sessions_wind_up(rpc);
    if (!wait_has_due(&rpc->waits) && session_first_ended(rpc->sessions) == NULL)
        uv_idle_stop(idle);
    rpc_timer_update(rpc);
}

void rpc_run_soon(struct rpc *rpc)
{
    if (!rpc->is_freed)
        uv_idle_start(&rpc->idle, on_idle);
}

static void on_timer(uv_timer_t *timer)
{
    struct rpc *rpc = timer->data;
    rpc->timer_at_us = DEADLINE_NEVER;
    wait_expire(&rpc->waits, rpc_now_us(rpc));
    session_expire(rpc->sessions, rpc_now_us(rpc));
    if (wait_has_due(&rpc->waits) || session_first_ended(rpc->sessions) != NULL)
        rpc_run_soon(rpc);
    rpc_timer_update(rpc);
}

void rpc_timer_update(struct rpc *rpc)
{
    int64_t at_us = wait_next_at(&rpc->waits);
    int64_t now_us = rpc_now_us(rpc);
    if (session_next_at(rpc->sessions) < at_us)
        at_us = session_next_at(rpc->sessions);
    if (at_us >= rpc->timer_at_us || rpc->is_freed)
        return; /* fires early, finds nothing due and is armed anew: cheaper than each time */
    rpc->timer_at_us = at_us;
    int64_t delay_us = at_us > now_us ? at_us - now_us : 0;
    uv_timer_start(&rpc->timer, on_timer, (uint64_t)((delay_us + US_PER_MS - 1) / US_PER_MS), 0);
}

/* --- events ------------------------------------------------------------------------------------*/

/* When the engine's queue of events has overflowed, anything may have happened to anybody. */
static void check_lost_events(struct rpc *rpc)
{
    uint64_t lost = te_stack_counters(rpc_stack(rpc))->events_lost;
    if (lost == rpc->events_lost)
        return;
    rpc->events_lost = lost;
    wait_wake_all(&rpc->waits);
}

static unsigned event_wakers(const struct te_event *event)
{
    switch (event->kind) {
    case TE_EVENT_READY:
        return event->ready;
    case TE_EVENT_STATE:
        return RPC_WAKE_STATE | (event->transition.to == TE_CLOSED ? (unsigned)TE_READY_END : 0);
    case TE_EVENT_FIN_AGAIN:
    case TE_EVENT_ADDRESS_CONFLICT:
        break;
    }
    return 0;
}

/* Forgets the record of an object that the engine has forgotten. */
static void forget_if_gone(struct rpc *rpc, uint64_t id)
{
    struct object *object = object_find(rpc->objects, id);
    if (object != NULL && te_status(rpc_stack(rpc), id, &rpc->status) != TE_OK)
        object_remove(rpc->objects, object);
}

void rpc_on_engine_event(struct rpc *rpc, const struct te_event *event)
{
    unsigned wakers = event_wakers(event);
    check_lost_events(rpc);
    wait_wake(&rpc->waits, event->id, wakers);
    if (event->kind != TE_EVENT_READY) {
        wait_wake(&rpc->waits, RPC_KEY_EVENTS_OF_UID | event->uid, RPC_WAKE_EVENT);
        wait_wake(&rpc->waits, RPC_KEY_EVENTS_OF_ALL, RPC_WAKE_EVENT);
    }
    if (wakers & TE_READY_END)
        forget_if_gone(rpc, event->id);
    if (wait_has_due(&rpc->waits))
        rpc_run_soon(rpc);
}

/* --- life --------------------------------------------------------------------------------------*/

static void on_handle_closed(uv_handle_t *handle)
{
    struct rpc *rpc = handle->data;
    if (--rpc->open_handles == 0)
        free(rpc);
}

static bool rpc_make_tables(struct rpc *rpc)
{
    const struct rpc_options *options = &rpc->options;
    const struct session_options session_options = {.grace_us = options->session_grace_us,
                                                    .keep_max_us = options->session_keep_max_us,
                                                    .per_uid_max = options->sessions_per_uid_max,
                                                    .max = options->sessions_max};
    size_t links = options->control.links_max + options->control.links_reserve;
    account_table_init(&rpc->accounts);
    rpc->objects = object_table_new(&rpc->accounts);
    rpc->sessions = session_table_new(&session_options, &rpc->accounts);
    rpc->recent = recent_new(options->recent_max, &rpc->accounts);
    rpc->out = malloc(SP_REPLY_MAX_BYTES);
    return rpc->objects != NULL && rpc->sessions != NULL && rpc->recent != NULL &&
           rpc->out != NULL && wait_table_init(&rpc->waits, links * options->waits_per_link_max) &&
           arena_init(&rpc->request_arena, RPC_ARENA_BYTES) &&
           arena_init(&rpc->answer_arena, RPC_ARENA_BYTES);
}

static void rpc_drop_tables(struct rpc *rpc)
{
    wait_table_done(&rpc->waits);
    session_table_free(rpc->sessions);
    object_table_free(rpc->objects);
    recent_free(rpc->recent);
    arena_done(&rpc->request_arena);
    arena_done(&rpc->answer_arena);
    free(rpc->out);
}

static void rpc_make_handles(struct rpc *rpc)
{
    uv_timer_init(rpc->host.loop, &rpc->timer);
    uv_idle_init(rpc->host.loop, &rpc->idle);
    rpc->timer.data = rpc;
    rpc->idle.data = rpc;
    rpc->open_handles = 2;
    rpc->timer_at_us = DEADLINE_NEVER;
}

static int rpc_listen(struct rpc *rpc)
{
    const struct sp_server_callbacks callbacks = {.ctx = rpc,
                                                  .on_request = on_request,
                                                  .on_too_long = on_too_long,
                                                  .on_link_drained = on_link_drained,
                                                  .on_link_closed = on_link_closed};
    return sp_server_new(rpc->host.loop, &rpc->options.control, &callbacks, &rpc->server);
}

int rpc_new(const struct rpc_options *options, const struct rpc_host *host, struct rpc **ret_rpc)
{
    struct rpc *rpc = calloc(1, sizeof(*rpc));
    if (rpc == NULL)
        return -ENOMEM;
    rpc->options = *options;
    rpc->host = *host;
    rpc->boot_id = options->boot_id;
    rpc_make_handles(rpc);
    int err = rpc_make_tables(rpc) ? 0 : -ENOMEM;
    if (err == 0 && rpc->boot_id == 0 &&
        getrandom(&rpc->boot_id, sizeof(rpc->boot_id), 0) != sizeof(rpc->boot_id))
        err = -EIO;
    if (err == 0)
        err = rpc_listen(rpc);
    if (err != 0) {
        rpc_free(rpc);
        return err;
    }
    *ret_rpc = rpc;
    return 0;
}

void rpc_stop(struct rpc *rpc)
{
    rpc->is_stopping = true;
    sp_server_stop_listening(rpc->server);
}

void rpc_free(struct rpc *rpc)
{
    if (rpc == NULL)
        return;
    sp_server_free(rpc->server); /* ends every link and, with it, every wait */
    rpc->is_freed = true;
    rpc_drop_tables(rpc);
    uv_close((uv_handle_t *)&rpc->timer, on_handle_closed);
    uv_close((uv_handle_t *)&rpc->idle, on_handle_closed);
}

uint64_t rpc_boot_id(const struct rpc *rpc)
{
    return rpc->boot_id;
}

void rpc_fill_stats(const struct rpc *rpc, struct rpc_stats *ret_stats)
{
    *ret_stats = (struct rpc_stats){.control = *sp_server_counters(rpc->server),
                                    .counters = rpc->counters,
                                    .links = sp_server_link_count(rpc->server),
                                    .sessions = session_table_count(rpc->sessions),
                                    .objects = object_table_count(rpc->objects),
                                    .waits = rpc->wait_count,
                                    .recent = recent_count(rpc->recent),
                                    .held_bytes = rpc->held_bytes};
    ret_stats->counters.recent_evicted = recent_evicted(rpc->recent);
    memcpy(ret_stats->requests_by_verb, rpc->requests_by_verb, sizeof(rpc->requests_by_verb));
    memcpy(ret_stats->answers_by_code, rpc->answers_by_code, sizeof(rpc->answers_by_code));
}
