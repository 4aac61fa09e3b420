/* Theory of operation: channel_place is what the daemon knows, channel_slot what the client sees
 * and writes. Each word of the client is loaded once per look, into a local variable, and compared
 * with the place before it is used. */
#include "channel/channel_place.h"

#include <inttypes.h>
#include <string.h>
#include <tcpengine/buffers.h>

#include "channel/channel_news.h"
#include "link/region.h"
#include "rpc/rpc_local.h"
#include "rpc/rpc_status.h"
#include "util/log_uid.h"

void channel_place_init(struct channel_place *place, struct channel_link *link)
{
    *place = (struct channel_place){.link = link, .state = CHANNEL_FREE};
}

static uint32_t number_of(const struct channel_place *place)
{
    return (uint32_t)(place - place->link->places);
}

static struct channel_slot *slot_of(const struct channel_place *place)
{
    return channel_slot_at(place->link->head, number_of(place));
}

static struct te_stack *stack_of(const struct channel_place *place)
{
    return rpc_stack(place->link->server->rpc);
}

static int64_t now_us(const struct channel_place *place)
{
    return rpc_now_us(place->link->server->rpc);
}

static void wake_pump(const struct channel_place *place)
{
    pump_wake(place->link->server->rpc->host.pump);
}

static struct rpc_counters *counters(const struct channel_place *place)
{
    return &place->link->server->rpc->counters;
}

static struct channel_bucket *bucket_of(const struct channel_place *place)
{
    return &place->link->server->by_id[place->id & (CHANNEL_INDEX_BUCKETS - 1)];
}

/* --- what the client sees --------------------------------------------------------------------- */

static void set_state(struct channel_place *place, enum channel_state state, pb_code code)
{
    struct channel_slot *slot = slot_of(place);
    place->state = (uint8_t)state;
    place->code = code;
    atomic_store_explicit(&slot->code, (uint32_t)code, memory_order_relaxed);
    atomic_store_explicit(&slot->state, (uint32_t)state, memory_order_release);
}

static void tell(struct channel_place *place)
{
    channel_news_tell(place->link, number_of(place), CHANNEL_NEWS_MATTER);
}

/* That a request was looked at is not much, unless something has come of it. */
static void tell_answer(struct channel_place *place, uint32_t op)
{
    bool is_all = place->state == CHANNEL_OPENING || place->state == CHANNEL_ACCEPTING ||
                  place->state == CHANNEL_FREE || op == CHANNEL_OP_SET || op == CHANNEL_OP_RETURN;
    channel_news_tell(place->link, number_of(place),
                      is_all ? CHANNEL_NEWS_ANSWER : CHANNEL_NEWS_MATTER);
}

static struct channel_endpoint endpoint_of(const struct te_endpoint *endpoint)
{
    struct channel_endpoint shown = {.port = endpoint->port};
    memcpy(shown.addr, endpoint->addr.bytes, sizeof(shown.addr));
    return shown;
}

static void show_opened(struct channel_place *place, const struct rpc_local_opened *opened)
{
    struct channel_slot *slot = slot_of(place);
    atomic_store_explicit(&slot->id, opened->id, memory_order_relaxed);
    slot->local = endpoint_of(&opened->local);
    slot->remote = endpoint_of(&opened->remote);
}

/* --- what lies in the slot -------------------------------------------------------------------- */

static void occupy(struct channel_place *place, uint64_t id)
{
    place->id = id;
    SLIST_INSERT_HEAD(bucket_of(place), place, in_bucket);
}

static void leave_acceptors(struct channel_place *place)
{
    if (!place->is_acceptor)
        return;
    TAILQ_REMOVE(&place->listener->acceptors, place, in_acceptors);
    place->is_acceptor = false;
    place->accepted = place->acked = place->released = place->received = 0;
}

static void dismiss_acceptors(struct channel_place *place, pb_code code)
{
    struct channel_place *acceptor;
    while (place->is_listener && (acceptor = TAILQ_FIRST(&place->acceptors)) != NULL) {
        leave_acceptors(acceptor);
        set_state(acceptor, CHANNEL_ENDED, code);
        tell(acceptor);
    }
}

