#include "actor.h"

#include <string.h>

#include "meddler.h"
#include "stream.h"
#include "world.h"

#define CHUNK_MAX 65536
#define RETRY_US 50000
#define TRIES_MAX 40
#define PORT_OF_TURNED_LISTENER 9000

static uint8_t chunk[CHUNK_MAX];

/* --- small things ----------------------------------------------------------------------------- */

static struct te_stack *stack_of(struct world *world, unsigned side)
{
    return world->hosts[side].stack;
}

static void note(struct world *world, const struct endpoint *endpoint, const char *what,
                 const int64_t numbers[2])
{
    struct trace_entry entry = {"%s %d %s: %d, %d",
                                {(int64_t)endpoint->id, numbers[0], numbers[1]},
                                {scenario_host_name(endpoint->side), what},
                                0};
    trace_add(&world->trace, world->now_us, &entry);
}

static void fail(struct world *world, const struct endpoint *endpoint, const char *sentence)
{
    world_fail(world, endpoint->side, endpoint->id, sentence);
}

static int64_t soon(struct world *world, struct endpoint *endpoint, int64_t gap_us)
{
    return world->now_us + rng_between(&endpoint->rng, 0, gap_us);
}

static bool is_over(const struct endpoint *endpoint)
{
    return endpoint->has_closed || endpoint->has_failed;
}

static bool has_sent_all(const struct endpoint *endpoint)
{
    return endpoint->accepted >= endpoint->behaviour.bytes;
}

struct endpoint *actors_find(struct world *world, unsigned side, uint64_t id)
{
    struct actors *actors = &world->actors;
    for (unsigned i = actors->endpoint_count; i-- > 0;)
        if (actors->endpoints[i].side == side && actors->endpoints[i].id == id)
            return &actors->endpoints[i];
    return NULL;
}

void actors_init(struct actors *actors, const struct scenario *scenario)
{
    actors->endpoint_count = actors->opening_count = actors->listener_count = 0;
    actors->is_calm = false;
    rng_init(&actors->rng, rng_mix(scenario->seed) + 10);
}

/* --- endings ---------------------------------------------------------------------------------- */

/* Whether it is time for the plan's ending. */
static bool wants_to_end(const struct endpoint *endpoint)
{
    switch (endpoint->behaviour.ending) {
    case ENDING_CLOSE:
        return endpoint->has_opened && has_sent_all(endpoint);
    case ENDING_SHUTDOWN:
        return endpoint->has_shut ? endpoint->has_end
                                  : endpoint->has_opened && has_sent_all(endpoint);
    case ENDING_SHUTDOWN_CLOSE:
        return endpoint->has_shut || (endpoint->has_opened && has_sent_all(endpoint));
    case ENDING_AFTER_PEER:
        return endpoint->has_end && has_sent_all(endpoint);
    default:
        return false;
    }
}

static void consider_ending(struct world *world, struct endpoint *endpoint)
{
    if (is_over(endpoint) || endpoint->ending_at_us != TE_NEVER || !wants_to_end(endpoint))
        return;
    endpoint->ending_at_us = soon(world, endpoint, endpoint->behaviour.write_gap_us);
}

/* The connection is gone for its user; what remains is closed after a while, or never. */
static void note_failure(struct world *world, struct endpoint *endpoint, enum te_err err)
{
    note(world, endpoint, "has failed", (int64_t[]){err, 0});
    endpoint->has_failed = endpoint->may_be_gone = true;
    endpoint->write_at_us = endpoint->read_at_us = TE_NEVER;
    endpoint->ending_at_us =
        rng_chance(&endpoint->rng, 1000) ? TE_NEVER : soon(world, endpoint, 100000);
}

static bool has_unread(struct world *world, const struct endpoint *endpoint)
{
    struct te_status status;
    return te_status(stack_of(world, endpoint->side), endpoint->id, &status) == TE_OK &&
           status.receive_queue_bytes > 0 && status.state >= TE_ESTABLISHED &&
           status.state <= TE_LAST_ACK;
}

