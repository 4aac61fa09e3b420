#include "world.h"

#include "steer.h"
#include "upheaval.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_MAX 400000
#define FRAMES_A_TURN_MAX 5000

void world_fail(struct world *world, unsigned side, uint64_t id, const char *sentence)
{
    if (world->failure != NULL)
        return;
    world->failure = sentence;
    world->failure_side = side;
    world->failure_id = id;
}

void world_explain(struct world *world, const char *format, ...)
{
    if (world->failure_detail[0] != '\0')
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(world->failure_detail, sizeof(world->failure_detail), format, arguments);
    va_end(arguments);
}

int64_t world_clock(const struct world *world, unsigned side)
{
    return world->now_us + world->hosts[side].clock_us;
}

/* --- birth and death ----------------------------------------------------------------------------
 */

static bool start_host(struct world *world, unsigned side)
{
    const struct world_options *options = &world->options;
    struct host *host = &world->hosts[side];
    const struct host_plan *plan = &world->scenario->hosts[side];
    struct te_config config = plan->config;
    const char *field;
    memory_init(&host->memory);
    if (options->refuses_memory && options->refusing_side == side) {
        host->memory.refuse_from = options->refuse_from;
        host->memory.refuse_count = options->refuse_count;
    }
    config.allocator = memory_allocator(&host->memory);
    host->pump_at_us = TE_NEVER;
    host->clock_us = steer_clock(world->scenario, side);
    if (te_config_check(&config, &field) != TE_OK) {
        world_fail(world, side, 0, "the scenario's configuration is valid");
        world_explain(world, "%s", field);
        return false;
    }
    enum te_err err = te_stack_new(&config, world_clock(world, side), &host->stack);
    if (err != TE_OK && !(options->refuses_memory && err == TE_ERR_NOMEM))
        world_fail(world, side, 0, "a stack can be made");
    return err == TE_OK;
}

bool world_init(struct world *world, const struct scenario *scenario,
                const struct world_options *options)
{
    world->scenario = scenario;
    world->options = *options;
    world->upheavals_done = 0;
    world->now_us = 0;
    world->events = 0;
    world->failure = NULL;
    world->failure_detail[0] = '\0';
    world->is_short_of_memory = options->refuses_memory;
    world->is_starved = options->refuses_memory && options->refuse_count == UINT64_MAX;
    memset(world->hosts, 0, sizeof(world->hosts));
    link_init(&world->link, scenario, &world->trace);
    actors_init(&world->actors, scenario);
    observer_init(&world->observer, options->coverage);
    if (!trace_init(&world->trace, options->is_verbose, options->capture_path)) {
        world_fail(world, 0, 0, "the capture file can be written");
        return false;
    }
    return start_host(world, 0) && start_host(world, 1);
}

void world_reboot(struct world *world, unsigned side)
{
    struct host *host = &world->hosts[side];
    struct te_config config = world->scenario->hosts[side].config;
    te_stack_free(host->stack);
    if (host->memory.bytes != 0)
        world_fail(world, side, 0, "a stack that is freed leaves no memory behind");
    config.allocator = memory_allocator(&host->memory);
    config.secret[0] ^= 0xff;
    host->stack = NULL;
    host->pump_at_us = TE_NEVER;
    if (te_stack_new(&config, world_clock(world, side), &host->stack) != TE_OK)
        world_fail(world, side, 0, "a stack can be made");
    observer_forget(world, side);
    actors_forget(world, side);
}

void world_done(struct world *world)
{
    for (unsigned side = 0; side < SIDES; side++) {
        te_stack_free(world->hosts[side].stack);
        world->hosts[side].stack = NULL;
    }
    link_done(&world->link);
    trace_done(&world->trace);
}

/* --- a host at work -----------------------------------------------------------------------------
 */

static void take_events(struct world *world, unsigned side)
{
    struct te_event event;
    while (te_stack_next_event(world->hosts[side].stack, &event)) {
        observer_on_event(world, side, &event);
        actors_on_event(world, side, &event);
    }
}

static void send_frame(struct world *world, unsigned side, const struct te_output *output)
{
    static uint8_t frame[WIRE_FRAME_MAX];
    size_t len = 0;
    if (output->total_bytes > sizeof(frame)) {
        world_fail(world, side, 0, "a frame is no longer than an IP packet can be");
        return;
    }
    for (unsigned i = 0; i < output->iov_count; i++) {
        memcpy(frame + len, output->iov[i].base, output->iov[i].len);
        len += output->iov[i].len;
    }
    if (len != output->total_bytes)
        world_fail(world, side, 0, "a frame is as long as the sum of its pieces");
    trace_hash(&world->trace, frame, len);
    if (side == 0)
        trace_capture(&world->trace, world->now_us, frame, len);
    observer_on_sent(world, side, frame, len, &output->meta);
    link_send(&world->link, side, frame, len, &output->meta, world->now_us);
}

static void pump(struct world *world, unsigned side)
{
    struct host *host = &world->hosts[side];
    uint8_t header[TE_OUTPUT_HEADER_MAX];
    struct te_output output;
    unsigned count = 0;
    host->pump_at_us = TE_NEVER;
    while (world->failure == NULL &&
           te_stack_poll_output(host->stack, header, &output, world_clock(world, side))) {
        observer_look(world, side);
        send_frame(world, side, &output);
        if (++count > FRAMES_A_TURN_MAX)
            world_fail(world, side, 0, "the output for one event comes to an end");
    }
    take_events(world, side);
    observer_look(world, side); /* asking for output may end a connection, too */
    observer_on_quiet(world, side);
}

