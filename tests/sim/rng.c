#include "rng.h"

#define PARTS 10000u

uint64_t rng_mix(uint64_t value)
{
    value += 0x9e3779b97f4a7c15u;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
}

static uint64_t rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

void rng_init(struct rng *rng, uint64_t seed)
{
    rng->state[0] = rng_mix(seed);
    rng->state[1] = rng_mix(rng->state[0]);
}

uint64_t rng_next(struct rng *rng)
{
    uint64_t a = rng->state[0];
    uint64_t b = rng->state[1];
    uint64_t result = a + b;
    b ^= a;
    rng->state[0] = rotate(a, 24) ^ b ^ (b << 16);
    rng->state[1] = rotate(b, 37);
    return result;
}

uint64_t rng_below(struct rng *rng, uint64_t bound)
{
    return bound == 0 ? 0 : (rng_next(rng) >> 11) % bound;
}

int64_t rng_between(struct rng *rng, int64_t low, int64_t high)
{
    return low + (int64_t)rng_below(rng, (uint64_t)(high - low) + 1);
}

static unsigned bit_length(uint64_t value)
{
    unsigned bits = 0;
    for (; value != 0; value >>= 1)
        bits++;
    return bits;
}

int64_t rng_log_between(struct rng *rng, int64_t low, int64_t high)
{
    unsigned first = bit_length((uint64_t)low);
    unsigned last = bit_length((uint64_t)high);
    unsigned bits = (unsigned)rng_between(rng, first, last);
    int64_t from = INT64_C(1) << (bits - 1);
    int64_t to = from * 2 - 1;
    return rng_between(rng, from < low ? low : from, to > high ? high : to);
}

bool rng_chance(struct rng *rng, uint32_t parts)
{
    return rng_below(rng, PARTS) < parts;
}