static void close_endpoint(struct world *world, struct endpoint *endpoint)
{
    bool aborts = endpoint->behaviour.ending == ENDING_ABORT && !endpoint->has_failed;
    bool must_reset = has_unread(world, endpoint);
    int64_t now_us = world_clock(world, endpoint->side);
    struct te_stack *stack = stack_of(world, endpoint->side);
    struct te_status status;
    enum te_err err =
        aborts ? te_abort(stack, endpoint->id, now_us) : te_close(stack, endpoint->id, now_us);
    note(world, endpoint, aborts ? "ABORT" : "CLOSE", (int64_t[]){err, 0});
    bool is_gone = err == TE_ERR_NO_CONNECTION || err == TE_ERR_CLOSING;
    if (err != TE_OK && !(endpoint->may_be_gone && is_gone))
        fail(world, endpoint, "CLOSE and ABORT of an open connection succeed");
    if (must_reset && te_status(stack, endpoint->id, &status) != TE_ERR_NO_CONNECTION)
        fail(world, endpoint, "CLOSE with unread data resets the connection (RFC 2525 2.17)");
    endpoint->has_closed = true;
    endpoint->write_at_us = endpoint->read_at_us = endpoint->ending_at_us = TE_NEVER;
    world_changed(world, endpoint->side, endpoint->id);
}

static void shut_endpoint(struct world *world, struct endpoint *endpoint)
{
    enum te_err err = te_shutdown(stack_of(world, endpoint->side), endpoint->id,
                                  world_clock(world, endpoint->side));
    note(world, endpoint, "SHUTDOWN", (int64_t[]){err, 0});
    if (err == TE_OK)
        endpoint->has_shut = true;
    else
        note_failure(world, endpoint, err);
    world_changed(world, endpoint->side, endpoint->id);
    consider_ending(world, endpoint);
}

static void step_ending(struct world *world, struct endpoint *endpoint)
{
    enum ending ending = endpoint->behaviour.ending;
    bool shuts =
        (ending == ENDING_SHUTDOWN || ending == ENDING_SHUTDOWN_CLOSE) && !endpoint->has_shut;
    endpoint->ending_at_us = TE_NEVER;
    if (shuts && !endpoint->has_failed)
        shut_endpoint(world, endpoint);
    else
        close_endpoint(world, endpoint);
}

/* --- sending ---------------------------------------------------------------------------------- */

static void step_write(struct world *world, struct endpoint *endpoint)
{
    struct watch *watch = observer_find(world, endpoint->side, endpoint->id);
    uint64_t left = endpoint->behaviour.bytes - endpoint->accepted;
    size_t len = (size_t)rng_between(&endpoint->rng, 1, endpoint->behaviour.write_max);
    if (left < len)
        len = (size_t)left;
    endpoint->write_at_us = TE_NEVER;
    if (watch == NULL) {
        fail(world, endpoint, "an open connection has a status");
        return;
    }
    size_t accepted = 0;
    stream_fill(observer_send_key(watch), endpoint->accepted, chunk, len);
    enum te_err err = te_send(stack_of(world, endpoint->side), endpoint->id, chunk, len, &accepted,
                              world_clock(world, endpoint->side));
    note(world, endpoint, "SEND", (int64_t[]){err, (int64_t)accepted});
    if (err != TE_OK) {
        note_failure(world, endpoint, err);
    } else {
        endpoint->accepted += accepted;
        watch->accepted = endpoint->accepted;
        if (accepted == len && !has_sent_all(endpoint))
            endpoint->write_at_us = soon(world, endpoint, endpoint->behaviour.write_gap_us);
        else if (!has_sent_all(endpoint) && world->is_short_of_memory)
            endpoint->write_at_us = world->now_us + RETRY_US;
    }
    world_changed(world, endpoint->side, endpoint->id);
    consider_ending(world, endpoint);
}

/* --- receiving -------------------------------------------------------------------------------- */

/* The bytes delivered are those that the peer's application sent at this offset. */
static void check_bytes(struct world *world, const struct endpoint *endpoint,
                        const struct te_received *received)
{
    const struct watch *watch = observer_find(world, endpoint->side, endpoint->id);
    uint64_t offset = endpoint->received;
    size_t left = received->total_bytes;
    for (unsigned i = 0; i < 2 && left > 0; i++) {
        const struct te_iovec *piece = &received->iov[i];
        if (piece->len > left ||
            !stream_matches(observer_receive_key(world, watch), offset, piece->base, piece->len)) {
            fail(world, endpoint, "1: what is delivered is a prefix of what was sent");
            return;
        }
        offset += piece->len;
        left -= piece->len;
    }
    if (left > 0)
        fail(world, endpoint, "1: the pieces add up to the total");
}

