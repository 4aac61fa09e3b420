/* The simulator's random numbers: xoroshiro128+ seeded by splitmix64. Same seed, same draws, on
 * every machine. */
#ifndef SIM_RNG_H
#define SIM_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
    uint64_t state[2];
};

void rng_init(struct rng *rng, uint64_t seed);
uint64_t rng_next(struct rng *rng);
/* 0 .. bound - 1; 0 for bound 0. */
uint64_t rng_below(struct rng *rng, uint64_t bound);
/* low .. high, both included. */
int64_t rng_between(struct rng *rng, int64_t low, int64_t high);
/* low .. high, every order of magnitude equally likely; low at least 1. */
int64_t rng_log_between(struct rng *rng, int64_t low, int64_t high);
/* True in parts of 10,000 cases. */
bool rng_chance(struct rng *rng, uint32_t parts);
/* A well mixed function of its argument: a random number without state. */
uint64_t rng_mix(uint64_t value);

#endif
