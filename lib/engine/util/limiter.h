/* A limit per second with a jittered start of each second, so that nobody can read the budget that
 * is left from outside (RFC 5961 7; CVE-2016-5696). */
#ifndef TCPENGINE_UTIL_LIMITER_H
#define TCPENGINE_UTIL_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

#include "util/siphash.h"

struct te_limiter {
    int64_t second_start_us;
    uint32_t left;
};

/* True, and one fewer is left, when something may be sent now. per_second 0: never. */
bool te_limiter_take(struct te_limiter *limiter, uint32_t per_second,
                     const struct te_siphash_key *key, int64_t now_us);

#endif
