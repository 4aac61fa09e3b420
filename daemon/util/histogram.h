/* How long things take: counts by powers of about two, from 50 us to 10 s. */
#ifndef TCPENGINED_HISTOGRAM_H
#define TCPENGINED_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BUCKETS 16 /* not counting +Inf */

struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS + 1]; /* not cumulative; the last is above all bounds */
    uint64_t sum_us;
};

/* Upper bounds of the buckets, inclusive, in ascending order. */
extern const int64_t histogram_bounds_us[HISTOGRAM_BUCKETS];

/* Counts one value; a negative one counts as 0. */
void histogram_observe(struct histogram *histogram, int64_t value_us);
/* Number of values counted. */
uint64_t histogram_count(const struct histogram *histogram);

#endif
