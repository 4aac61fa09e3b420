/* A limit per second with a random budget for each second, so that the budget left cannot be probed
 * from outside (RFC 5961 7; CVE-2016-5696). A second begins with the first use after the end of the
 * last one. */
#ifndef TCPENGINE_UTIL_LIMITER_H
#define TCPENGINE_UTIL_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

#include "util/siphash.h"

/* Starts zeroed. */
struct te_limiter {
    int64_t second_start_us; /* with is_started */
    uint32_t left;
    bool is_started;
};

/* True if one more is allowed now, which uses it up. A second allows between half of per_second
 * (rounded up) and all of it; 0 allows nothing. */
bool te_limiter_take(struct te_limiter *limiter, uint32_t per_second,
                     const struct te_siphash_key *key, int64_t now_us);
/* Whether this second's budget is used up, so that te_limiter_take would refuse. */
bool te_limiter_is_spent(const struct te_limiter *limiter, int64_t now_us);

#endif