/* Total received against total sent by the peer. */
static void check_lengths(struct world *world, const struct endpoint *endpoint)
{
    const struct watch *watch = observer_find(world, endpoint->side, endpoint->id);
    const struct watch *peer = observer_peer(world, watch);
    if (peer == NULL)
        fail(world, endpoint, "1: a connection that receives something has a peer");
    else if (!observer_has_given(world, peer, endpoint->received, false))
        fail(world, endpoint, "1: no more is delivered than was sent");
    else if (endpoint->has_end && !observer_has_given(world, peer, endpoint->received, true))
        fail(world, endpoint, "1: after an orderly close everything that was sent is delivered");
    if (world->failure != NULL && peer != NULL)
        world_explain(world, "received %llu, sent %llu", (unsigned long long)endpoint->received,
                      (unsigned long long)peer->accepted);
}

static void release(struct world *world, struct endpoint *endpoint,
                    const struct te_received *received)
{
    size_t len = received->total_bytes;
    if (len > 1 && rng_chance(&endpoint->rng, 2500))
        len = (size_t)rng_between(&endpoint->rng, 1, (int64_t)len - 1);
    endpoint->received += len;
    world->progress_event = world->events;
    observer_on_delivered(world, observer_find(world, endpoint->side, endpoint->id),
                          endpoint->received);
    world->observer.coverage->bytes += len;
    endpoint->has_end = received->is_end && len == received->total_bytes;
    enum te_err err = te_receive_release(stack_of(world, endpoint->side), endpoint->id,
                                         endpoint->received, world_clock(world, endpoint->side));
    if (err != TE_OK)
        fail(world, endpoint, "bytes that were peeked can be released");
}

static void after_read(struct world *world, struct endpoint *endpoint)
{
    if (endpoint->received >= endpoint->behaviour.read_stop && !world->actors.is_calm)
        endpoint->is_paused = true;
    else if (!endpoint->has_end)
        endpoint->read_at_us = soon(world, endpoint, endpoint->behaviour.read_gap_us);
}

static void step_read(struct world *world, struct endpoint *endpoint)
{
    struct te_received received = {.total_bytes = 0};
    size_t max = (size_t)rng_between(&endpoint->rng, 1, endpoint->behaviour.read_max);
    enum te_err err = te_receive_peek(stack_of(world, endpoint->side), endpoint->id,
                                      endpoint->received, max, &received);
    endpoint->read_at_us = TE_NEVER;
    note(world, endpoint, "RECEIVE", (int64_t[]){err, (int64_t)received.total_bytes});
    if (err == TE_OK) {
        check_bytes(world, endpoint, &received);
        release(world, endpoint, &received);
        check_lengths(world, endpoint);
        after_read(world, endpoint);
    } else if (err == TE_ERR_CLOSING) {
        endpoint->has_end = true;
        check_lengths(world, endpoint);
    } else if (err != TE_ERR_AGAIN) {
        note_failure(world, endpoint, err);
    }
    world_changed(world, endpoint->side, endpoint->id);
    consider_ending(world, endpoint);
}

/* --- opening ---------------------------------------------------------------------------------- */

static void set_options(struct world *world, const struct endpoint *endpoint)
{
    const struct behaviour *behaviour = &endpoint->behaviour;
    struct te_stack *stack = stack_of(world, endpoint->side);
    int64_t now_us = world_clock(world, endpoint->side);
    if (behaviour->without_nagle)
        te_set_option(stack, endpoint->id, TE_OPTION_NAGLE, 0, now_us);
    if (behaviour->without_delayed_ack)
        te_set_option(stack, endpoint->id, TE_OPTION_DELAYED_ACK, 0, now_us);
    if (behaviour->with_keepalive || world->actors.is_calm)
        te_set_option(stack, endpoint->id, TE_OPTION_KEEPALIVE, 1, now_us);
    if (behaviour->user_timeout_us > 0)
        te_set_option(stack, endpoint->id, TE_OPTION_USER_TIMEOUT_US, behaviour->user_timeout_us,
                      now_us);
}

