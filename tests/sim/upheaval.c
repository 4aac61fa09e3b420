#include "upheaval.h"

#define TIMESTAMP_HALF_SPACE_US (INT64_C(1000) << 31)

int64_t upheaval_next_us(const struct world *world)
{
    if (world->link.is_calm || world->upheavals_done >= world->scenario->upheaval_count)
        return TE_NEVER;
    return world->link.start_us + world->scenario->upheavals[world->upheavals_done].at_us;
}

static void strike(struct world *world, const struct upheaval *upheaval, unsigned side)
{
    static const char *const names[] = {"reboots", "clock leaps", "freezes"};
    struct host *host = &world->hosts[side];
    struct trace_entry entry = {"%s %s: %d us",
                                {upheaval->amount_us},
                                {scenario_host_name(side), names[upheaval->kind]},
                                0};
    trace_add(&world->trace, world->now_us, &entry);
    switch (upheaval->kind) {
    case UPHEAVAL_REBOOT:
        world_reboot(world, side);
        break;
    case UPHEAVAL_LEAP:
        host->clock_us += upheaval->amount_us;
        if (upheaval->amount_us >= TIMESTAMP_HALF_SPACE_US)
            world->has_leapt_far = true;
        break;
    case UPHEAVAL_FREEZE:
        host->frozen_until_us = world->now_us + upheaval->amount_us;
        observer_on_freeze(world, side, upheaval->amount_us);
        if (host->pump_at_us != TE_NEVER)
            host->pump_at_us = host->frozen_until_us;
        break;
    }
}

void upheaval_step(struct world *world)
{
    const struct upheaval *upheaval = &world->scenario->upheavals[world->upheavals_done++];
    for (unsigned side = 0; side < world->scenario->host_count; side++)
        if (upheaval->sides >> side & 1)
            strike(world, upheaval, side);
}
