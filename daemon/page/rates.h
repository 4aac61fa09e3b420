/* What the whole stack does per second, from its counters. */
#ifndef TCPENGINED_RATES_H
#define TCPENGINED_RATES_H

#include <jansson.h>
#include <tcpengine/counters.h>

struct rates {
    struct te_counters last;
    int64_t last_at_us; /* 0: never */
};

/* Rates since the last call: {"segments_in","segments_out","bytes_in","bytes_out","retransmits",
 * "opens","closes"}; closes is how many there were. All are 0 the first time. */
json_t *rates_json(struct rates *rates, const struct te_counters *counters, uint64_t closes,
                   int64_t now_us);

#endif