static struct endpoint *add_endpoint(struct world *world, unsigned side, uint64_t id,
                                     const struct behaviour *behaviour)
{
    struct actors *actors = &world->actors;
    if (actors->endpoint_count == ACTOR_ENDPOINTS_MAX) {
        world_fail(world, side, id, "there are few enough connections to watch");
        return NULL;
    }
    struct endpoint *endpoint = &actors->endpoints[actors->endpoint_count++];
    *endpoint = (struct endpoint){.side = side, .id = id, .behaviour = *behaviour};
    rng_init(&endpoint->rng, rng_next(&actors->rng));
    bool is_timed = behaviour->ending == ENDING_CLOSE_EARLY || behaviour->ending == ENDING_ABORT;
    endpoint->ending_at_us =
        is_timed && !actors->is_calm ? world->now_us + behaviour->ending_after_us : TE_NEVER;
    endpoint->write_at_us =
        behaviour->bytes > 0 ? soon(world, endpoint, behaviour->write_gap_us) : TE_NEVER;
    endpoint->read_at_us = soon(world, endpoint, behaviour->read_gap_us);
    set_options(world, endpoint);
    return endpoint;
}

/* The listener that is to turn active, created just before. */
static uint64_t make_turning_listener(struct world *world, unsigned side, uint16_t port)
{
    struct te_listen listen = {.local.port = (uint16_t)(PORT_OF_TURNED_LISTENER + port % 100)};
    uint64_t id = 0;
    te_open_passive(stack_of(world, side), &listen, &id, world_clock(world, side));
    world_changed(world, side, 0);
    return id;
}

/* The first SEND, for the SYN. ISS, which usually determines a stream's bytes, is not known yet. */
static void give_data(struct world *world, struct opening *opening, struct te_open *open)
{
    const struct behaviour *behaviour = &opening->plan->behaviour[scenario_end(opening->side)];
    int64_t most =
        behaviour->write_max < behaviour->bytes ? behaviour->write_max : (int64_t)behaviour->bytes;
    opening->stream = rng_next(&world->actors.rng) | 1;
    open->fast_open = true;
    open->data = chunk;
    open->data_len = (size_t)rng_between(&world->actors.rng, most > 0, most);
    stream_fill(opening->stream, 0, chunk, open->data_len);
}

static enum te_err open_active(struct world *world, struct opening *opening, uint64_t *ret_id)
{
    const struct connection_plan *plan = opening->plan;
    bool is_opener = opening->side == plan->opener;
    struct te_open open = {.local.port = is_opener ? plan->local_port : plan->remote_port,
                           .remote.port = is_opener ? plan->remote_port : plan->local_port};
    open.remote.addr =
        world->scenario->hosts[scenario_other(plan, opening->side)].config.addresses[0].addr;
    if (plan->kind == OPEN_FROM_LISTENER)
        open.listener_id = make_turning_listener(world, opening->side, plan->local_port);
    if (plan->fast_open)
        give_data(world, opening, &open);
    enum te_err err = te_open_active(stack_of(world, opening->side), &open, ret_id,
                                     world_clock(world, opening->side));
    if (err != TE_OK && open.listener_id != 0)
        te_close(stack_of(world, opening->side), open.listener_id,
                 world_clock(world, opening->side));
    return err;
}

static void add_opener(struct world *world, const struct opening *opening, uint64_t id)
{
    struct endpoint *endpoint = add_endpoint(
        world, opening->side, id, &opening->plan->behaviour[scenario_end(opening->side)]);
    if (endpoint == NULL || !opening->plan->fast_open)
        return;
    observer_on_fast_open(world, opening->side, id, opening->stream);
    endpoint->accepted = observer_find(world, opening->side, id)->accepted;
    if (has_sent_all(endpoint))
        endpoint->write_at_us = TE_NEVER;
}

static void step_opening(struct world *world, struct opening *opening)
{
    uint64_t id = 0;
    enum te_err err = open_active(world, opening, &id);
    struct trace_entry entry = {
        "%s OPEN: %d, id %d", {err, (int64_t)id}, {scenario_host_name(opening->side)}, 0};
    trace_add(&world->trace, world->now_us, &entry);
    opening->at_us = TE_NEVER;
    if (err == TE_OK)
        add_opener(world, opening, id);
    else if (opening->tries++ < TRIES_MAX)
        opening->at_us = world->now_us + RETRY_US;
    world_changed(world, opening->side, 0);
}

