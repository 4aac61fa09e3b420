#include "scenario.h"

#include <stdio.h>
#include <string.h>

#include "units.h"
#include "wire.h"

#define MTU_MIN_IPV4 68 /* RFC 791 3.2 */
#define MTU_MIN_IPV6 1280
#define PORT_NOBODY (SCENARIO_PORT + 1)
#define PORT_FIRST 40000

/* --- who is where ----------------------------------------------------------------------------- */

unsigned scenario_end(unsigned side)
{
    return side == SIDE_B;
}

unsigned scenario_other(const struct connection_plan *plan, unsigned side)
{
    return side == plan->opener ? plan->peer : plan->opener;
}

const char *scenario_host_name(unsigned side)
{
    static const char *const names[HOSTS_MAX] = {"A", "B", "C"};
    return side < HOSTS_MAX ? names[side] : "?";
}

unsigned scenario_find_host(const struct scenario *scenario, const struct te_addr *addr)
{
    for (unsigned side = 0; side < scenario->host_count; side++)
        if (te_addr_equal(&scenario->hosts[side].config.addresses[0].addr, addr))
            return side;
    return HOSTS_MAX;
}

bool scenario_has_fast_open(const struct scenario *scenario)
{
    for (unsigned side = 0; side < scenario->host_count; side++)
        if (scenario->hosts[side].config.fast_open != TE_FAST_OPEN_OFF)
            return true;
    return false;
}

/* --- draws ------------------------------------------------------------------------------------ */

static bool coin(struct rng *rng)
{
    return rng_chance(rng, 5000);
}

/* A rate up to max in a share of the runs, 0 in the others. */
static uint32_t draw_rate(struct rng *rng, uint32_t share, uint32_t max)
{
    return rng_chance(rng, share) ? (uint32_t)rng_log_between(rng, 10, max) : 0;
}

/* A duration up to max in a share of the runs, 0 in the others. */
static int64_t draw_time(struct rng *rng, uint32_t share, int64_t max)
{
    return rng_chance(rng, share) ? rng_log_between(rng, 100, max) : 0;
}

/* --- hosts ------------------------------------------------------------------------------------ */

static void set_address(struct te_config *config, bool is_v6, unsigned side)
{
    char text[TE_ADDR_TEXT_MAX];
    unsigned prefix_bits = 0;
    snprintf(text, sizeof(text), is_v6 ? "2001:db8::%u/64" : "10.0.0.%u/24", side + 1);
    te_cidr_parse(text, &config->addresses[0].addr, &prefix_bits);
    config->addresses[0].prefix_bits = (uint8_t)prefix_bits;
    config->address_count = 1;
    config->mac[0] = 2;
    config->mac[5] = (uint8_t)(side + 1);
}

/* Tables as small as the runs are, so that a run is cheap and reaches limits. */
static void set_tables(struct te_config *config)
{
    config->conn_max = 48;
    config->time_wait_max = 32;
    config->orphan_max = 32;
    config->syn_queue_max = 16;
    config->neighbour_max = 4;
    config->neighbour_incomplete_max = 4;
    config->reassembly_max = 4;
    config->control_queue_max = 64;
    config->event_max = 128;
    config->history_conn_max = 8;
    config->drop_log_conn_max = 8;
    config->note_log_conn_max = 8;
    config->dad = false;
}

