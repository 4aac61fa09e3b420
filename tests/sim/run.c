#include "run.h"

#include "steer.h"
#include "units.h"

#define SETTLE_STEP_US SECOND
#define SETTLE_MAX_US (4 * 3600 * SECOND) /* RTOs of a minute, one segment each, if need be */
#define IDLE_US (2 * SECOND)
#define SETTLE_STARVED_US (10 * SECOND)
#define CYCLE_PORT 7
/* As the engine keeps them, and what it keeps for longer than the connections. */
#define COOKIE_BYTES 96     /* of one server */
#define NOTE_LOG_BYTES 1072 /* of one connection */
#define NOTE_SLOT_BYTES 8   /* the table has one for each log there may be */

/* Well-behaved connections from left to right, to compare memory before and after. */
#define CYCLE_BEHAVIOUR                                                                            \
    {                                                                                              \
        .bytes = 40, .write_max = 40, .read_max = 40, .read_stop = UINT64_MAX,                     \
        .ending = ENDING_SHUTDOWN                                                                  \
    }
#define CYCLE_PLAN(side, port, is_fast)                                                            \
    {                                                                                              \
        .kind = OPEN_TO_LISTENER, .opener = (side), .peer = SIDE_B, .local_port = CYCLE_PORT,      \
        .remote_port = (port), .fast_open = (is_fast), .behaviour = {                              \
            CYCLE_BEHAVIOUR,                                                                       \
            CYCLE_BEHAVIOUR                                                                        \
        }                                                                                          \
    }

/* With Fast Open, to the port of the later listeners, so that the cookie is known. */
static const struct connection_plan cycle_plans[2][HOSTS_MAX] = {
    {CYCLE_PLAN(0, CYCLE_PORT, false), {0}, CYCLE_PLAN(2, CYCLE_PORT, false)},
    {CYCLE_PLAN(0, SCENARIO_PORT, true), {0}, CYCLE_PLAN(2, SCENARIO_PORT, true)},
};

static const struct listener_plan cycle_listeners[2] = {
    {CYCLE_PORT, 2, 0, TE_NEVER, false},
    {SCENARIO_PORT, 2, 0, TE_NEVER, true},
};

/* --- agreement -------------------------------------------------------------------------------- */

static bool is_opening(enum te_state state)
{
    return state == TE_SYN_SENT || state == TE_SYN_RCVD;
}

/* ESTABLISHED at both ends or at neither; NULL, or a sentence. */
static const char *find_disagreement(struct world *world, const struct watch **ret_watch)
{
    for (unsigned i = 0; i < world->observer.count; i++) {
        const struct watch *watch = &world->observer.watches[i];
        *ret_watch = watch;
        if (watch->is_gone)
            continue;
        if (is_opening(watch->last.state))
            return "SYN_SENT and SYN_RCVD are left in the end";
        if (watch->last.state != TE_ESTABLISHED)
            continue;
        const struct watch *peer = observer_peer(world, watch);
        if (peer == NULL || peer->is_gone || peer->last.state != TE_ESTABLISHED)
            return "both ends are ESTABLISHED or neither is";
    }
    return NULL;
}

static bool is_settled(struct world *world)
{
    const struct watch *watch;
    return world_is_quiet(world) && actors_are_done(world) &&
           find_disagreement(world, &watch) == NULL;
}

/* Lets time pass until everything that can happen without faults has happened. */
static void settle(struct world *world)
{
    int64_t until_us = world->now_us + (world->is_starved ? SETTLE_STARVED_US : SETTLE_MAX_US);
    const struct watch *watch = NULL;
    if (world->failure == NULL)
        world_run(world, world->now_us + SETTLE_STEP_US);
    while (world->failure == NULL && !is_settled(world) && world->now_us < until_us)
        world_run(world, world->now_us + SETTLE_STEP_US);
    if (world->failure != NULL || world->is_starved || is_settled(world))
        return;
    const char *sentence = find_disagreement(world, &watch);
    if (sentence != NULL)
        world_fail(world, watch->side, watch->id, sentence);
    else if (!actors_are_done(world))
        world_fail(world, 0, 0, "what was sent arrives once the faults are over");
    else
        world_fail(world, 0, 0, "the network comes to rest once the faults are over");
}

