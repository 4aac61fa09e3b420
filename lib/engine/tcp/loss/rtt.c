#include "tcp/loss/rtt.h"

#include <assert.h>

#define CLOCK_GRANULARITY_US 1000 /* G of RFC 6298: the host's timers tick in milliseconds */

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

void te_rtt_init(struct te_rtt *rtt, const struct te_config *config)
{
    *rtt = (struct te_rtt){.base_rto_us = (uint32_t)clamp(config->rto_initial_us, 1, UINT32_MAX)};
}

void te_rtt_sample(struct te_rtt *rtt, const struct te_config *config, int64_t sample_us)
{
    int64_t max_us = clamp(config->rto_max_us, 1, UINT32_MAX); /* 71 minutes */
    int64_t min_us = clamp(config->rto_min_us, 1, max_us);
    uint32_t r = (uint32_t)clamp(sample_us, 1, max_us);
    if (rtt->srtt_us == 0) {
        rtt->srtt_us = r;
        rtt->rttvar_us = r / 2;
    } else {
        uint32_t delta = rtt->srtt_us > r ? rtt->srtt_us - r : r - rtt->srtt_us;
        rtt->rttvar_us = (uint32_t)((3 * (uint64_t)rtt->rttvar_us + delta) / 4);
        rtt->srtt_us = (uint32_t)((7 * (uint64_t)rtt->srtt_us + r) / 8);
        if (rtt->srtt_us == 0)
            rtt->srtt_us = 1;
    }
    int64_t variation = 4 * (int64_t)rtt->rttvar_us;
    if (variation < CLOCK_GRANULARITY_US)
        variation = CLOCK_GRANULARITY_US;
    rtt->base_rto_us = (uint32_t)clamp((int64_t)rtt->srtt_us + variation, min_us, max_us);
    rtt->backoff = 0;
    assert(rtt->base_rto_us > 0);
}

void te_rtt_back_off(struct te_rtt *rtt)
{
    if (rtt->backoff < TE_RTT_BACKOFF_MAX)
        rtt->backoff++;
}

void te_rtt_reset_backoff(struct te_rtt *rtt)
{
    rtt->backoff = 0;
}

int64_t te_rtt_rto_us(const struct te_rtt *rtt, const struct te_config *config)
{
    return clamp((int64_t)rtt->base_rto_us << rtt->backoff, config->rto_min_us, config->rto_max_us);
}