static void draw_tables(struct rng *rng, struct te_config *config)
{
    if (rng_chance(rng, 500))
        config->conn_max = (uint32_t)rng_between(rng, 3, 8);
    if (rng_chance(rng, 1000))
        config->time_wait_max = (uint32_t)rng_between(rng, 1, 3);
    if (rng_chance(rng, 5000))
        config->time_wait_policy = TE_TIME_WAIT_SKIP;
    if (rng_chance(rng, 500))
        config->orphan_max = (uint32_t)rng_between(rng, 0, 2);
    if (rng_chance(rng, 1000))
        config->syn_queue_max = (uint32_t)rng_between(rng, 1, 2);
    if (rng_chance(rng, 300))
        config->event_max = (uint32_t)rng_between(rng, 1, 4);
    if (rng_chance(rng, 500))
        config->port_last = (uint16_t)(config->port_first + rng_below(rng, 2));
    config->dad = rng_chance(rng, 300);
    if (rng_chance(rng, 2000))
        config->syn_cookies = coin(rng) ? TE_SYN_COOKIES_OFF : TE_SYN_COOKIES_ALWAYS;
}

static void draw_timers(struct rng *rng, struct te_config *config)
{
    config->msl_us = rng_log_between(rng, 20 * MS, 30 * SECOND);
    config->rto_min_us = rng_log_between(rng, 5 * MS, SECOND);
    config->rto_max_us = 60 * SECOND;
    config->delayed_ack_us = coin(rng) ? 40 * MS : rng_between(rng, 0, 200 * MS);
    config->fin_wait_2_us = rng_log_between(rng, SECOND, 60 * SECOND);
    config->orphan_us = rng_log_between(rng, SECOND, 120 * SECOND);
    config->remains_us = rng_log_between(rng, SECOND, 60 * SECOND);
    config->idle_release_us = rng_log_between(rng, 1, SECOND);
    config->keepalive_idle_us = rng_log_between(rng, SECOND, 20 * SECOND);
    config->keepalive_interval_us = rng_log_between(rng, SECOND, 5 * SECOND);
    config->keepalive_probes_max = (uint8_t)rng_between(rng, 2, 9);
    config->syn_retries_max = (uint8_t)rng_between(rng, 2, 6);
    config->syn_ack_retries_max = (uint8_t)rng_between(rng, 2, 5);
    config->r2_retries = (uint8_t)rng_between(rng, 4, 15);
    config->r1_retries = 3;
    config->user_timeout_us = rng_chance(rng, 1500) ? rng_log_between(rng, SECOND, 60 * SECOND) : 0;
}

static uint32_t draw_buffer_max(struct rng *rng, bool is_bulk)
{
    if (is_bulk)
        return (uint32_t)rng_log_between(rng, 65536, 1 << 20);
    return (uint32_t)(rng_chance(rng, 1000) ? rng_log_between(rng, 16, 1024)
                                            : rng_log_between(rng, 1024, 1 << 20));
}

static void draw_congestion(struct rng *rng, struct te_config *config)
{
    static const char *const algorithms[] = {"cubic", "cubic", "reno", "bbr"};
    const char *name = algorithms[rng_below(rng, sizeof(algorithms) / sizeof(algorithms[0]))];
    snprintf(config->congestion_control, sizeof(config->congestion_control), "%s", name);
    if (coin(rng))
        config->features = (uint32_t)rng_below(rng, TE_FEATURES_ALL + 1);
    config->ecn = (enum te_ecn_mode)rng_below(rng, 3);
}

static void draw_streams(struct rng *rng, bool is_bulk, struct te_config *config)
{
    uint32_t least = is_bulk ? 16384 : 16;
    config->send_buffer_max_bytes = draw_buffer_max(rng, is_bulk);
    config->receive_buffer_max_bytes = draw_buffer_max(rng, is_bulk);
    config->send_buffer_initial_bytes =
        (uint32_t)rng_log_between(rng, least, config->send_buffer_max_bytes);
    config->receive_buffer_initial_bytes =
        (uint32_t)rng_log_between(rng, least, config->receive_buffer_max_bytes);
    config->out_of_order_ranges_max = (uint32_t)(coin(rng) ? 4096 : rng_between(rng, 0, 8));
    config->initial_window_segments = (uint8_t)(coin(rng) ? 10 : rng_between(rng, 1, 16));
    config->timestamps = rng_chance(rng, 7500);
    config->window_scale = rng_chance(rng, 7500);
    config->sack = rng_chance(rng, 7500);
    config->nagle = rng_chance(rng, 7500);
    draw_congestion(rng, config);
    if (rng_chance(rng, 1000))
        config->challenge_ack_per_second = (uint32_t)rng_between(rng, 1, 10);
    if (rng_chance(rng, 500))
        config->rst_per_second = (uint32_t)rng_between(rng, 1, 10);
}

