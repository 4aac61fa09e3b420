#include "world.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "rebirth.h"
#include "steer.h"
#include "steps.h"
#include "upheaval.h"

#define EVENTS_MAX 400000 /* without a byte read: streams are finite, however small the pieces */
#define CAPTURED_SIDE 1   /* every connection has an end there */
#define FRAMES_A_TURN_MAX 5000

const char world_ends_here[] = "nothing is promised any more";

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

/* --- birth and death -------------------------------------------------------------------------- */

static bool start_host(struct world *world, unsigned side, int64_t clock_us)
{
    struct host *host = &world->hosts[side];
    const struct host_plan *plan = &world->scenario->hosts[side];
    struct te_config config = plan->config;
    const char *field;
    memory_init(&host->memory);
    if (plan->refuse_count > 0) {
        host->memory.refuse_from = plan->refuse_from;
        host->memory.refuse_count = plan->refuse_count;
    }
    config.allocator = memory_allocator(&host->memory);
    host->pump_at_us = TE_NEVER;
    host->clock_us = clock_us;
    if (te_config_check(&config, &field) != TE_OK) {
        world_fail(world, side, 0, "the scenario's configuration is valid");
        world_explain(world, "%s", field);
        return false;
    }
    enum te_err err = te_stack_new(&config, world_clock(world, side), &host->stack);
    if (err != TE_OK && !(plan->refuse_count > 0 && err == TE_ERR_NOMEM))
        world_fail(world, side, 0, "a stack can be created");
    return err == TE_OK;
}

bool world_init(struct world *world, const struct scenario *scenario,
                const struct world_options *options)
{
    int64_t clocks_us[HOSTS_MAX];
    world->scenario = scenario;
    world->options = *options;
    world->upheavals_done = 0;
    world->now_us = 0;
    world->events = 0;
    world->progress_event = 0;
    world->turns = 0;
    world->rebirth_debt_bytes = 0;
    world->failure = NULL;
    world->failure_detail[0] = '\0';
    world->has_leapt_far = world->is_short_of_memory = world->is_starved = false;
    for (unsigned side = 0; side < scenario->host_count; side++) {
        uint64_t refused = scenario->hosts[side].refuse_count;
        world->is_short_of_memory = world->is_short_of_memory || refused > 0;
        world->is_starved = world->is_starved || refused == UINT64_MAX;
    }
    memset(world->hosts, 0, sizeof(world->hosts));
    link_init(&world->link, scenario, &world->trace);
    actors_init(&world->actors, scenario);
    observer_init(&world->observer, options->coverage);
    if (!trace_init(&world->trace, options->is_verbose, options->capture_path)) {
        world_fail(world, 0, 0, "the capture file can be written");
        return false;
    }
    steer_clocks(scenario, clocks_us);
    for (unsigned side = 0; side < scenario->host_count; side++)
        if (!start_host(world, side, clocks_us[side]))
            return false;
    return true;
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
    host->memory.refuse_from = MEMORY_NEVER;
    host->stack = NULL;
    host->pump_at_us = TE_NEVER;
    if (te_stack_new(&config, world_clock(world, side), &host->stack) != TE_OK)
        world_fail(world, side, 0, "a stack can be created");
    observer_forget(world, side);
    observer_touch(world, side, 0);
    actors_forget(world, side);
}

void world_done(struct world *world)
{
    for (unsigned side = 0; side < HOSTS_MAX; side++) {
        te_stack_free(world->hosts[side].stack);
        world->hosts[side].stack = NULL;
    }
    link_done(&world->link);
    trace_done(&world->trace);
}

/* --- a host at work --------------------------------------------------------------------------- */

/* True when a state has changed: connections may have come or gone. */
static bool take_events(struct world *world, unsigned side)
{
    struct te_event event;
    bool has_changed = false;
    while (te_stack_next_event(world->hosts[side].stack, &event)) {
        has_changed = has_changed || event.kind == TE_EVENT_STATE;
        observer_on_event(world, side, &event);
        actors_on_event(world, side, &event);
    }
    return has_changed;
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
    if (side == CAPTURED_SIDE)
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
        send_frame(world, side, &output);
        steps_pay_loss(&host->loss_credit, &host->memory);
        if (++count > FRAMES_A_TURN_MAX)
            world_fail(world, side, 0, "the output for one event comes to an end");
    }
    if (take_events(world, side))
        observer_look_at_all(world, side);
    observer_on_quiet(world, side);
}

/* After a look at what has changed, or at everything: notifies the applications and lets the host
 * send. */
static void conclude(struct world *world, unsigned side, bool has_seen_all)
{
    struct host *host = &world->hosts[side];
    int64_t delay_us = world->scenario->hosts[side].poll_delay_us;
    world->events++;
    if (take_events(world, side) && !has_seen_all)
        observer_look_at_all(world, side);
    if (host->memory.wrong != NULL)
        world_fail(world, side, 0, host->memory.wrong);
    if (delay_us == 0)
        pump(world, side);
    else if (host->pump_at_us == TE_NEVER)
        host->pump_at_us = world->now_us + delay_us;
}