/* The rings are the slot's next connection's, and go with the channel: whatever has led here, the
 * engine must not have them any more. */
static void take_rings_back(const struct channel_place *place)
{
    if (te_buffers_own(stack_of(place), place->id, now_us(place)) == TE_ERR_NOMEM)
        te_abort(stack_of(place), place->id, now_us(place));
}

/* Nothing lies there any more; what the engine still does, it does alone. */
static void vacate(struct channel_place *place)
{
    leave_acceptors(place);
    dismiss_acceptors(place, PB_NOT_FOUND);
    if (place->id != 0) {
        take_rings_back(place);
        SLIST_REMOVE(bucket_of(place), place, channel_place, in_bucket);
    }
    uint32_t asked = place->asked;
    channel_place_init(place, place->link);
    place->asked = asked;
}

/* --- streams ---------------------------------------------------------------------------------- */

/* Why a connection that the engine no longer has is gone. */
static pb_code code_of_gone(const struct channel_place *place)
{
    struct te_history history;
    if (te_history(stack_of(place), place->id, &history) != TE_OK)
        return PB_NOT_FOUND;
    enum te_err err = rpc_history_err(&history);
    return err != TE_OK ? rpc_status_code(err) : PB_OK;
}

static bool end(struct channel_place *place, pb_code code)
{
    if (place->state == CHANNEL_ENDED)
        return false;
    set_state(place, CHANNEL_ENDED, code);
    return true;
}

static bool show_error(struct channel_place *place, const struct te_position *at)
{
    return at->error != TE_OK && end(place, rpc_status_code(at->error));
}

static bool show_handshake(struct channel_place *place, const struct te_position *at)
{
    bool is_opening = at->state == TE_SYN_SENT || at->state == TE_SYN_RCVD;
    if (place->state != CHANNEL_OPENING || is_opening)
        return false;
    set_state(place, CHANNEL_OPEN, place->is_cut ? PB_CONNECTION_CLOSING : PB_OK);
    return true;
}

/* Acknowledged bytes alone are worth a bell only to who waits for room, and only once half of the
 * ring is free: one wake-up for many segments. */
static bool show_acked(struct channel_place *place, const struct te_position *at)
{
    struct channel_slot *slot = slot_of(place);
    if (at->send_acked != place->acked) {
        place->acked = at->send_acked;
        atomic_store(&slot->acked, place->acked);
    }
    bool is_half_free = place->accepted - place->acked <= place->link->layout.send_bytes / 2;
    if (!is_half_free || atomic_load(&slot->wants_room) == 0)
        return false;
    atomic_store(&slot->wants_room, 0);
    return true;
}

/* A program that reads all there is, or little at a time, does not ring for it: we look again, or
 * the engine would keep what has been read long ago, until the next segment comes. */
static bool show_received(struct channel_place *place, const struct te_position *at)
{
    struct channel_slot *slot = slot_of(place);
    bool has_more = at->received != place->received && place->way != CHANNEL_SENDS;
    bool has_ended = at->is_end && !place->is_end;
    place->received = at->received;
    place->is_end = at->is_end;
    if (has_more)
        atomic_store_explicit(&slot->received, place->received, memory_order_release);
    if (has_ended)
        atomic_store_explicit(&slot->is_end, 1, memory_order_release);
    if (place->received != place->released && place->way != CHANNEL_SENDS)
        channel_slots_add(&place->link->unread, number_of(place));
    return has_more || has_ended;
}

/* Writes to the slot how the connection is, and tells the client if it is news. */
static void show(struct channel_place *place)
{
    struct te_position at;
    bool matters, has_opened = false;
    uint64_t acked = place->acked;
    if (te_position(stack_of(place), place->id, &at) != TE_OK) {
        matters = end(place, code_of_gone(place));
    } else {
        matters = show_received(place, &at);
        matters = (acked != at.send_acked && show_acked(place, &at)) || matters;
        matters = show_error(place, &at) || matters;
        has_opened = show_handshake(place, &at);
    }
    if (matters)
        tell(place);
    else if (has_opened)
        channel_news_tell(place->link, number_of(place), CHANNEL_NEWS_OPENED);
}