static void draw_interface(struct rng *rng, bool is_v6, struct te_config *config)
{
    config->mtu_bytes =
        (uint32_t)(coin(rng) ? 1500 : rng_log_between(rng, is_v6 ? 1280 : 576, 9000));
    config->mtu_probing = (enum te_mtu_probing)rng_below(rng, 3);
    config->mtu_probe_base_bytes = (uint32_t)rng_log_between(rng, 552, 2000);
    config->checksum_offload = coin(rng);
    config->gso = config->checksum_offload && coin(rng);
}

static void draw_host(struct rng *rng, struct scenario *scenario, unsigned side)
{
    struct host_plan *host = &scenario->hosts[side];
    struct te_config *config = &host->config;
    te_config_init(config);
    set_address(config, scenario->is_v6, side);
    set_tables(config);
    for (unsigned i = 0; i < sizeof(config->secret); i++)
        config->secret[i] = (uint8_t)rng_next(rng);
    draw_tables(rng, config);
    draw_timers(rng, config);
    draw_streams(rng, scenario->is_bulk, config);
    draw_interface(rng, scenario->is_v6, config);
    /* Both at once would take a clock value that hardly ever exists. */
    uint64_t wrap = rng_below(rng, 10);
    host->near_isn_wrap = wrap < 4;
    host->near_ts_wrap = wrap >= 4 && wrap < 8;
    host->clock_us = rng_log_between(rng, 1, 1 << 30);
    host->poll_delay_us = draw_time(rng, 2500, 2 * MS);
    host->late_us = draw_time(rng, 2500, 20 * MS);
    if (rng_chance(rng, 400)) {
        host->refuse_from = (uint64_t)rng_log_between(rng, 1, 2000);
        host->refuse_count = (uint64_t)rng_log_between(rng, 1, 30);
    }
}

/* --- the link --------------------------------------------------------------------------------- */

/* A bottleneck: a queue that drops what does not fit, and may mark before that. */
static void draw_queue(struct rng *rng, struct link_plan *link)
{
    link->bytes_per_s = (uint64_t)rng_log_between(rng, 20000, 100000000);
    int64_t most = (int64_t)link->bytes_per_s; /* a second's worth */
    link->queue_bytes = (uint64_t)rng_log_between(rng, 3000, most < (1 << 20) ? most : 1 << 20);
    if (coin(rng))
        link->mark_bytes = (uint64_t)rng_log_between(rng, 1, (int64_t)link->queue_bytes);
}

static void draw_link(struct rng *rng, struct link_plan *link)
{
    link->drop = draw_rate(rng, 6000, 3000);
    link->duplicate = draw_rate(rng, 4000, 5000);
    link->reorder = draw_rate(rng, 4000, 3000);
    link->corrupt = draw_rate(rng, 3000, 1000);
    link->truncate = draw_rate(rng, 2000, 500);
    link->pad = draw_rate(rng, 2000, 10000);
    link->mark = draw_rate(rng, 2000, 5000);
    link->bleach = draw_rate(rng, 500, 10000);
    link->split = draw_rate(rng, 1500, 3000);
    link->delay_us = rng_log_between(rng, 20, 100 * MS);
    link->jitter_us = draw_time(rng, 4000, 20 * MS);
    link->reorder_us = rng_log_between(rng, 100, 200 * MS);
    if (rng_chance(rng, 4000))
        draw_queue(rng, link);
    link->finishes_checksums = coin(rng);
    link->cuts_segments = rng_chance(rng, 7000);
    link->merges_segments = rng_chance(rng, 2000);
}

