/* Setup of the rpc, its links, ended sessions, and events. rpc.h has the theory of operation. */
#include "rpc/rpc.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "rpc/rpc_clock.h"
#include "rpc/rpc_close.h"
#include "rpc/rpc_link.h"
#include "rpc/rpc_owner.h"
#include "rpc/rpc_request.h"
#include "rpc/rpc_wait.h"
#include "util/clock.h"
#include "util/log_uid.h"

/* Memory for one decoded request, and for one answer. */
#define RPC_ARENA_BYTES ((size_t)1024 * 1024)
/* Objects of ended sessions closed in one round of the loop. */
#define SESSION_ROUND_MAX 32

/* --- links ------------------------------------------------------------------------------------ */

static struct rpc_link *link_new(struct rpc *rpc, struct sp_link *sp_link)
{
    const struct sp_peer *peer = sp_link_peer(sp_link);
    struct rpc_link *link = calloc(1, sizeof(*link));
    if (link == NULL)
        return NULL;
    if (!rpc_link_init(link, rpc, peer)) {
        free(link);
        return NULL;
    }
    link->link = sp_link;
    sp_link_set_user(sp_link, link);
    return link;
}

/* The link's state, created by its first request. NULL: no memory. */
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
        rpc_request_handle(link, request, body, len);
}

static void on_too_long(void *ctx, struct sp_link *sp_link, struct sp_request *request,
                        uint64_t len)
{
    struct rpc_link *link = link_of(ctx, sp_link);
    if (link == NULL)
        sp_request_drop(request);
    else
        rpc_request_handle_too_long(link, request, len);
}

static void on_link_drained(void *ctx, struct sp_link *sp_link)
{
    struct rpc *rpc = ctx;
    struct rpc_link *link = sp_link_user(sp_link);
    if (link == NULL || TAILQ_EMPTY(&link->blocked))
        return;
    wait_bring_back(&rpc->waits, &link->blocked);
    rpc_clock_run_soon(rpc);
}

static bool on_turn(void *ctx, struct sp_link *sp_link)
{
    struct rpc_link *link = sp_link_user(sp_link);
    (void)ctx;
    return link != NULL && rpc_wait_run_one(link);
}

static void on_link_closed(void *ctx, struct sp_link *sp_link)
{
    struct rpc *rpc = ctx;
    struct rpc_link *link = sp_link_user(sp_link);
    if (link == NULL)
        return;
    rpc_wait_drop_all(link);
    rpc_link_done(link);
    free(link);
    rpc_clock_update(rpc);
}

/* --- ended sessions --------------------------------------------------------------------------- */

/* Closes or aborts one object, as the session's policy says. */
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
        log_write_uid(session->account->uid, LOG_LEVEL_INFO, "session of uid %u (%s) has ended",
                      session->account->uid, session->name[0] != '\0' ? session->name : "no name");
        rpc->counters.sessions_ended++;
        session_free(rpc->sessions, session);
    }
}

/* Part of what is due: see rpc_clock_start(). */
static void run_due(struct rpc *rpc)
{
    rpc_wait_share_out(rpc);
    sessions_wind_up(rpc);
}

/* --- events ----------------------------------------------------------------------------------- */

/* When the engine's event queue has overflowed, any wait may have missed its event. */
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
    case TE_EVENT_ADDRESS_READY:
    case TE_EVENT_NOTE:
        break;
    }
    return 0;
}

/* Removes the record of an object that the engine no longer knows. */
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
        rpc_owner_note_event(rpc, event);
        wait_wake(&rpc->waits, RPC_KEY_EVENTS_OF_UID | event->uid, RPC_WAKE_EVENT);
        wait_wake(&rpc->waits, RPC_KEY_EVENTS_OF_ALL, RPC_WAKE_EVENT);
    }
    if (wakers & TE_READY_END)
        forget_if_gone(rpc, event->id);
    rpc_wait_share_out(rpc);
    if (wait_has_due(&rpc->waits))
        rpc_clock_run_soon(rpc);
}

void rpc_on_fault(struct rpc *rpc, const struct fault_note *note)
{
    wait_wake(&rpc->waits, RPC_KEY_EVENTS_OF_UID | note->uid, RPC_WAKE_EVENT);
    wait_wake(&rpc->waits, RPC_KEY_EVENTS_OF_ALL, RPC_WAKE_EVENT);
    rpc_wait_share_out(rpc);
    if (wait_has_due(&rpc->waits))
        rpc_clock_run_soon(rpc);
}

