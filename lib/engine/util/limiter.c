#include "util/limiter.h"

#include <tcpengine/units.h>

static bool is_over(const struct te_limiter *limiter, int64_t now_us)
{
    return !limiter->is_started || now_us - limiter->second_start_us >= TE_SECOND;
}

bool te_limiter_is_spent(const struct te_limiter *limiter, int64_t now_us)
{
    return !is_over(limiter, now_us) && limiter->left == 0;
}

bool te_limiter_take(struct te_limiter *limiter, uint32_t per_second,
                     const struct te_siphash_key *key, int64_t now_us)
{
    if (is_over(limiter, now_us)) {
        uint64_t jitter = te_siphash(key, &now_us, sizeof(now_us));
        limiter->is_started = true;
        limiter->second_start_us = now_us;
        /* Half of the budget is certain, the rest is random: a prober cannot count it down. */
        uint32_t half = per_second / 2;
        limiter->left = per_second - half + (half > 0 ? (uint32_t)(jitter % (half + 1)) : 0);
    }
    if (limiter->left == 0)
        return false;
    limiter->left--;
    return true;
}