/* The client has written what cannot be: its connection ends, and nothing else. */
static void reset(struct channel_place *place, const char *what, uint64_t value)
{
    uint32_t uid = place->link->rpc_link.account->uid;
    counters(place)->channel_positions_bad++;
    log_write_uid(uid, LOG_LEVEL_NOTICE,
                  "channel of uid %" PRIu32 ", process %" PRIu32 ": connection %" PRIu64
                  " is reset, as its slot has %s at %" PRIu64 ", which cannot be",
                  uid, place->link->pid, place->id, what, value);
    rpc_local_abort(&place->link->rpc_link, place->id);
    wake_pump(place);
    end(place, PB_BAD_OFFSET);
    tell(place);
}

static bool is_alive(const struct channel_place *place)
{
    return place->state == CHANNEL_OPENING || place->state == CHANNEL_OPEN;
}

/* A request, or the daemon's stop, has closed it: the client learns that what it writes does not
 * leave. */
static void cut(struct channel_place *place)
{
    place->is_cut = true;
    atomic_store_explicit(&slot_of(place)->code, PB_CONNECTION_CLOSING, memory_order_release);
    tell(place);
}

/* Hands the engine what was written; more than it takes now, it takes when there is room. */
static void take_written(struct channel_place *place)
{
    struct channel_slot *slot = slot_of(place);
    bool is_finished = atomic_load_explicit(&slot->finished, memory_order_acquire) != 0;
    uint64_t written = atomic_load_explicit(&slot->written, memory_order_acquire);
    uint64_t most = place->acked + place->link->layout.send_bytes;
    if (place->fin_sent || place->way == CHANNEL_RECEIVES)
        most = place->accepted;
    if (!channel_is_within(written, place->accepted, most)) {
        reset(place, "written", written);
        return;
    }
    size_t accepted = 0, len = (size_t)(written - place->accepted);
    enum te_err err = TE_OK;
    if (len > 0)
        err = te_send_in_place(stack_of(place), place->id, len, &accepted, now_us(place));
    if (err == TE_ERR_CLOSING && !place->is_cut)
        cut(place);
    place->accepted += accepted;
    fair_carry(place->link->share, accepted);
    place->is_finished = is_finished && place->accepted == written;
    if (place->is_finished && !place->fin_sent)
        place->fin_sent = te_shutdown(stack_of(place), place->id, now_us(place)) != TE_ERR_STATE;
    if (accepted > 0 || place->fin_sent)
        wake_pump(place);
}

static void take_released(struct channel_place *place)
{
    struct channel_slot *slot = slot_of(place);
    uint64_t released = atomic_load_explicit(&slot->released, memory_order_acquire);
    if (released == place->released)
        return;
    if (!channel_is_within(released, place->released, place->received) ||
        place->way == CHANNEL_SENDS) {
        reset(place, "released", released);
        return;
    }
    te_receive_release(stack_of(place), place->id, released, now_us(place));
    fair_carry(place->link->share, (size_t)(released - place->released));
    place->released = released;
    wake_pump(place);
}

static void carry(struct channel_place *place)
{
    if (is_alive(place))
        take_written(place);
    if (is_alive(place))
        take_released(place);
    if (is_alive(place))
        show(place);
}

/* --- requests --------------------------------------------------------------------------------- */

struct request {
    uint32_t op, argument;
    uint64_t id;
    struct te_endpoint local, remote;
    char option[sizeof(((struct channel_slot *)NULL)->option) + 1]; /* these two end with a zero */
    char text[sizeof(((struct channel_slot *)NULL)->text) + 1];
};

static struct te_endpoint endpoint_from(const struct channel_endpoint *endpoint)
{
    struct te_endpoint copied = {.port = endpoint->port};
    memcpy(copied.addr.bytes, endpoint->addr, sizeof(copied.addr.bytes));
    return copied;
}

