#include "rpc_world.h"

#include <string.h>

#include "rpc/rpc_state.h"
#include "units.h"
#include "util/log.h"

#define FRAME_MAX 65600
#define CARRY_MAX 20000
#define ROUNDS_MAX 1000
#define TIMER_ROUNDS_MAX 2000

/* --- the pump's place ------------------------------------------------------------------------- */

int64_t pump_now_us(const struct pump *pump)
{
    return pump->now_us;
}

struct te_stack *pump_stack(const struct pump *pump)
{
    return pump->stack;
}

void pump_wake(struct pump *pump)
{
    (void)pump; /* rpc_world_settle() checks anyway */
}

/* --- life ------------------------------------------------------------------------------------- */

struct te_addr rpc_world_addr(uint8_t host)
{
    const uint8_t bytes[4] = {10, 0, 0, host};
    return te_addr_from_v4(bytes);
}

uint8_t rpc_world_byte(uint64_t offset)
{
    return (uint8_t)((uint32_t)offset * 0x9e3779b1u >> 24);
}

static struct te_stack *stack_new(struct fuzz_memory *memory, uint8_t host)
{
    struct te_config config;
    struct te_stack *stack = NULL;
    te_config_init(&config);
    config.allocator = fuzz_allocator(memory);
    config.mac[0] = 2;
    config.mac[5] = config.secret[0] = host;
    config.dad = false;
    config.conn_max = 16;
    config.time_wait_max = config.neighbour_max = config.neighbour_incomplete_max = 16;
    config.event_max = 64;
    config.history_conn_max = 8;
    config.drop_log_conn_max = 8;
    config.note_log_conn_max = 8;
    config.send_buffer_initial_bytes = config.receive_buffer_initial_bytes = 1 << 12;
    config.send_buffer_max_bytes = config.receive_buffer_max_bytes = 1 << 14;
    config.addresses[0] = (struct te_cidr){rpc_world_addr(host), 24};
    config.address_count = 1;
    FUZZ_CHECK(te_stack_new(&config, SECOND, &stack) == TE_OK, "no stack");
    return stack;
}

static void describe(void *ctx, struct daemon_info *ret_info)
{
    (void)ctx;
    ret_info->version = "1";
    ret_info->tap = "tap";
    ret_info->http = ret_info->gateway = "";
}

static void start_rpc(struct rpc_world *world)
{
    struct rpc_options options;
    const struct rpc_host host = {.loop = &world->loop,
                                  .pump = &world->pump,
                                  .events = world->events,
                                  .describe = describe,
                                  .ctx = world};
    rpc_options_init(&options);
    options.sessions_per_uid_max = 2;
    options.sessions_max = 3;
    options.objects_per_uid_max = 5;
    options.waits_per_link_max = 4;
    options.held_per_uid_max = 4096;
    options.held_max = 8192;
    options.recent_max = 8;
    options.boot_id = 1;
    FUZZ_CHECK(rpc_new(&options, &host, &world->rpc) == 0, "no rpc");
}

void rpc_world_start(struct rpc_world *world, fake_answer_fn *on_answer, void *ctx)
{
    memset(world, 0, sizeof(*world));
    log_set_level(LOG_LEVEL_ERROR);
    uv_loop_init(&world->loop);
    world->pump = (struct pump){stack_new(&world->memory, 1), SECOND};
    world->peer = stack_new(&world->peer_memory, 2);
    world->events = event_log_new(32);
    start_rpc(world);
    fake_sp_server()->on_answer = on_answer;
    fake_sp_server()->ctx = ctx;
    for (unsigned i = 0; i < WORLD_LINKS; i++)
        fake_sp_open(fake_sp_server(), &world->links[i], i == 0 ? 0 : 999 + i, i == 0);
    struct te_listen listen = {.local = {.port = WORLD_PEER_PORT}};
    te_open_passive(world->peer, &listen, &world->peer_listener, SECOND);
    rpc_world_settle(world);
}

void rpc_world_stop(struct rpc_world *world)
{
    struct rpc_stats stats;
    for (unsigned i = 0; i < WORLD_LINKS; i++)
        fake_sp_close(&world->links[i]);
    rpc_world_settle(world);
    FUZZ_CHECK(fake_sp_server()->pending == 0, "%u requests are left", fake_sp_server()->pending);
    rpc_fill_stats(world->rpc, &stats);
    FUZZ_CHECK(stats.held_bytes == 0 && stats.waits == 0, "waits are left");
    rpc_free(world->rpc);
    while (uv_run(&world->loop, UV_RUN_NOWAIT) != 0)
        ;
    FUZZ_CHECK(uv_loop_close(&world->loop) == 0, "handles are left");
    event_log_free(world->events);
    te_stack_free(world->pump.stack);
    te_stack_free(world->peer);
    FUZZ_CHECK(world->memory.bytes == 0 && world->peer_memory.bytes == 0, "a stack leaks");
}

/* --- steps ------------------------------------------------------------------------------------ */