void world_changed(struct world *world, unsigned side)
{
    struct host *host = &world->hosts[side];
    int64_t delay_us = world->scenario->hosts[side].poll_delay_us;
    world->events++;
    take_events(world, side);
    observer_look(world, side);
    if (host->memory.wrong != NULL)
        world_fail(world, side, 0, host->memory.wrong);
    if (delay_us == 0)
        pump(world, side);
    else if (host->pump_at_us == TE_NEVER)
        host->pump_at_us = world->now_us + delay_us;
}

static void deliver(struct world *world)
{
    struct link_frame frame = link_take(&world->link);
    struct wire_segment segment;
    if (world->now_us < world->hosts[frame.to].frozen_until_us) {
        link_put_back(&world->link, &frame, world->hosts[frame.to].frozen_until_us);
        return;
    }
    link_merge(&world->link, &frame);
    struct trace_entry entry = {
        "%s gets %d bytes", {(int64_t)frame.len}, {frame.to == 0 ? "A" : "B"}, 0};
    trace_add(&world->trace, world->now_us, &entry);
    if (frame.to == 0)
        trace_capture(&world->trace, world->now_us, frame.bytes, frame.len);
    bool is_segment = wire_parse(frame.bytes, frame.len, &frame.meta, &segment);
    te_stack_input(world->hosts[frame.to].stack, frame.bytes, frame.len, &frame.meta,
                   world_clock(world, frame.to));
    free(frame.bytes);
    observer_look(world, frame.to);
    if (is_segment && segment.is_sound)
        observer_on_arrived(world, frame.to, &segment);
    world_changed(world, frame.to);
    world->observer.answering = NULL;
}

/* --- time ---------------------------------------------------------------------------------------
 */

/* When the host runs its timers: as they are due, or somewhat late. */
static int64_t timer_at(const struct world *world, unsigned side)
{
    int64_t due_us = te_stack_next_timeout(world->hosts[side].stack);
    int64_t late_us = world->scenario->hosts[side].late_us;
    if (due_us == TE_NEVER)
        return TE_NEVER;
    int64_t at_us = due_us - world->hosts[side].clock_us;
    if (late_us > 0)
        at_us += (int64_t)(rng_mix((uint64_t)due_us) % (uint64_t)late_us);
    int64_t frozen_until_us = world->hosts[side].frozen_until_us;
    return at_us < frozen_until_us ? frozen_until_us : at_us;
}

static void run_timers(struct world *world, unsigned side)
{
    struct trace_entry entry = {"%s timers", {0}, {side == 0 ? "A" : "B"}, 0};
    trace_add(&world->trace, world->now_us, &entry);
    te_stack_handle_timeout(world->hosts[side].stack, world_clock(world, side));
    world_changed(world, side);
}

enum turn {
    TURN_LINK,
    TURN_TIMER_A,
    TURN_TIMER_B,
    TURN_PUMP_A,
    TURN_PUMP_B,
    TURN_ACTOR,
    TURN_UPHEAVAL,
    TURNS
};

static enum turn next_turn(struct world *world, int64_t *ret_at_us)
{
    const int64_t at_us[TURNS] = {
        [TURN_LINK] = link_next_us(&world->link),   [TURN_TIMER_A] = timer_at(world, 0),
        [TURN_TIMER_B] = timer_at(world, 1),        [TURN_PUMP_A] = world->hosts[0].pump_at_us,
        [TURN_PUMP_B] = world->hosts[1].pump_at_us, [TURN_ACTOR] = actors_next_us(&world->actors),
        [TURN_UPHEAVAL] = upheaval_next_us(world),
    };
    enum turn first = TURN_LINK;
    for (enum turn turn = TURN_LINK; turn < TURNS; turn++)
        if (at_us[turn] < at_us[first])
            first = turn;
    *ret_at_us = at_us[first];
    return first;
}

static void take_turn(struct world *world, enum turn turn)
{
    switch (turn) {
    case TURN_LINK:
        deliver(world);
        break;
    case TURN_TIMER_A:
    case TURN_TIMER_B:
        run_timers(world, turn == TURN_TIMER_B);
        break;
    case TURN_PUMP_A:
    case TURN_PUMP_B:
        pump(world, turn == TURN_PUMP_B);
        break;
    case TURN_ACTOR:
        actors_step(world);
        break;
    case TURN_UPHEAVAL:
        upheaval_step(world);
        break;
    case TURNS:
        break;
    }
}

void world_run(struct world *world, int64_t until_us)
{
    while (world->failure == NULL) {
        int64_t at_us;
        enum turn turn = next_turn(world, &at_us);
        if (at_us > until_us)
            break;
        if (at_us > world->now_us)
            world->now_us = at_us;
        take_turn(world, turn);
        if (world->events > EVENTS_MAX)
            world_fail(world, 0, 0, "the run comes to an end");
    }
    if (world->failure == NULL && world->now_us < until_us)
        world->now_us = until_us;
}

bool world_is_quiet(const struct world *world)
{
    return world->link.count == 0 && world->hosts[0].pump_at_us == TE_NEVER &&
           world->hosts[1].pump_at_us == TE_NEVER;
}