static struct request request_of(struct channel_slot *slot)
{
    struct request request = {
        .op = atomic_load_explicit(&slot->op, memory_order_relaxed),
        .argument = atomic_load_explicit(&slot->argument, memory_order_relaxed),
        .id = atomic_load_explicit(&slot->id, memory_order_relaxed),
        .local = endpoint_from(&slot->local),
        .remote = endpoint_from(&slot->remote),
    };
    memcpy(request.option, slot->option, sizeof(slot->option));
    memcpy(request.text, slot->text, sizeof(slot->text));
    return request;
}

static enum te_err lend_rings(struct channel_place *place)
{
    struct channel_link *link = place->link;
    uint32_t number = number_of(place);
    const struct te_buffers buffers = {
        .send = channel_send_ring(&link->layout, link->head, number),
        .receive = channel_receive_ring(&link->layout, link->head, number),
        .send_bytes = link->layout.send_bytes,
        .receive_bytes = link->layout.receive_bytes,
    };
    return te_buffers_lend(stack_of(place), place->id, &buffers, now_us(place));
}

static void show_start(struct channel_place *place)
{
    struct channel_slot *slot = slot_of(place);
    atomic_store(&slot->acked, place->acked);
    atomic_store(&slot->received, place->received);
    atomic_store(&slot->is_end, 0);
    atomic_store(&slot->wants_room, 0);
}

/* The connection that was opened lies in the slot from now on. */
static pb_code settle(struct channel_place *place, const struct rpc_local_opened *opened)
{
    struct te_position at;
    place->is_end = place->fin_sent = place->is_finished = false;
    place->is_cut = opened->fin_queued;
    show_opened(place, opened);
    occupy(place, opened->id);
    enum te_err err = lend_rings(place);
    if (err == TE_OK)
        err = te_position(stack_of(place), place->id, &at);
    if (err != TE_OK)
        return rpc_status_code(err);
    place->acked = at.send_acked;
    place->accepted = at.send_accepted;
    place->released = place->received = at.receive_released;
    show_start(place);
    set_state(place, CHANNEL_OPENING, PB_OK);
    carry(place);
    return PB_OK;
}

/* The same for one that is of no use without the slot. */
static pb_code settle_new(struct channel_place *place, const struct rpc_local_opened *opened)
{
    pb_code code = settle(place, opened);
    if (code == PB_OK)
        return code;
    rpc_local_abort(&place->link->rpc_link, opened->id);
    vacate(place);
    return code;
}

static pb_code do_open(struct channel_place *place, const struct request *request)
{
    const struct rpc_local_open open = {.local = request->local,
                                        .remote = request->remote,
                                        .fast_open = request->id == CHANNEL_OPEN_FAST};
    struct rpc_local_opened opened;
    if (request->id > CHANNEL_OPEN_FAST)
        return PB_INVALID_ARGUMENT;
    pb_code code = rpc_local_open(&place->link->rpc_link, &open, &opened);
    return code == PB_OK ? settle_new(place, &opened) : code;
}

static pb_code do_listen(struct channel_place *place, const struct request *request)
{
    const struct rpc_local_open open = {.passive = true,
                                        .local = request->local,
                                        .remote = request->remote,
                                        .backlog = request->argument,
                                        .fast_open = request->id == CHANNEL_OPEN_FAST};
    struct rpc_local_opened opened;
    if (request->id > CHANNEL_OPEN_FAST)
        return PB_INVALID_ARGUMENT;
    pb_code code = rpc_local_open(&place->link->rpc_link, &open, &opened);
    if (code != PB_OK)
        return code;
    show_opened(place, &opened);
    occupy(place, opened.id);
    TAILQ_INIT(&place->acceptors);
    place->is_listener = true;
    set_state(place, CHANNEL_LISTENING, PB_OK);
    return PB_OK;
}

/* Gives connections to those that wait for one. */
static void serve_acceptors(struct channel_place *place)
{
    struct channel_place *acceptor;
    struct rpc_local_opened opened;
    while ((acceptor = TAILQ_FIRST(&place->acceptors)) != NULL) {
        pb_code code = rpc_local_accept(&place->link->rpc_link, place->id, &opened);
        if (code == PB_AGAIN)
            return;
        leave_acceptors(acceptor);
        if (code == PB_OK)
            code = settle_new(acceptor, &opened);
        if (code != PB_OK)
            set_state(acceptor, CHANNEL_ENDED, code);
        tell(acceptor);
    }
}

