#include "steer.h"

#include <string.h>
#include <tcpengine/tcpengine.h>

#include "memory.h"
#include "wire.h"

#define REHEARSAL_US INT64_C(10000000)
#define TURNS_MAX 10
#define ISN_TICK_US 4
#define TIMESTAMP_TICK_US 1000

struct rehearsal {
    struct te_stack *stacks[HOSTS_MAX];
    struct memory memories[HOSTS_MAX];
    bool has_seen[HOSTS_MAX];
    uint32_t isn[HOSTS_MAX], ts[HOSTS_MAX];
};

static bool start(struct rehearsal *rehearsal, const struct scenario *scenario)
{
    for (unsigned side = 0; side < scenario->host_count; side++) {
        struct te_config config = scenario->hosts[side].config;
        memory_init(&rehearsal->memories[side]);
        config.allocator = memory_allocator(&rehearsal->memories[side]);
        config.dad = false;
        config.timestamps = true;
        if (te_stack_new(&config, REHEARSAL_US, &rehearsal->stacks[side]) != TE_OK)
            return false;
    }
    return true;
}

static bool open_both(struct rehearsal *rehearsal, const struct scenario *scenario)
{
    const struct connection_plan *plan = &scenario->connections[0];
    struct te_listen listen = {.local.port = plan->remote_port};
    struct te_open open = {.local.port = plan->local_port, .remote.port = plan->remote_port};
    uint64_t id;
    open.remote.addr = scenario->hosts[plan->peer].config.addresses[0].addr;
    return te_open_passive(rehearsal->stacks[plan->peer], &listen, &id, REHEARSAL_US) == TE_OK &&
           te_open_active(rehearsal->stacks[plan->opener], &open, &id, REHEARSAL_US) == TE_OK;
}

/* Passes one side's output to the other. */
static void exchange(struct rehearsal *rehearsal, unsigned side, unsigned other)
{
    static uint8_t frame[WIRE_FRAME_MAX];
    uint8_t header[TE_OUTPUT_HEADER_MAX];
    struct te_output output;
    struct wire_segment segment;
    while (te_stack_poll_output(rehearsal->stacks[side], header, &output, REHEARSAL_US)) {
        size_t len = 0;
        for (unsigned i = 0; i < output.iov_count; i++) {
            memcpy(frame + len, output.iov[i].base, output.iov[i].len);
            len += output.iov[i].len;
        }
        if (wire_parse(frame, len, &output.meta, &segment) && (segment.flags & TE_SYN)) {
            rehearsal->has_seen[side] = true;
            rehearsal->isn[side] = segment.seq;
            rehearsal->ts[side] = segment.ts_value;
        }
        te_stack_input(rehearsal->stacks[other], frame, len, &output.meta, REHEARSAL_US);
    }
}

static void rehearse(struct rehearsal *rehearsal, const struct scenario *scenario)
{
    const struct connection_plan *plan = &scenario->connections[0];
    memset(rehearsal, 0, sizeof(*rehearsal));
    if (start(rehearsal, scenario) && open_both(rehearsal, scenario))
        for (unsigned turn = 0; turn < TURNS_MAX; turn++) {
            exchange(rehearsal, plan->opener, plan->peer);
            exchange(rehearsal, plan->peer, plan->opener);
        }
    for (unsigned side = 0; side < HOSTS_MAX; side++)
        te_stack_free(rehearsal->stacks[side]);
}

/* How far the clock must be ahead of the rehearsal's for a number that rises by one per tick to go
 * from one value to another, modulo 2^32. */
static int64_t distance_us(uint32_t from, uint32_t to, int64_t tick_us)
{
    return (int64_t)(uint32_t)(to - from) * tick_us;
}

/* Such a clock, later than least_us. */
static int64_t find_clock(const struct host_plan *host, const struct rehearsal *rehearsal,
                          unsigned side, int64_t least_us)
{
    uint32_t before_wrap = 0u - host->config.secret[0] * 256u - 1;
    bool is_isn = host->near_isn_wrap;
    int64_t tick_us = is_isn ? ISN_TICK_US : TIMESTAMP_TICK_US;
    uint32_t rehearsed = is_isn ? rehearsal->isn[side] : rehearsal->ts[side];
    int64_t clock_us = REHEARSAL_US + distance_us(rehearsed, before_wrap, tick_us);
    while (clock_us < least_us)
        clock_us += tick_us << 32;
    return clock_us;
}

void steer_clocks(const struct scenario *scenario, int64_t ret_clock_us[HOSTS_MAX])
{
    struct rehearsal rehearsal;
    int64_t opens_us = STEER_START_US + scenario->connections[0].at_us;
    bool is_wanted = false;
    for (unsigned side = 0; side < scenario->host_count; side++) {
        const struct host_plan *host = &scenario->hosts[side];
        ret_clock_us[side] = host->clock_us;
        is_wanted = is_wanted || host->near_isn_wrap || host->near_ts_wrap;
    }
    if (!is_wanted)
        return;
    rehearse(&rehearsal, scenario);
    for (unsigned side = 0; side < scenario->host_count; side++) {
        const struct host_plan *host = &scenario->hosts[side];
        if (rehearsal.has_seen[side] && (host->near_isn_wrap || host->near_ts_wrap))
            ret_clock_us[side] = find_clock(host, &rehearsal, side, opens_us) - opens_us;
    }
}