static const struct behaviour *find_behaviour(const struct world *world, unsigned side,
                                              const struct te_endpoint *remote)
{
    const struct actors *actors = &world->actors;
    unsigned opener = scenario_find_host(world->scenario, &remote->addr);
    const struct connection_plan *any = &world->scenario->connections[0];
    for (unsigned i = 0; i < actors->opening_count; i++) {
        const struct connection_plan *plan = actors->openings[i].plan;
        if (plan->peer != side)
            continue;
        any = plan;
        if (plan->local_port == remote->port && plan->opener == opener)
            break;
    }
    return &any->behaviour[scenario_end(side)];
}

/* RFC 7413: only by an application that asked for it. */
static bool may_be_early(const struct world *world, const struct listener_actor *listener)
{
    return listener->plan.fast_open &&
           (world->scenario->hosts[listener->side].config.fast_open & TE_FAST_OPEN_SERVER);
}

static void step_accept(struct world *world, struct listener_actor *listener)
{
    struct te_stack *stack = stack_of(world, listener->side);
    struct te_status status;
    uint64_t id = 0;
    enum te_err err = te_accept(stack, listener->id, 0, &id, world_clock(world, listener->side));
    struct trace_entry entry = {
        "%s ACCEPT: %d, id %d", {err, (int64_t)id}, {scenario_host_name(listener->side)}, 0};
    trace_add(&world->trace, world->now_us, &entry);
    listener->accept_at_us = TE_NEVER;
    if (err == TE_OK && te_status(stack, id, &status) != TE_OK)
        world_fail(world, listener->side, id, "an accepted connection has a status");
    else if (err == TE_OK && status.state == TE_SYN_RCVD && !may_be_early(world, listener))
        world_fail(world, listener->side, id,
                   "no connection is accepted before the handshake is over");
    else if (err == TE_OK)
        add_endpoint(world, listener->side, id,
                     find_behaviour(world, listener->side, &status.remote))
            ->has_opened = true;
    else if (err != TE_ERR_AGAIN)
        world_fail(world, listener->side, listener->id, "ACCEPT gives a connection, or none yet");
    world_changed(world, listener->side, 0);
}

static void step_close_listener(struct world *world, struct listener_actor *listener)
{
    struct trace_entry entry = {"%s CLOSE listener", {0}, {scenario_host_name(listener->side)}, 0};
    trace_add(&world->trace, world->now_us, &entry);
    if (te_close(stack_of(world, listener->side), listener->id,
                 world_clock(world, listener->side)) != TE_OK)
        world_fail(world, listener->side, listener->id, "a listener can be closed");
    listener->id = 0;
    listener->accept_at_us = listener->close_at_us = TE_NEVER;
    world_changed(world, listener->side, 0);
}

void actors_listen(struct world *world, unsigned side, const struct listener_plan *plan)
{
    struct actors *actors = &world->actors;
    struct te_listen listen = {
        .local.port = plan->port, .backlog = plan->backlog, .fast_open = plan->fast_open};
    struct listener_actor *listener = &actors->listeners[actors->listener_count++];
    *listener = (struct listener_actor){
        .side = side, .plan = *plan, .accept_at_us = TE_NEVER, .close_at_us = TE_NEVER};
    struct te_stack *stack = stack_of(world, side);
    enum te_err err = te_open_passive(stack, &listen, &listener->id, world_clock(world, side));
    if (plan->close_at_us != TE_NEVER && err == TE_OK)
        listener->close_at_us = world->now_us + plan->close_at_us;
    if (err != TE_OK && !(err == TE_ERR_NOMEM && world->is_short_of_memory))
        world_fail(world, side, 0, "a passive OPEN of a free port succeeds");
    world_changed(world, side, 0);
}

static void add_opening(struct world *world, const struct connection_plan *plan, unsigned side,
                        int64_t after_us)
{
    struct actors *actors = &world->actors;
    actors->openings[actors->opening_count++] =
        (struct opening){.side = side, .plan = plan, .at_us = world->now_us + after_us};
}

void actors_connect(struct world *world, const struct connection_plan *plan)
{
    add_opening(world, plan, plan->opener, plan->at_us);
    if (plan->kind == OPEN_SIMULTANEOUS)
        add_opening(world, plan, plan->peer, plan->peer_at_us);
}