static void draw_partitions(struct rng *rng, struct scenario *scenario)
{
    if (!rng_chance(rng, 3000))
        return;
    scenario->partition_count = (unsigned)rng_between(rng, 1, SCENARIO_PARTITIONS_MAX);
    for (unsigned i = 0; i < scenario->partition_count; i++) {
        struct partition *partition = &scenario->partitions[i];
        partition->start_us = coin(rng) ? rng_log_between(rng, 1, scenario->faults_us)
                                        : rng_between(rng, 0, scenario->faults_us);
        partition->end_us = partition->start_us + rng_log_between(rng, MS, scenario->faults_us);
        partition->directions = (unsigned)rng_between(rng, 1, 3);
        partition->holds = coin(rng);
    }
}

static void draw_paths(struct rng *rng, struct scenario *scenario)
{
    if (!rng_chance(rng, 1500))
        return;
    int64_t at_us = 0;
    scenario->path_count = (unsigned)rng_between(rng, 1, SCENARIO_PATHS_MAX);
    for (unsigned i = 0; i < scenario->path_count; i++) {
        struct path_mtu *path = &scenario->paths[i];
        at_us += rng_log_between(rng, 100, SECOND);
        path->at_us = at_us;
        path->mtu_bytes =
            (uint32_t)rng_log_between(rng, scenario->is_v6 ? MTU_MIN_IPV6 : MTU_MIN_IPV4, 9000);
        path->is_silent = rng_chance(rng, 1500);
    }
}

static void draw_upheaval(struct rng *rng, const struct scenario *scenario,
                          struct upheaval *upheaval)
{
    upheaval->kind = (enum upheaval_kind)rng_between(rng, UPHEAVAL_REBOOT, UPHEAVAL_FREEZE);
    upheaval->sides = 1u << rng_below(rng, scenario->host_count);
    upheaval->at_us =
        coin(rng) ? rng_log_between(rng, 1, SECOND) : rng_log_between(rng, 1, scenario->faults_us);
    if (upheaval->kind == UPHEAVAL_FREEZE)
        upheaval->amount_us = rng_log_between(rng, 10 * MS, 10 * SECOND);
    if (upheaval->kind == UPHEAVAL_LEAP)
        upheaval->amount_us = rng_log_between(rng, 100 * MS, 3600 * SECOND);
    if (upheaval->kind == UPHEAVAL_LEAP && rng_chance(rng, 2000)) {
        /* A month is too much for timestamps, unless all hosts see it. */
        upheaval->amount_us = 30 * 86400 * SECOND;
        upheaval->sides = (1u << scenario->host_count) - 1;
    }
}

static void draw_upheavals(struct rng *rng, struct scenario *scenario)
{
    if (!rng_chance(rng, 2000))
        return;
    scenario->upheaval_count = (unsigned)rng_between(rng, 1, SCENARIO_UPHEAVALS_MAX);
    for (unsigned i = 0; i < scenario->upheaval_count; i++)
        draw_upheaval(rng, scenario, &scenario->upheavals[i]);
    if (scenario->upheavals[1].at_us < scenario->upheavals[0].at_us)
        scenario->upheavals[1].at_us = scenario->upheavals[0].at_us;
}

/* --- the applications ------------------------------------------------------------------------- */

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Enough for many windows, little enough for the run to end. */
static uint64_t draw_bytes(struct rng *rng, const struct scenario *scenario, unsigned side,
                           unsigned other)
{
    uint32_t cap = scenario->is_bulk ? 65536 : 16384;
    uint64_t window =
        smaller(scenario->hosts[side].config.send_buffer_max_bytes,
                smaller(scenario->hosts[other].config.receive_buffer_initial_bytes, cap));
    int64_t most = (int64_t)(scenario->is_bulk ? 8 * window : 20 * window);
    if (rng_chance(rng, 2500))
        return 0;
    if (rng_chance(rng, 1500) && !scenario->is_bulk)
        most *= 8;
    return (uint64_t)(scenario->is_bulk ? rng_between(rng, most / 4, most)
                                        : rng_log_between(rng, 1, most));
}

