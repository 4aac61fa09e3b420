/* Arithmetic modulo 2^32 on sequence numbers (RFC 9293 3.4). The only place that compares them.
 *
 * a is before b when it takes fewer than 2^31 steps forward to get from a to b. Two numbers exactly
 * 2^31 apart are each before the other: callers keep what they compare closer than that. */
#ifndef TCPENGINE_UTIL_SEQ_H
#define TCPENGINE_UTIL_SEQ_H

#include <stdbool.h>
#include <stdint.h>

static inline bool seq_lt(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

static inline bool seq_leq(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) <= 0;
}

static inline bool seq_gt(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) > 0;
}

static inline bool seq_geq(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) >= 0;
}

/* The later of the two. */
static inline uint32_t seq_max(uint32_t a, uint32_t b)
{
    return seq_gt(a, b) ? a : b;
}

/* start <= seq < start + len, for any len. */
static inline bool seq_in(uint32_t seq, uint32_t start, uint32_t len)
{
    return seq - start < len;
}

#endif
