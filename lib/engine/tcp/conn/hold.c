#include "tcp/conn/hold.h"

#include <tcpengine/units.h>

const char *te_hold_name(enum te_hold hold)
{
    static const char *const names[] = {
#define HOLD_NAME(CONSTANT, name) [TE_HOLD_##CONSTANT] = #name,
        TE_HOLD_LIST(HOLD_NAME)
#undef HOLD_NAME
    };
    return hold < TE_HOLD_COUNT ? names[hold] : "?";
}

void te_hold_start(struct te_hold_clock *clock, int64_t now_us)
{
    *clock = (struct te_hold_clock){.since_us = now_us, .now = TE_HOLD_IDLE};
}

void te_hold_change(struct te_hold_clock *clock, enum te_hold hold, int64_t now_us)
{
    clock->total_us[clock->now] += now_us - clock->since_us;
    clock->since_us = now_us;
    clock->now = (uint8_t)hold;
}

void te_hold_add(const struct te_hold_clock *clock, int64_t now_us,
                 uint32_t total_ms[TE_HOLD_COUNT])
{
    for (unsigned i = 0; i < TE_HOLD_COUNT; i++) {
        int64_t us = clock->total_us[i] + (i == clock->now ? now_us - clock->since_us : 0);
        int64_t ms = us / TE_MS;
        total_ms[i] = ms < UINT32_MAX - total_ms[i] ? total_ms[i] + (uint32_t)ms : UINT32_MAX;
    }
}