void rpc_on_capture(struct rpc *rpc, uint64_t capture)
{
    wait_wake(&rpc->waits, RPC_KEY_CAPTURE | capture, RPC_WAKE_EVENT);
    rpc_wait_share_out(rpc);
    if (wait_has_due(&rpc->waits))
        rpc_clock_run_soon(rpc);
}

/* --- setup and teardown ----------------------------------------------------------------------- */

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
                                                    .max = options->sessions_max,
                                                    .reserve = RPC_SESSIONS_RESERVE};
    size_t links = options->control.links_max + options->control.links_reserve;
    account_table_init(&rpc->accounts);
    rpc->objects = object_table_new(&rpc->accounts);
    rpc->owners = owner_table_new();
    rpc->sessions = session_table_new(&session_options, &rpc->accounts);
    rpc->recent = recent_new(options->recent_max, &rpc->accounts);
    rpc->out = malloc(SP_REPLY_MAX_BYTES);
    fault_layer_set_owners(rpc->host.faults, rpc->owners);
    return rpc->objects != NULL && rpc->owners != NULL && rpc->sessions != NULL &&
           rpc->recent != NULL && rpc->out != NULL &&
           wait_table_init(&rpc->waits, links * options->waits_per_link_max) &&
           arena_init(&rpc->request_arena, RPC_ARENA_BYTES) &&
           arena_init(&rpc->answer_arena, RPC_ARENA_BYTES);
}

static void rpc_drop_tables(struct rpc *rpc)
{
    wait_table_done(&rpc->waits);
    session_table_free(rpc->sessions);
    object_table_free(rpc->objects);
    recent_free(rpc->recent);
    fault_layer_set_owners(rpc->host.faults, NULL);
    owner_table_free(rpc->owners);
    arena_done(&rpc->request_arena);
    arena_done(&rpc->answer_arena);
    free(rpc->out);
}

static int rpc_listen(struct rpc *rpc)
{
    const struct sp_server_callbacks callbacks = {.ctx = rpc,
                                                  .on_request = on_request,
                                                  .on_too_long = on_too_long,
                                                  .on_link_drained = on_link_drained,
                                                  .on_turn = on_turn,
                                                  .on_link_closed = on_link_closed};
    return sp_server_new(rpc->host.loop, &rpc->options.control, &callbacks, &rpc->server);
}

/* What listening needs. Returns 0 or a negative errno, and has logged why. */
static int rpc_prepare(struct rpc *rpc)
{
    if (!rpc_make_tables(rpc)) {
        log_write(LOG_LEVEL_ERROR, "no memory for the tables of sessions, requests and answers");
        return -ENOMEM;
    }
    if (rpc->boot_id == 0 &&
        getrandom(&rpc->boot_id, sizeof(rpc->boot_id), 0) != sizeof(rpc->boot_id)) {
        log_write(LOG_LEVEL_ERROR, "cannot draw a boot id: the kernel has no random bytes");
        return -EIO;
    }
    return 0;
}

int rpc_new(const struct rpc_options *options, const struct rpc_host *host, struct rpc **ret_rpc)
{
    struct rpc *rpc = calloc(1, sizeof(*rpc));
    if (rpc == NULL)
        return -ENOMEM;
    rpc->options = *options;
    rpc->host = *host;
    rpc->boot_id = options->boot_id;
    /* Read once: each event has one time of day, whatever happens to the host's clock later. */
    rpc->epoch_us = clock_unix_us() - rpc_now_us(rpc);
    rpc_clock_start(rpc, run_due);
    rpc->open_handles = 2; /* the clock's */
    int err = rpc_prepare(rpc);
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
    uv_close((uv_handle_t *)&rpc->clock.timer, on_handle_closed);
    uv_close((uv_handle_t *)&rpc->clock.idle, on_handle_closed);
}

struct turns *rpc_turns(struct rpc *rpc)
{
    return sp_server_turns(rpc->server);
}

uint64_t rpc_boot_id(const struct rpc *rpc)
{
    return rpc->boot_id;
}