void world_changed(struct world *world, unsigned side, uint64_t id)
{
    observer_touch(world, side, id);
    conclude(world, side, observer_look(world, side));
}

/* The connection a segment is for; 0: none yet, or several may change. */
static uint64_t find_hearer(struct world *world, unsigned side, const struct wire_segment *segment)
{
    const struct watch *watch =
        observer_find_pair(world, side, &segment->destination, &segment->source);
    bool is_simple = segment->is_sound && !(segment->flags & TE_SYN);
    bool is_alive = watch != NULL && !watch->is_gone && watch->last.state > TE_LISTEN;
    return is_simple && is_alive ? watch->id : 0; /* otherwise an ACK may carry a SYN cookie */
}

static void input(struct world *world, const struct link_frame *frame)
{
    struct host *host = &world->hosts[frame->to];
    struct steps steps;
    steps_begin(&steps, &host->memory, &host->loss_credit);
    te_stack_input(host->stack, frame->bytes, frame->len, &frame->meta,
                   world_clock(world, frame->to));
    const char *wrong = steps_check(&steps, &host->memory, frame->len);
    if (wrong != NULL) {
        world_fail(world, frame->to, 0, wrong);
        world_explain(world, "%llu steps for %zu bytes", (unsigned long long)steps_count(&steps),
                      frame->len);
    }
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
    world->observer.coverage->arrivals++;
    struct trace_entry entry = {
        "%s gets %d bytes", {(int64_t)frame.len}, {scenario_host_name(frame.to)}, 0};
    trace_add(&world->trace, world->now_us, &entry);
    if (frame.to == CAPTURED_SIDE)
        trace_capture(&world->trace, world->now_us, frame.bytes, frame.len);
    bool is_segment = wire_parse(frame.bytes, frame.len, &frame.meta, &segment);
    uint64_t id = is_segment ? find_hearer(world, frame.to, &segment) : 0;
    input(world, &frame);
    free(frame.bytes);
    observer_touch(world, frame.to, id);
    bool has_seen_all = observer_look(world, frame.to);
    if (is_segment && segment.is_sound)
        observer_on_arrived(world, frame.to, &segment);
    conclude(world, frame.to, has_seen_all);
    world->observer.answering = NULL;
}

/* --- time ------------------------------------------------------------------------------------- */

/* When the host runs its timers: on time, or somewhat late. */
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
    struct trace_entry entry = {"%s timers", {0}, {scenario_host_name(side)}, 0};
    trace_add(&world->trace, world->now_us, &entry);
    te_stack_handle_timeout(world->hosts[side].stack, world_clock(world, side));
    world_changed(world, side, 0);
}

static void take_upheaval(struct world *world, unsigned side)
{
    (void)side;
    upheaval_step(world);
}

static void take_frame(struct world *world, unsigned side)
{
    (void)side;
    deliver(world);
}

static void take_actor(struct world *world, unsigned side)
{
    (void)side;
    actors_step(world);
}

/* What happens next, where and when. */
struct turn {
    int64_t at_us;
    void (*take)(struct world *world, unsigned side);
    unsigned side;
};

static void prefer(struct turn *turn, const struct turn *other)
{
    if (other->at_us < turn->at_us)
        *turn = *other;
}

static struct turn next_turn(struct world *world)
{
    struct turn turn = {link_next_us(&world->link), take_frame, 0};
    for (unsigned side = 0; side < world->scenario->host_count; side++)
        prefer(&turn, &(struct turn){timer_at(world, side), run_timers, side});
    for (unsigned side = 0; side < world->scenario->host_count; side++)
        prefer(&turn, &(struct turn){world->hosts[side].pump_at_us, pump, side});
    prefer(&turn, &(struct turn){actors_next_us(&world->actors), take_actor, 0});
    prefer(&turn, &(struct turn){upheaval_next_us(world), take_upheaval, 0});
    return turn;
}

void world_run(struct world *world, int64_t until_us)
{
    while (world->failure == NULL) {
        struct turn turn = next_turn(world);
        if (turn.at_us > until_us)
            break;
        if (turn.at_us > world->now_us)
            world->now_us = turn.at_us;
        turn.take(world, turn.side);
        rebirth_step(world);
        if (world->events - world->progress_event > EVENTS_MAX)
            world_fail(world, 0, 0, "the run comes to an end");
    }
    if (world->failure == NULL && world->now_us < until_us)
        world->now_us = until_us;
}

bool world_is_quiet(const struct world *world)
{
    for (unsigned side = 0; side < world->scenario->host_count; side++)
        if (world->hosts[side].pump_at_us != TE_NEVER)
            return false;
    return world->link.count == 0;
}