/* Moves one frame; false if there was none. */
static bool carry(struct rpc_world *world, struct te_stack *from, struct te_stack *to)
{
    static uint8_t frame[FRAME_MAX];
    uint8_t header[TE_OUTPUT_HEADER_MAX];
    struct te_output output;
    size_t len = 0;
    if (!te_stack_poll_output(from, header, &output, world->pump.now_us))
        return false;
    for (unsigned i = 0; i < output.iov_count; i++) {
        memcpy(frame + len, output.iov[i].base, output.iov[i].len);
        len += output.iov[i].len;
    }
    if (!world->is_cable_cut)
        te_stack_input(to, frame, len, &output.meta, world->pump.now_us);
    return true;
}

/* The peer must have received the bytes given to Send. */
static void peer_reads(struct rpc_world *world, uint64_t id)
{
    struct te_status status;
    struct te_received received;
    if (te_status(world->peer, id, &status) != TE_OK ||
        te_receive_peek(world->peer, id, status.receive_released, SIZE_MAX / 2, &received) != TE_OK)
        return;
    uint64_t offset = status.receive_released;
    for (unsigned i = 0; i < 2; i++)
        for (size_t at = 0; at < received.iov[i].len; at++, offset++)
            FUZZ_CHECK(received.iov[i].base[at] == rpc_world_byte(offset),
                       "byte %llu of a stream is another one", (unsigned long long)offset);
    te_receive_release(world->peer, id, offset, world->pump.now_us);
}

static void peer_works(struct rpc_world *world)
{
    struct te_event event;
    uint64_t id;
    while (te_stack_next_event(world->peer, &event))
        if (event.kind == TE_EVENT_READY && (event.ready & TE_READY_RECEIVE) != 0)
            peer_reads(world, event.id);
    while (te_accept(world->peer, world->peer_listener, 0, &id, world->pump.now_us) == TE_OK)
        world->peer_conns[world->peer_conn_count++ % WORLD_PEER_CONNS] = id;
}

static void hand_on_events(struct rpc_world *world)
{
    struct te_event event;
    while (te_stack_next_event(world->pump.stack, &event)) {
        event_log_push(world->events, &event);
        rpc_on_engine_event(world->rpc, &event);
    }
}

/* The loop's clock is real: its timer's work is done here when the virtual clock says so. */
static void run_rpc_timer(struct rpc_world *world)
{
    struct rpc *rpc = world->rpc;
    uv_timer_stop(&rpc->clock.timer);
    if (rpc->clock.timer_at_us <= world->pump.now_us)
        rpc->clock.timer.timer_cb(&rpc->clock.timer);
    uv_timer_stop(&rpc->clock.timer);
}

static bool run_rpc(struct rpc_world *world)
{
    bool has_run = false;
    run_rpc_timer(world);
    for (unsigned i = 0; i < WORLD_LINKS; i++)
        has_run = fake_sp_turn(&world->links[i]) || has_run;
    if (!uv_is_active((uv_handle_t *)&world->rpc->clock.idle))
        return has_run;
    uv_run(&world->loop, UV_RUN_NOWAIT);
    return true;
}

static void check(struct rpc_world *world)
{
    struct rpc_stats stats;
    uint64_t id = 0;
    const char *wrong = te_stack_check_invariants(world->pump.stack, &id);
    FUZZ_CHECK(wrong == NULL, "%s (id %llu)", wrong, (unsigned long long)id);
    rpc_fill_stats(world->rpc, &stats);
    FUZZ_CHECK(stats.waits == fake_sp_server()->pending, "%zu waits, but %u requests are pending",
               stats.waits, fake_sp_server()->pending);
}

void rpc_world_settle(struct rpc_world *world)
{
    bool is_busy = true;
    for (unsigned rounds = 0; is_busy && rounds < ROUNDS_MAX; rounds++) {
        unsigned frames = 0;
        while (carry(world, world->pump.stack, world->peer) ||
               carry(world, world->peer, world->pump.stack))
            FUZZ_CHECK(++frames < CARRY_MAX, "the stacks never fall silent");
        peer_works(world);
        hand_on_events(world);
        is_busy = frames > 0;
        is_busy = run_rpc(world) || is_busy;
    }
    FUZZ_CHECK(!is_busy, "it never falls silent");
    check(world);
}

void rpc_world_advance(struct rpc_world *world, int64_t us)
{
    int64_t end_us = world->pump.now_us + us;
    for (unsigned rounds = 0; rounds < TIMER_ROUNDS_MAX; rounds++) {
        int64_t next_us = te_stack_next_timeout(world->pump.stack);
        if (te_stack_next_timeout(world->peer) < next_us)
            next_us = te_stack_next_timeout(world->peer);
        if (world->rpc->clock.timer_at_us < next_us)
            next_us = world->rpc->clock.timer_at_us;
        if (next_us > end_us)
            break;
        if (next_us > world->pump.now_us)
            world->pump.now_us = next_us;
        te_stack_handle_timeout(world->pump.stack, world->pump.now_us);
        te_stack_handle_timeout(world->peer, world->pump.now_us);
        rpc_world_settle(world);
    }
    world->pump.now_us = end_us;
    rpc_world_settle(world);
}
