/* Numbers that a test draws: the same ones for the same seed. */
#ifndef TESTS_SUPPORT_RANDOM_H
#define TESTS_SUPPORT_RANDOM_H

#include <stdint.h>

static inline uint32_t random_next(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 32);
}

static inline uint32_t random_below(uint64_t *seed, uint32_t bound)
{
    return (random_next(seed) >> 1) % bound;
}

#endif