static pb_code do_accept(struct channel_place *place, const struct request *request)
{
    struct channel_link *link = place->link;
    if (request->argument >= link->layout.slot_count)
        return PB_INVALID_ARGUMENT;
    struct channel_place *listener = &link->places[request->argument];
    if (listener->state != CHANNEL_LISTENING)
        return PB_BAD_STATE;
    set_state(place, CHANNEL_ACCEPTING, PB_OK);
    place->is_acceptor = true;
    place->listener = listener;
    TAILQ_INSERT_TAIL(&listener->acceptors, place, in_acceptors);
    serve_acceptors(listener);
    return place->code;
}

/* The client says where the connection's streams are; it must be right. */
static pb_code do_move(struct channel_place *place, const struct request *request)
{
    struct channel_slot *slot = slot_of(place);
    struct rpc_local_opened opened;
    struct te_position at;
    if (request->argument >= CHANNEL_WAY_COUNT)
        return PB_INVALID_ARGUMENT;
    pb_code code = rpc_local_find(&place->link->rpc_link, request->id, &opened);
    if (code != PB_OK)
        return code;
    if (te_position(stack_of(place), request->id, &at) != TE_OK ||
        channel_news_find(place->link->server, request->id) != NULL)
        return PB_BAD_STATE;
    if (at.error != TE_OK)
        return rpc_status_code(at.error);
    if (atomic_load(&slot->written) < at.send_accepted ||
        atomic_load(&slot->released) != at.receive_released)
        return PB_BAD_OFFSET;
    place->way = (uint8_t)request->argument;
    code = settle(place, &opened);
    if (code == PB_OK)
        place->is_moved = true;
    else if (place->id != 0)
        vacate(place);
    if (code != PB_OK)
        place->way = CHANNEL_BOTH_WAYS;
    return code;
}

/* The program closes it: to itself that is no news. */
static pb_code close_for_client(struct channel_place *place)
{
    place->state = CHANNEL_ENDED;
    return rpc_local_close(&place->link->rpc_link, place->id);
}

static pb_code do_close(struct channel_place *place)
{
    struct rpc_link *link = &place->link->rpc_link;
    if (place->state == CHANNEL_LISTENING)
        return rpc_local_close(link, place->id);
    if (is_alive(place)) {
        uint64_t written = atomic_load_explicit(&slot_of(place)->written, memory_order_acquire);
        carry(place);
        if (is_alive(place) &&
            ((place->accepted != written && !place->is_cut) ||
             te_buffers_own(stack_of(place), place->id, now_us(place)) == TE_ERR_NOMEM)) {
            rpc_local_abort(link, place->id); /* part of what was written would be missing */
            wake_pump(place);
            return PB_RESOURCES;
        }
    }
    if (place->id != 0)
        close_for_client(place); /* NOT_FOUND: it has ended by itself */
    wake_pump(place);
    return PB_OK;
}

static pb_code do_abort(struct channel_place *place)
{
    if (place->id != 0)
        rpc_local_abort(&place->link->rpc_link, place->id);
    wake_pump(place);
    return PB_OK;
}

static pb_code do_start(struct channel_place *place, const struct request *request)
{
    switch (request->op) {
    case CHANNEL_OP_OPEN:
        return do_open(place, request);
    case CHANNEL_OP_LISTEN:
        return do_listen(place, request);
    case CHANNEL_OP_ACCEPT:
        return do_accept(place, request);
    case CHANNEL_OP_MOVE:
        return do_move(place, request);
    default:
        return PB_UNSUPPORTED;
    }
}

static void count_if_bad(const struct channel_place *place, pb_code code)
{
    counters(place)->channel_requests_bad += code == PB_INVALID_ARGUMENT || code == PB_BAD_STATE ||
                                             code == PB_UNSUPPORTED || code == PB_BAD_OFFSET;
}