static enum ending draw_ending(struct rng *rng, bool is_bulk)
{
    enum ending ending = (enum ending)rng_below(rng, ENDING_COUNT);
    bool is_early = ending == ENDING_CLOSE_EARLY || ending == ENDING_ABORT;
    return is_early && (is_bulk || coin(rng)) ? ENDING_SHUTDOWN : ending;
}

static void draw_behaviour(struct rng *rng, const struct scenario *scenario, unsigned side,
                           unsigned other, struct behaviour *behaviour)
{
    *behaviour = (struct behaviour){
        .bytes = draw_bytes(rng, scenario, side, other),
        .write_max = (uint32_t)rng_log_between(rng, 64, 65536),
        .read_max = (uint32_t)rng_log_between(rng, 64, 65536),
        .write_gap_us = draw_time(rng, 5000, 50 * MS),
        .read_gap_us = draw_time(rng, 5000, 50 * MS),
        .read_stop = UINT64_MAX,
        .ending = draw_ending(rng, scenario->is_bulk),
        .ending_after_us = rng_log_between(rng, 100, 4 * SECOND),
        .without_nagle = rng_chance(rng, 2000),
        .without_delayed_ack = rng_chance(rng, 2000),
        .with_keepalive = rng_chance(rng, 2000),
        .meddles = rng_chance(rng, 2000),
    };
    if (rng_chance(rng, 1500))
        behaviour->read_stop = rng_below(rng, behaviour->bytes + 4096);
    if (rng_chance(rng, 1000))
        behaviour->user_timeout_us = rng_log_between(rng, SECOND, 60 * SECOND);
}

static enum open_kind draw_kind(struct rng *rng)
{
    uint64_t draw = rng_below(rng, 100);
    if (draw < 65)
        return OPEN_TO_LISTENER;
    if (draw < 88)
        return OPEN_SIMULTANEOUS;
    return draw < 96 ? OPEN_FROM_LISTENER : OPEN_REFUSED;
}

static void draw_connection(struct rng *rng, const struct scenario *scenario, unsigned index,
                            struct connection_plan *plan)
{
    plan->kind = index == 0 && rng_chance(rng, 7000) ? OPEN_TO_LISTENER : draw_kind(rng);
    unsigned left = scenario->host_count > 2 && coin(rng) ? 2 : 0;
    plan->opener = coin(rng) ? left : SIDE_B;
    plan->peer = plan->opener == SIDE_B ? left : SIDE_B;
    plan->at_us = coin(rng) ? rng_log_between(rng, 1, 100 * MS) : rng_log_between(rng, 1, SECOND);
    plan->peer_at_us =
        plan->at_us +
        draw_time(rng, 7000, 2 * scenario->link[scenario_end(plan->opener)].delay_us + 100);
    plan->local_port = (uint16_t)(PORT_FIRST + index);
    plan->remote_port = SCENARIO_PORT;
    if (plan->kind == OPEN_SIMULTANEOUS)
        plan->remote_port = (uint16_t)(PORT_FIRST + 100 + index);
    if (plan->kind == OPEN_REFUSED)
        plan->remote_port = PORT_NOBODY;
    if (plan->kind == OPEN_TO_LISTENER && index > 0 && rng_chance(rng, 2000))
        plan->local_port = 0;
    for (unsigned end = 0; end < ENDS; end++) {
        unsigned side = scenario_end(plan->opener) == end ? plan->opener : plan->peer;
        draw_behaviour(rng, scenario, side, scenario_other(plan, side), &plan->behaviour[end]);
    }
}

