/* Spreads a number over all 64 bits, for sums that tell whose counts they were: an invariant
 * compares the sum over all accounts, each count times the mix of its owner, with that over all
 * members. No defence against those who choose the numbers. */
#ifndef TCPENGINE_UTIL_MIX_H
#define TCPENGINE_UTIL_MIX_H

#include <stdint.h>

static inline uint64_t te_mix(uint64_t number)
{
    number += 0x9e3779b97f4a7c15u; /* else 0 would stay 0, and its counts unseen */
    number = (number ^ number >> 30) * 0x94d049bb133111ebu;
    number = (number ^ number >> 29) * 0xbf58476d1ce4e5b9u;
    return number ^ number >> 32;
}

#endif