/* What was written before it was asked for leaves with the option. */
static void handle_set(struct channel_place *place, struct request *request)
{
    pb_code code = PB_BAD_STATE;
    if (place->id != 0)
        code = rpc_local_set_option(&place->link->rpc_link, place->id, request->option,
                                    (int64_t)request->id, request->text);
    count_if_bad(place, code);
    atomic_store_explicit(&slot_of(place)->argument, (uint32_t)code, memory_order_relaxed);
    carry(place);
}

/* One that begins something, in a slot where nothing is. */
static void handle_start(struct channel_place *place, const struct request *request)
{
    pb_code code = do_start(place, request);
    if (code == PB_OK)
        return;
    count_if_bad(place, code);
    pb_hint hint = code == PB_RESOURCES ? rpc_local_hint(&place->link->rpc_link) : PB_HINT(NONE);
    atomic_store_explicit(&slot_of(place)->id, (uint64_t)hint, memory_order_relaxed);
    set_state(place, CHANNEL_ENDED, code);
}

static void handle_end(struct channel_place *place, const struct request *request)
{
    pb_code code = request->op == CHANNEL_OP_CLOSE ? do_close(place) : do_abort(place);
    vacate(place);
    set_state(place, CHANNEL_FREE, code);
}

/* PB_OK: all that was written is the engine's. */
static pb_code code_of_written(const struct channel_place *place, uint64_t written)
{
    if (written == place->accepted || place->way == CHANNEL_RECEIVES)
        return PB_OK;
    if (!is_alive(place))
        return place->code;
    return place->is_cut ? PB_CONNECTION_CLOSING : PB_AGAIN;
}

static pb_code do_return(struct channel_place *place)
{
    if (!place->is_moved)
        return PB_BAD_STATE;
    uint64_t written = atomic_load_explicit(&slot_of(place)->written, memory_order_acquire);
    carry(place);
    pb_code code = code_of_written(place, written);
    if (code != PB_OK)
        return code;
    enum te_err err = te_buffers_own(stack_of(place), place->id, now_us(place));
    return err == TE_ERR_NOMEM ? PB_RESOURCES : PB_OK;
}

static void handle_return(struct channel_place *place)
{
    pb_code code = do_return(place);
    count_if_bad(place, code);
    atomic_store_explicit(&slot_of(place)->argument, (uint32_t)code, memory_order_relaxed);
    if (code != PB_OK)
        return;
    vacate(place);
    set_state(place, CHANNEL_FREE, PB_OK);
}

static void handle(struct channel_place *place, struct request *request)
{
    bool is_end = request->op == CHANNEL_OP_CLOSE || request->op == CHANNEL_OP_ABORT;
    counters(place)->channel_requests++;
    if (request->op == CHANNEL_OP_SET)
        handle_set(place, request);
    else if (request->op == CHANNEL_OP_RETURN)
        handle_return(place);
    else if (is_end == (place->state == CHANNEL_FREE))
        counters(place)->channel_requests_bad++; /* the slot stays as it is */
    else if (is_end)
        handle_end(place, request);
    else
        handle_start(place, request);
}

bool channel_place_is_closing(const struct channel_place *place)
{
    struct channel_slot *slot = slot_of(place);
    uint32_t asked = atomic_load_explicit(&slot->asked, memory_order_acquire);
    bool is_close = asked != place->asked &&
                    atomic_load_explicit(&slot->op, memory_order_relaxed) == CHANNEL_OP_CLOSE;
    if (!is_close || place->is_listener || place->is_acceptor)
        return is_close;
    return atomic_load_explicit(&slot->written, memory_order_relaxed) == place->accepted;
}

void channel_place_look(struct channel_place *place)
{
    struct channel_slot *slot = slot_of(place);
    uint32_t asked = atomic_load_explicit(&slot->asked, memory_order_acquire);
    if (asked != place->asked) {
        struct request request = request_of(slot);
        place->asked = asked;
        handle(place, &request);
        atomic_store_explicit(&slot->answered, asked, memory_order_release);
        tell_answer(place, request.op);
    } else if (place->state == CHANNEL_LISTENING) {
        serve_acceptors(place);
    } else {
        carry(place);
    }
}

