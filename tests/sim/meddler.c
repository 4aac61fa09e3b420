#include "meddler.h"

#define NOBODY ((UINT64_C(1) << 53) - 1)
#define BUFFER_LEAST 4096

/* What a meddler acts on. */
struct target {
    struct world *world;
    struct endpoint *endpoint;
    struct te_stack *stack;
    int64_t now_us;
    bool exists;
    struct te_status status; /* if it exists */
};

static void expect(const struct target *target, bool holds, const char *sentence)
{
    if (!holds)
        world_fail(target->world, target->endpoint->side, target->endpoint->id, sentence);
}

static bool is_alive(const struct target *target)
{
    return target->exists && target->status.state >= TE_SYN_SENT &&
           target->status.state <= TE_LAST_ACK;
}

static void read_beyond(struct target *target)
{
    struct te_received received;
    uint64_t beyond = target->status.receive_next + 1;
    if (!is_alive(target) || target->status.state < TE_ESTABLISHED)
        return;
    expect(target,
           te_receive_peek(target->stack, target->endpoint->id, beyond, 1, &received) ==
                   TE_ERR_OFFSET &&
               te_receive_release(target->stack, target->endpoint->id, beyond, target->now_us) ==
                   TE_ERR_OFFSET,
           "what has not arrived can be neither received nor released");
    expect(target,
           te_receive_release(target->stack, target->endpoint->id, 0, target->now_us) == TE_OK,
           "releasing what is already released does nothing");
}

static void close_twice(struct target *target)
{
    const struct endpoint *endpoint = target->endpoint;
    if (!is_alive(target) || !endpoint->has_shut)
        return;
    size_t accepted = 0;
    expect(target, te_shutdown(target->stack, endpoint->id, target->now_us) == TE_ERR_CLOSING,
           "a second half close is answered by connection closing");
    expect(target,
           te_send(target->stack, endpoint->id, "x", 1, &accepted, target->now_us) ==
                   TE_ERR_CLOSING &&
               accepted == 0,
           "SEND after a half close is answered by connection closing");
}

static void open_again(struct target *target)
{
    struct te_open open = {.local = target->status.local, .remote = target->status.remote};
    uint64_t id = NOBODY;
    if (!is_alive(target))
        return;
    expect(target,
           te_open_active(target->stack, &open, &id, target->now_us) == TE_ERR_EXISTS &&
               id == NOBODY,
           "OPEN of a connection that exists is refused");
}

static void confuse_ids(struct target *target)
{
    uint64_t id = NOBODY;
    struct te_status status;
    struct te_received received;
    expect(target, te_status(target->stack, NOBODY, &status) == TE_ERR_NO_CONNECTION,
           "an id that was never given has no status");
    expect(target,
           te_receive_peek(target->stack, NOBODY, 0, 1, &received) == TE_ERR_NO_CONNECTION &&
               te_close(target->stack, NOBODY, target->now_us) == TE_ERR_NO_CONNECTION &&
               te_abort(target->stack, NOBODY, target->now_us) == TE_ERR_NO_CONNECTION,
           "an id that was never given has no connection");
    if (is_alive(target))
        expect(target,
               te_accept(target->stack, target->endpoint->id, 0, &id, target->now_us) ==
                       TE_ERR_NOT_LISTENER &&
                   id == NOBODY,
               "ACCEPT of a connection is refused");
}

/* The listener's id where a connection's is needed. */
static void confuse_listener(struct target *target)
{
    const struct actors *actors = &target->world->actors;
    size_t accepted = 0;
    for (unsigned i = 0; i < actors->listener_count; i++) {
        const struct listener_actor *listener = &actors->listeners[i];
        if (listener->side != target->endpoint->side || listener->id == 0)
            continue;
        expect(target,
               te_send(target->stack, listener->id, "x", 1, &accepted, target->now_us) ==
                       TE_ERR_STATE &&
                   te_shutdown(target->stack, listener->id, target->now_us) == TE_ERR_STATE,
               "a listener neither sends nor half closes");
    }
}

static void change_options(struct target *target)
{
    static const enum te_option options[] = {TE_OPTION_NAGLE, TE_OPTION_DELAYED_ACK,
                                             TE_OPTION_SEND_BUFFER_MAX,
                                             TE_OPTION_RECEIVE_BUFFER_MAX};
    struct rng *rng = &target->endpoint->rng;
    enum te_option option = options[rng_below(rng, sizeof(options) / sizeof(options[0]))];
    bool is_size = option == TE_OPTION_SEND_BUFFER_MAX || option == TE_OPTION_RECEIVE_BUFFER_MAX;
    int64_t value =
        is_size ? rng_log_between(rng, BUFFER_LEAST, 1 << 20) : (int64_t)rng_below(rng, 2);
    enum te_err err =
        te_set_option(target->stack, target->endpoint->id, option, value, target->now_us);
    if (is_alive(target))
        expect(target,
               err == TE_OK || (option == TE_OPTION_RECEIVE_BUFFER_MAX && err == TE_ERR_INVALID),
               "an option of a living connection can be set");
    expect(target,
           te_set_option(target->stack, target->endpoint->id, option, -1, target->now_us) ==
               TE_ERR_INVALID,
           "a value out of range is refused");
}

/* Each transition starts where the one before ended; behind the first some may be missing, when
 * there were too many, or no memory for them. */
static void read_history(struct target *target)
{
    struct te_history history;
    enum te_err err = te_history(target->stack, target->endpoint->id, &history);
    bool was_refused = target->world->hosts[target->endpoint->side].memory.refused > 0;
    if (target->exists)
        expect(target, err == TE_OK && history.count > 0, "a connection that exists has a history");
    for (unsigned i = 1; err == TE_OK && i < history.count; i++) {
        bool follows = history.transitions[i].from == history.transitions[i - 1].to;
        bool is_gap = i == 1 && (history.count == TE_HISTORY_MAX || was_refused);
        expect(target, follows || is_gap, "each transition starts where the one before ended");
    }
}

typedef void meddle_fn(struct target *target);

static meddle_fn *const ways[] = {read_beyond,      close_twice,    open_again,  confuse_ids,
                                  confuse_listener, change_options, read_history};

void meddle(struct world *world, struct endpoint *endpoint)
{
    struct target target = {.world = world,
                            .endpoint = endpoint,
                            .stack = world->hosts[endpoint->side].stack,
                            .now_us = world_clock(world, endpoint->side)};
    target.exists = te_status(target.stack, endpoint->id, &target.status) == TE_OK;
    ways[rng_below(&endpoint->rng, sizeof(ways) / sizeof(ways[0]))](&target);
    world_changed(world, endpoint->side, 0);
}