/* Ports used by an earlier connection, perhaps still: new incarnations meet TIME_WAIT. */
static void reuse_ports(struct rng *rng, struct scenario *scenario, unsigned index)
{
    if (index == 0 || !rng_chance(rng, 2500))
        return;
    const struct connection_plan *earlier = &scenario->connections[rng_below(rng, index)];
    struct connection_plan *plan = &scenario->connections[index];
    if (earlier->kind != plan->kind || plan->kind == OPEN_FROM_LISTENER)
        return;
    plan->opener = earlier->opener;
    plan->peer = earlier->peer;
    plan->local_port = earlier->local_port;
    plan->remote_port = earlier->remote_port;
    plan->at_us = earlier->at_us + rng_log_between(rng, MS, 5 * SECOND);
    plan->peer_at_us = plan->at_us + draw_time(rng, 7000, 10 * MS);
}

static void draw_applications(struct rng *rng, struct scenario *scenario)
{
    for (unsigned side = 0; side < scenario->host_count; side++) {
        struct listener_plan *listener = &scenario->listeners[side];
        listener->port = SCENARIO_PORT;
        listener->backlog = (uint32_t)(coin(rng) ? rng_between(rng, 1, 2) : 16);
        listener->accept_gap_us = draw_time(rng, 4000, 2 * SECOND);
        listener->close_at_us =
            rng_chance(rng, 1000) ? rng_log_between(rng, MS, 2 * SECOND) : TE_NEVER;
    }
    bool is_alone = scenario->host_count == 2 && rng_chance(rng, scenario->is_bulk ? 9000 : 6000);
    scenario->connection_count =
        is_alone ? 1 : (unsigned)rng_between(rng, 2, SCENARIO_CONNECTIONS_MAX);
    for (unsigned i = 0; i < scenario->connection_count; i++) {
        draw_connection(rng, scenario, i, &scenario->connections[i]);
        reuse_ports(rng, scenario, i);
    }
}

/* --- upgrades --------------------------------------------------------------------------------- */

/* Drawn last, but for Fast Open: the rest of a seed's scenario is the same with and without
 * them. */
static void draw_rebirths(struct rng *rng, struct scenario *scenario)
{
    if (!rng_chance(rng, 1500))
        return;
    for (unsigned side = 0; side < scenario->host_count; side++)
        scenario->hosts[side].rebirth = draw_rate(rng, 6000, 3000);
}

/* --- Fast Open -------------------------------------------------------------------------------- */

/* Drawn last of all, for the same reason. */
static void draw_fast_open(struct rng *rng, struct scenario *scenario)
{
    if (!rng_chance(rng, 2500))
        return;
    for (unsigned side = 0; side < scenario->host_count; side++) {
        struct te_config *config = &scenario->hosts[side].config;
        config->fast_open =
            coin(rng) ? TE_FAST_OPEN_BOTH : (enum te_fast_open)rng_below(rng, TE_FAST_OPEN_BOTH);
        config->fast_open_pending_max = (uint32_t)(coin(rng) ? 16 : rng_between(rng, 0, 2));
        config->fast_open_cache_max = (uint32_t)rng_between(rng, 1, 4);
        scenario->listeners[side].fast_open = rng_chance(rng, 8000);
    }
    for (unsigned i = 0; i < scenario->connection_count; i++)
        scenario->connections[i].fast_open = rng_chance(rng, 8000);
    for (unsigned end = 0; end < ENDS; end++) {
        scenario->link[end].drop_syn_data = draw_rate(rng, 1000, 10000);
        if (coin(rng))
            scenario->link[end].late_syn_data = (uint32_t)rng_between(rng, 1000, 10000);
    }
    if (rng_chance(rng, 500))
        scenario->strip_options |= UINT64_C(1) << WIRE_OPTION_FAST_OPEN;
}

/* --- memory ----------------------------------------------------------------------------------- */

#define BUDGET (8 * TE_MIB) /* more than all connections of a run can hold */