void channel_place_on_event(struct channel_place *place, const struct te_event *event)
{
    if (place->state == CHANNEL_LISTENING) {
        channel_news_look_soon(place->link, number_of(place));
        return;
    }
    if (is_alive(place))
        take_released(place); /* a program that reads little at a time does not ring for it */
    if (!is_alive(place))
        return;
    show(place);
    uint64_t written = atomic_load_explicit(&slot_of(place)->written, memory_order_relaxed);
    if ((event->ready & (TE_READY_SEND | TE_READY_OPEN)) != 0 &&
        (written != place->accepted || place->is_finished != place->fin_sent))
        channel_news_look_soon(place->link, number_of(place));
}

void channel_place_before_end(struct channel_place *place, bool is_close)
{
    carry(place);
    if (is_close && is_alive(place)) {
        end(place, PB_CONNECTION_CLOSING);
        tell(place);
    }
}

/* Copies as much as there is room for behind what the engine has. */
static void copy_behind(const struct channel_place *place, const struct te_position *at,
                        const uint8_t *data, size_t len)
{
    const struct channel_layout *layout = &place->link->layout;
    uint8_t *ring = channel_send_ring(layout, place->link->head, number_of(place));
    size_t room = layout->send_bytes - (size_t)(at->send_accepted - at->send_acked);
    size_t start = (size_t)(at->send_accepted & (layout->send_bytes - 1));
    size_t first = layout->send_bytes - start;
    if (len > room)
        len = room;
    if (first > len)
        first = len;
    memcpy(ring + start, data, first);
    memcpy(ring, data + first, len - first);
}

enum te_err channel_place_send(struct channel_place *place, const uint8_t *data, size_t len,
                               size_t *ret_accepted)
{
    struct te_position at;
    if (place->way != CHANNEL_RECEIVES || te_position(stack_of(place), place->id, &at) != TE_OK)
        return TE_ERR_STATE;
    copy_behind(place, &at, data, len);
    return te_send_in_place(stack_of(place), place->id, len, ret_accepted, now_us(place));
}

bool channel_place_vacate_send(struct channel_place *place)
{
    struct channel_slot *slot = slot_of(place);
    struct channel_link *link = place->link;
    atomic_store(&slot->drops, 1);
    bool is_free = place->way == CHANNEL_RECEIVES ||
                   (atomic_load(&slot->writes) == 0 &&
                    atomic_load_explicit(&slot->written, memory_order_acquire) == place->accepted);
    if (is_free)
        region_drop(channel_send_ring(&link->layout, link->head, number_of(place)),
                    link->layout.send_bytes);
    atomic_store(&slot->drops, 0);
    return is_free;
}

/* What the program did last, before the daemon looked: it may have written, given the slot up and
 * ended in one go. */
static void take_last(struct channel_place *place)
{
    struct channel_slot *slot = slot_of(place);
    uint32_t asked = atomic_load_explicit(&slot->asked, memory_order_acquire);
    struct request request = request_of(slot);
    bool is_end = request.op == CHANNEL_OP_CLOSE || request.op == CHANNEL_OP_ABORT;
    if (asked != place->asked && is_end && place->state != CHANNEL_FREE)
        handle_end(place, &request);
    else
        carry(place);
}

void channel_place_give_up(struct channel_place *place)
{
    struct channel_link *link = place->link;
    take_last(place);
    bool is_stream = is_alive(place) || place->state == CHANNEL_ENDED;
    if (place->id == 0) {
        leave_acceptors(place);
        return;
    }
    if (is_stream && (link->aborts && !place->is_moved))
        rpc_local_abort(&link->rpc_link, place->id);
    else if (is_stream && te_buffers_own(stack_of(place), place->id, now_us(place)) == TE_ERR_NOMEM)
        rpc_local_abort(&link->rpc_link, place->id);
    else if (!place->is_moved)
        close_for_client(place);
    wake_pump(place);
    vacate(place);
}
