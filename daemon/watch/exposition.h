/* A page of metrics, in one of the two formats that Prometheus reads: its own text (version 0.0.4),
 * and OpenMetrics 1.0.0. Names of samples and their labels are the same in both, but for the sum
 * and count of a gauge histogram, which only OpenMetrics has a type for.
 *
 * One family at a time: its head, then its samples. */
#ifndef TCPENGINED_EXPOSITION_H
#define TCPENGINED_EXPOSITION_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum exposition_format { EXPOSITION_TEXT, EXPOSITION_OPEN_METRICS };

enum exposition_type {
    EXPOSITION_COUNTER, /* its name ends in _total */
    EXPOSITION_GAUGE,
    EXPOSITION_HISTOGRAM,
    EXPOSITION_GAUGE_HISTOGRAM /* of what there is now: its counts go down as well */
};

struct exposition {
    FILE *stream;
    enum exposition_format format;
};

/* The HTTP header Content-Type of the format; static. */
const char *exposition_content_type(enum exposition_format format);

/* HELP, TYPE, and UNIT if the name ends in one. help: a sentence without its full stop. */
void exposition_head(struct exposition *out, const char *name, enum exposition_type type,
                     const char *help);
/* The head and the one sample of a family without labels. */
void exposition_number(struct exposition *out, const char *name, enum exposition_type type,
                       const char *help, uint64_t value);
/* A sample with one label. */
void exposition_labelled(struct exposition *out, const char *name, const char *label,
                         const char *label_value, uint64_t value);
/* "2.500000" */
void exposition_seconds(struct exposition *out, int64_t us);
/* A label's value. */
void exposition_escape(struct exposition *out, const char *text);

/* One series of a histogram. bounds are in millionths when is_seconds, and counts not cumulative,
 * the last of them above all bounds. */
struct exposition_buckets {
    const char *name;
    enum exposition_type type;
    const char *label, *label_value; /* NULL: none beside le */
    const int64_t *bounds;
    const uint64_t *counts;
    unsigned bound_count;
    bool is_seconds;
    uint64_t sum;
};
void exposition_histogram(struct exposition *out, const struct exposition_buckets *buckets);

/* The end of the page. */
void exposition_end(struct exposition *out);

#endif