/* Drawn last of all, for the same reason. Memory counts as short from the start: holes that do not
 * move are pruned, rings are cut to their content, and shares may be so small that a connection
 * lives on its reserve. Nobody is reset: the limit is the whole budget. Not with restored stacks,
 * which look at their memory anew, hence at other times. */
static void draw_pressure(struct rng *rng, struct scenario *scenario)
{
    if (!rng_chance(rng, 700))
        return;
    for (unsigned side = 0; side < scenario->host_count; side++) {
        struct te_config *config = &scenario->hosts[side].config;
        bool is_short = coin(rng) && scenario->hosts[side].rebirth == 0;
        config->memory_max_bytes = is_short ? BUDGET : 0;
        config->memory_pressure_percent = 1;
        config->memory_limit_percent = 100;
        config->memory_per_uid_percent = (uint8_t)(coin(rng) ? 100 : rng_between(rng, 4, 20));
        config->memory_per_remote_percent = 100;
    }
}

/* --- the whole -------------------------------------------------------------------------------- */

void scenario_draw(struct scenario *scenario, uint64_t seed)
{
    struct rng rng;
    rng_init(&rng, seed);
    memset(scenario, 0, sizeof(*scenario));
    scenario->seed = seed;
    scenario->is_v6 = coin(&rng);
    scenario->host_count = rng_chance(&rng, 1200) ? 3 : 2;
    scenario->is_bulk = rng_chance(&rng, 1500);
    scenario->faults_us = rng_log_between(&rng, SECOND, 60 * SECOND);
    for (unsigned side = 0; side < scenario->host_count; side++)
        draw_host(&rng, scenario, side);
    for (unsigned end = 0; end < ENDS; end++)
        draw_link(&rng, &scenario->link[end]);
    scenario->is_cold = rng_chance(&rng, 1500);
    scenario->is_cut_short = rng_chance(&rng, 300);
    for (unsigned kind = 2; kind <= 8; kind++)
        if (rng_chance(&rng, 200))
            scenario->strip_options |= 1u << kind;
    draw_partitions(&rng, scenario);
    draw_paths(&rng, scenario);
    draw_upheavals(&rng, scenario);
    draw_applications(&rng, scenario);
    draw_rebirths(&rng, scenario);
    draw_fast_open(&rng, scenario);
    draw_pressure(&rng, scenario);
}

void scenario_plain(struct scenario *scenario, bool is_v6)
{
    memset(scenario, 0, sizeof(*scenario));
    scenario->is_v6 = is_v6;
    scenario->faults_us = 10 * SECOND;
    scenario->host_count = 2;
    for (unsigned side = 0; side < scenario->host_count; side++) {
        struct te_config *config = &scenario->hosts[side].config;
        te_config_init(config);
        set_address(config, is_v6, side);
        set_tables(config);
        config->secret[0] = (uint8_t)(side + 1);
        config->msl_us = SECOND;
        config->remains_us = SECOND;
        scenario->hosts[side].clock_us = SECOND;
        scenario->link[side].delay_us = MS;
        scenario->listeners[side] = (struct listener_plan){SCENARIO_PORT, 4, 0, TE_NEVER, false};
    }
    scenario->connection_count = 1;
    struct connection_plan *plan = &scenario->connections[0];
    *plan = (struct connection_plan){.kind = OPEN_TO_LISTENER,
                                     .peer = SIDE_B,
                                     .at_us = MS,
                                     .peer_at_us = MS,
                                     .local_port = PORT_FIRST,
                                     .remote_port = SCENARIO_PORT};
    for (unsigned end = 0; end < ENDS; end++)
        plan->behaviour[end] = (struct behaviour){.bytes = 20000,
                                                  .write_max = 4096,
                                                  .read_max = 4096,
                                                  .read_stop = UINT64_MAX,
                                                  .ending = ENDING_SHUTDOWN};
}