/* --- whose turn is it? ------------------------------------------------------------------------ */

/* The most urgent work. */
struct due {
    int64_t at_us;
    void (*step)(struct world *world, struct endpoint *endpoint);
    struct endpoint *endpoint;
    struct opening *opening;
    struct listener_actor *listener;
};

static void due_of_endpoint(struct endpoint *endpoint, struct due *due)
{
    if (endpoint->read_at_us < due->at_us)
        *due = (struct due){endpoint->read_at_us, step_read, endpoint, NULL, NULL};
    if (endpoint->write_at_us < due->at_us)
        *due = (struct due){endpoint->write_at_us, step_write, endpoint, NULL, NULL};
    if (endpoint->ending_at_us < due->at_us)
        *due = (struct due){endpoint->ending_at_us, step_ending, endpoint, NULL, NULL};
}

static struct due find_due(struct actors *actors)
{
    struct due due = {.at_us = TE_NEVER};
    for (unsigned i = 0; i < actors->opening_count; i++) {
        struct opening *opening = &actors->openings[i];
        if (opening->at_us < due.at_us)
            due = (struct due){opening->at_us, NULL, NULL, opening, NULL};
    }
    for (unsigned i = 0; i < actors->listener_count; i++) {
        struct listener_actor *listener = &actors->listeners[i];
        int64_t at_us = listener->accept_at_us < listener->close_at_us ? listener->accept_at_us
                                                                       : listener->close_at_us;
        if (at_us < due.at_us)
            due = (struct due){at_us, NULL, NULL, NULL, listener};
    }
    for (unsigned i = 0; i < actors->endpoint_count; i++)
        due_of_endpoint(&actors->endpoints[i], &due);
    return due;
}

int64_t actors_next_us(struct actors *actors)
{
    return find_due(actors).at_us;
}

void actors_step(struct world *world)
{
    struct due due = find_due(&world->actors);
    if (due.endpoint != NULL && due.endpoint->behaviour.meddles && !world->actors.is_calm)
        meddle(world, due.endpoint);
    if (due.endpoint != NULL)
        due.step(world, due.endpoint);
    else if (due.opening != NULL)
        step_opening(world, due.opening);
    else if (due.listener != NULL && due.listener->close_at_us <= due.at_us)
        step_close_listener(world, due.listener);
    else if (due.listener != NULL)
        step_accept(world, due.listener);
}

/* --- events ----------------------------------------------------------------------------------- */

static void on_ready(struct world *world, struct endpoint *endpoint, unsigned ready)
{
    const struct behaviour *behaviour = &endpoint->behaviour;
    if (is_over(endpoint))
        return;
    if (ready & TE_READY_OPEN)
        endpoint->has_opened = true;
    if (ready & TE_READY_END)
        endpoint->may_be_gone = true;
    if ((ready & (TE_READY_RECEIVE | TE_READY_END)) && endpoint->read_at_us == TE_NEVER &&
        !endpoint->is_paused && !endpoint->has_end)
        endpoint->read_at_us = soon(world, endpoint, behaviour->read_gap_us);
    if ((ready & TE_READY_SEND) && endpoint->write_at_us == TE_NEVER && !has_sent_all(endpoint))
        endpoint->write_at_us = soon(world, endpoint, behaviour->write_gap_us);
    consider_ending(world, endpoint);
}

void actors_on_event(struct world *world, unsigned side, const struct te_event *event)
{
    struct actors *actors = &world->actors;
    if (event->kind != TE_EVENT_READY)
        return;
    struct endpoint *endpoint = actors_find(world, side, event->id);
    if (endpoint != NULL)
        on_ready(world, endpoint, event->ready);
    for (unsigned i = 0; i < actors->listener_count; i++) {
        struct listener_actor *listener = &actors->listeners[i];
        if (listener->side == side && listener->id == event->id && listener->id != 0 &&
            (event->ready & TE_READY_ACCEPT) && listener->accept_at_us == TE_NEVER)
            listener->accept_at_us =
                world->now_us + rng_between(&actors->rng, 0, listener->plan.accept_gap_us);
    }
}

/* --- the end ---------------------------------------------------------------------------------- */