/* --- the end ---------------------------------------------------------------------------------- */

static bool is_empty(const struct world *world)
{
    for (unsigned side = 0; side < world->scenario->host_count; side++) {
        struct te_totals totals;
        te_totals(world->hosts[side].stack, &totals);
        if (totals.connections + totals.time_wait + totals.listeners + totals.orphans > 0 ||
            totals.buffer_memory_bytes > 0 || totals.by_state[TE_CLOSED] > 0)
            return false;
    }
    return true;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* 2MSL and the timeouts that may precede it: user timeout, FIN_WAIT_2, orphans. */
static int64_t longest_end_us(const struct world *world)
{
    int64_t longest_us = 0;
    for (unsigned side = 0; side < world->scenario->host_count; side++) {
        const struct te_config *config = &world->scenario->hosts[side].config;
        int64_t timeout_us =
            larger(config->user_timeout_us, larger(config->fin_wait_2_us, config->orphan_us));
        longest_us = larger(longest_us, 2 * config->msl_us + timeout_us + config->rto_max_us);
    }
    return longest_us;
}

/* Memory of empty buffers is given back after a while. */
static void idle(struct world *world)
{
    int64_t since_us = world->now_us;
    if (world->failure == NULL)
        world_run(world, world->now_us + IDLE_US);
    if (!world->is_starved && world->failure == NULL)
        observer_check_idle(world, since_us);
}

static void close_all(struct world *world)
{
    int64_t until_us = world->now_us + longest_end_us(world);
    if (world->failure == NULL)
        actors_close_all(world);
    while (world->failure == NULL && !(is_empty(world) && world_is_quiet(world)) &&
           world->now_us < until_us)
        world_run(world, world->now_us + SETTLE_STEP_US);
    if (world->failure == NULL && !is_empty(world))
        world_fail(world, 0, 0,
                   "after both have closed, everything is gone within 2MSL and the timeouts");
}

void run_cycle(struct world *world)
{
    if (world->failure != NULL)
        return;
    bool is_fast = scenario_has_fast_open(world->scenario);
    actors_listen(world, SIDE_B, &cycle_listeners[is_fast]);
    for (unsigned side = 0; side < world->scenario->host_count; side++)
        if (side != SIDE_B)
            actors_connect(world, &cycle_plans[is_fast][side]);
    settle(world);
    close_all(world);
    actors_init(&world->actors, world->scenario);
}

static void run_faults(struct world *world)
{
    const struct scenario *scenario = world->scenario;
    if (world->failure == NULL)
        world_run(world, STEER_START_US);
    world->link.is_calm = false;
    world->link.start_us = world->now_us;
    for (unsigned side = 0; side < world->scenario->host_count && world->failure == NULL; side++)
        actors_listen(world, side, &scenario->listeners[side]);
    for (unsigned i = 0; i < scenario->connection_count && world->failure == NULL; i++)
        actors_connect(world, &scenario->connections[i]);
    world_run(world, world->now_us + scenario->faults_us);
    for (unsigned side = 0; side < world->scenario->host_count; side++)
        world_run(world, world->hosts[side].frozen_until_us);
}

/* What was learned about narrow paths is forgotten in time. */
static void outlive_path_mtus(struct world *world)
{
    if (world->failure == NULL)
        world_run(world, world->now_us + world->scenario->hosts[0].config.path_mtu_age_us);
}

static void run_peace(struct world *world)
{
    world->link.is_calm = true;
    if (world->failure == NULL)
        actors_calm(world);
    settle(world);
    idle(world);
    close_all(world);
    outlive_path_mtus(world);
}

static bool is_near_wrap(uint32_t isn)
{
    return (uint32_t)-isn <= 65536;
}

/* Whether the connections meant to start near the end of the sequence space did. */
static void count_wraps(struct world *world)
{
    struct coverage *coverage = world->observer.coverage;
    const struct connection_plan *plan = &world->scenario->connections[0];
    for (unsigned side = 0; side < world->scenario->host_count; side++) {
        if (!world->scenario->hosts[side].near_isn_wrap)
            continue;
        if (side != plan->opener && side != plan->peer)
            continue;
        coverage->isn_wanted++;
        uint16_t port = side == plan->opener ? plan->local_port : plan->remote_port;
        for (unsigned i = 0; i < world->observer.count; i++) {
            const struct watch *watch = &world->observer.watches[i];
            if (watch->side == side && watch->last.local.port == port &&
                is_near_wrap(watch->last.iss)) {
                coverage->isn_reached++;
                break;
            }
        }
    }
}

static bool is_cookies(const struct te_config *config, uint64_t more_bytes)
{
    uint64_t max = config->fast_open & TE_FAST_OPEN_CLIENT ? config->fast_open_cache_max : 0;
    return more_bytes % COOKIE_BYTES == 0 && more_bytes / COOKIE_BYTES <= max;
}

static bool is_logs(const struct te_config *config, uint64_t more_bytes)
{
    for (uint64_t logs = 0; logs <= config->note_log_conn_max; logs++) {
        uint64_t log_bytes = logs * NOTE_LOG_BYTES;
        if (log_bytes <= more_bytes && is_cookies(config, more_bytes - log_bytes))
            return true;
    }
    return false;
}

/* Servers' cookies and the notes of connections are kept: a host may have more of them than before,
 * within its limits, and now a table of notes. */
static bool is_kept(const struct world *world, unsigned side, uint64_t more_bytes)
{
    const struct te_config *config = &world->scenario->hosts[side].config;
    uint64_t table_bytes = NOTE_SLOT_BYTES * (uint64_t)config->note_log_conn_max;
    if (world->hosts[side].stack == NULL)
        return false;
    return is_logs(config, more_bytes) ||
           (more_bytes >= table_bytes && is_logs(config, more_bytes - table_bytes));
}

static void check_memory(struct world *world, const uint64_t baseline[HOSTS_MAX])
{
    for (unsigned side = 0; side < world->scenario->host_count && world->failure == NULL; side++) {
        uint64_t bytes = world->hosts[side].memory.bytes;
        if (bytes != baseline[side] && !is_kept(world, side, bytes - baseline[side])) {
            world_fail(world, side, 0, "memory is what it was before");
            world_explain(world, "%llu bytes, was %llu",
                          (unsigned long long)world->hosts[side].memory.bytes,
                          (unsigned long long)baseline[side]);
        }
    }
}

static void count_work(struct world *world)
{
    struct coverage *coverage = world->observer.coverage;
    coverage->runs++;
    coverage->events += world->events;
    coverage->marked += world->link.marked;
    for (unsigned side = 0; side < world->scenario->host_count; side++)
        if (world->hosts[side].stack != NULL)
            coverage_add_counters(coverage, te_stack_counters(world->hosts[side].stack));
}

bool run_scenario(struct world *world, const struct scenario *scenario,
                  const struct world_options *options)
{
    static const uint64_t nothing[HOSTS_MAX];
    uint64_t baseline[HOSTS_MAX];
    if (world_init(world, scenario, options)) {
        if (!scenario->is_cold)
            run_cycle(world);
        for (unsigned side = 0; side < world->scenario->host_count; side++)
            baseline[side] = world->hosts[side].memory.bytes;
        run_faults(world);
        count_wraps(world);
        if (!scenario->is_cut_short) {
            run_peace(world);
            run_cycle(world);
        }
        if (!world->is_short_of_memory && !scenario->is_cut_short && !scenario->is_cold)
            check_memory(world, baseline);
    }
    count_work(world);
    if (world->failure == world_ends_here) {
        world->failure = NULL;
        world->observer.coverage->ghosts++;
    }
    world_done(world);
    check_memory(world, nothing);
    return world->failure == NULL;
}
