#include "steer.h"

#include "memory.h"
#include "wire.h"
#include <string.h>
#include <tcpengine/tcpengine.h>

#define REHEARSAL_US INT64_C(10000000)
#define TURNS_MAX 20
#define ISN_TICK_US 4
#define TIMESTAMP_TICK_US 1000
#define ISN_PERIOD_US (INT64_C(4) << 32)
#define TS_PERIOD_US (INT64_C(1000) << 32)
#define NEAR 65536u
#define TRIES_MAX 200000

struct rehearsal {
    struct te_stack *stacks[SIDES];
    struct memory memories[SIDES];
    bool has_seen[SIDES];
    uint32_t isn[SIDES], ts[SIDES];
};

static bool start(struct rehearsal *rehearsal, const struct scenario *scenario)
{
    for (unsigned side = 0; side < SIDES; side++) {
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
    open.remote.addr = scenario->hosts[!plan->opener].config.addresses[0].addr;
    return te_open_passive(rehearsal->stacks[!plan->opener], &listen, &id, REHEARSAL_US) == TE_OK &&
           te_open_active(rehearsal->stacks[plan->opener], &open, &id, REHEARSAL_US) == TE_OK;
}

/* Hands over what one side has to say. */
static void exchange(struct rehearsal *rehearsal, unsigned side)
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
        te_stack_input(rehearsal->stacks[!side], frame, len, &output.meta, REHEARSAL_US);
    }
}

static void rehearse(struct rehearsal *rehearsal, const struct scenario *scenario)
{
    memset(rehearsal, 0, sizeof(*rehearsal));
    if (start(rehearsal, scenario) && open_both(rehearsal, scenario))
        for (unsigned turn = 0; turn < TURNS_MAX; turn++)
            exchange(rehearsal, turn % SIDES);
    for (unsigned side = 0; side < SIDES; side++)
        te_stack_free(rehearsal->stacks[side]);
}

/* How far the clock must move from the rehearsal's so that a number that rises by one a tick has
 * risen from one value to another, modulo 2^32. */
static int64_t distance_us(uint32_t from, uint32_t to, int64_t tick_us)
{
    return (int64_t)(uint32_t)(to - from) * tick_us;
}

static bool is_ts_near_wrap(uint32_t rehearsed_ts, int64_t clock_us)
{
    uint32_t ts = rehearsed_ts + (uint32_t)((clock_us - REHEARSAL_US) / TIMESTAMP_TICK_US);
    return (uint32_t)-ts <= NEAR;
}

/* A clock later than least_us. Each full turn of the ISNs' clock leaves them as they are and moves
 * the timestamps on. */
static int64_t find_clock(const struct host_plan *host, const struct rehearsal *rehearsal,
                          unsigned side, int64_t least_us)
{
    uint32_t before_wrap = 0u - host->config.secret[0] * 256u - 1;
    if (!host->near_isn_wrap) {
        int64_t clock_us =
            REHEARSAL_US + distance_us(rehearsal->ts[side], before_wrap, TIMESTAMP_TICK_US);
        return clock_us < least_us ? clock_us + TS_PERIOD_US : clock_us;
    }
    int64_t clock_us = REHEARSAL_US + distance_us(rehearsal->isn[side], before_wrap, ISN_TICK_US);
    for (unsigned i = 0; i < TRIES_MAX; i++, clock_us += ISN_PERIOD_US)
        if (clock_us >= least_us &&
            (!host->near_ts_wrap || is_ts_near_wrap(rehearsal->ts[side], clock_us)))
            break;
    return clock_us;
}

int64_t steer_clock(const struct scenario *scenario, unsigned side)
{
    const struct host_plan *host = &scenario->hosts[side];
    struct rehearsal rehearsal;
    if (!host->near_isn_wrap && !host->near_ts_wrap)
        return host->clock_us;
    rehearse(&rehearsal, scenario);
    if (!rehearsal.has_seen[side])
        return host->clock_us;
    int64_t opens_us = STEER_START_US + scenario->connections[0].at_us;
    return find_clock(host, &rehearsal, side, opens_us) - opens_us;
}