static void calm_endpoint(struct world *world, struct endpoint *endpoint)
{
    endpoint->behaviour.write_gap_us = endpoint->behaviour.read_gap_us = 0;
    if (is_over(endpoint))
        return;
    if (endpoint->behaviour.ending == ENDING_CLOSE_EARLY ||
        endpoint->behaviour.ending == ENDING_ABORT) {
        endpoint->behaviour.ending = ENDING_NONE;
        endpoint->ending_at_us = TE_NEVER;
    }
    if (endpoint->is_paused)
        endpoint->read_at_us = world->now_us;
    endpoint->is_paused = false;
    te_set_option(stack_of(world, endpoint->side), endpoint->id, TE_OPTION_KEEPALIVE, 1,
                  world_clock(world, endpoint->side));
    world_changed(world, endpoint->side, endpoint->id);
}

void actors_calm(struct world *world)
{
    struct actors *actors = &world->actors;
    actors->is_calm = true;
    for (unsigned i = 0; i < actors->opening_count; i++)
        actors->openings[i].at_us = TE_NEVER;
    for (unsigned i = 0; i < actors->listener_count; i++)
        actors->listeners[i].plan.accept_gap_us = 0;
    for (unsigned i = 0; i < actors->endpoint_count && world->failure == NULL; i++)
        calm_endpoint(world, &actors->endpoints[i]);
}

void actors_close_all(struct world *world)
{
    struct actors *actors = &world->actors;
    for (unsigned i = 0; i < actors->listener_count && world->failure == NULL; i++)
        if (actors->listeners[i].id != 0)
            step_close_listener(world, &actors->listeners[i]);
    for (unsigned i = 0; i < actors->endpoint_count && world->failure == NULL; i++)
        if (!actors->endpoints[i].has_closed)
            close_endpoint(world, &actors->endpoints[i]);
}

void actors_forget(struct world *world, unsigned side)
{
    struct actors *actors = &world->actors;
    for (unsigned i = 0; i < actors->endpoint_count; i++) {
        struct endpoint *endpoint = &actors->endpoints[i];
        if (endpoint->side != side)
            continue;
        endpoint->id = 0; /* the new stack numbers from 1 again */
        endpoint->has_failed = endpoint->has_closed = true;
        endpoint->write_at_us = endpoint->read_at_us = endpoint->ending_at_us = TE_NEVER;
    }
    unsigned listener_count = actors->listener_count; /* those before */
    for (unsigned i = 0; i < listener_count && world->failure == NULL; i++) {
        struct listener_actor *listener = &actors->listeners[i];
        if (listener->side != side || listener->id == 0)
            continue;
        struct listener_plan plan = listener->plan;
        listener->side = HOSTS_MAX; /* of no host */
        listener->id = 0;
        listener->accept_at_us = listener->close_at_us = TE_NEVER;
        plan.close_at_us = TE_NEVER;
        actors_listen(world, side, &plan);
    }
}

/* The application at the other end; if a SYN cookie's ACK has opened it again, the latest that was
 * accepted. */
static const struct endpoint *find_other(struct world *world, const struct watch *watch)
{
    const struct watch *peer = observer_peer(world, watch);
    const struct endpoint *other = NULL;
    uint32_t iss = peer != NULL ? peer->last.iss : 0;
    for (; peer != NULL && other == NULL; peer = observer_older(world, peer))
        if (peer->last.iss == iss)
            other = actors_find(world, peer->side, peer->id);
    return other;
}

/* Everything it sent has been acknowledged and, if the peer's application still receives,
 * received. */
static bool is_done(struct world *world, const struct endpoint *endpoint)
{
    const struct watch *watch = observer_find(world, endpoint->side, endpoint->id);
    const struct endpoint *other = watch != NULL ? find_other(world, watch) : NULL;
    if (is_over(endpoint)) /* what it sent before closing must still arrive */
        return watch == NULL || watch->is_gone || watch->last.send_queue_bytes == 0;
    if (!has_sent_all(endpoint) || !endpoint->has_opened)
        return false;
    if (other == NULL || is_over(other))
        return other != NULL;
    return other->received == endpoint->accepted && watch->last.send_acked == endpoint->accepted;
}

bool actors_are_done(struct world *world)
{
    for (unsigned i = 0; i < world->actors.endpoint_count; i++)
        if (!is_done(world, &world->actors.endpoints[i]))
            return false;
    return true;
}
