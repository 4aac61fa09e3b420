#include "util/histogram.h"

const int64_t histogram_bounds_us[HISTOGRAM_BUCKETS] = {
    50,    100,   250,    500,    1000,   2500,    5000,    10000,
    25000, 50000, 100000, 250000, 500000, 1000000, 3000000, 10000000};

void histogram_observe(struct histogram *histogram, int64_t value_us)
{
    unsigned bucket = 0;
    if (value_us < 0)
        value_us = 0;
    while (bucket < HISTOGRAM_BUCKETS && value_us > histogram_bounds_us[bucket])
        bucket++;
    histogram->counts[bucket]++;
    histogram->sum_us += (uint64_t)value_us;
}

uint64_t histogram_count(const struct histogram *histogram)
{
    uint64_t count = 0;
    for (unsigned i = 0; i <= HISTOGRAM_BUCKETS; i++)
        count += histogram->counts[i];
    return count;
}
