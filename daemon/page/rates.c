#include "page/rates.h"

#define SECOND_US 1000000

/* Rounded to the nearest. */
static json_t *per_second(uint64_t count, int64_t us)
{
    uint64_t rate = us > 0 ? (count * SECOND_US + (uint64_t)us / 2) / (uint64_t)us : 0;
    return json_integer((json_int_t)rate);
}

json_t *rates_json(struct rates *rates, const struct te_counters *counters, uint64_t closes,
                   int64_t now_us)
{
    const struct te_counters *last = &rates->last;
    int64_t us = rates->last_at_us != 0 ? now_us - rates->last_at_us : 0;
    uint64_t opens =
        counters->active_opens - last->active_opens + counters->passive_opens - last->passive_opens;
    json_t *object = json_object();
#define PUT(name, count) json_object_set_new(object, name, per_second(count, us))
    PUT("segments_in", counters->segments_in - last->segments_in);
    PUT("segments_out", counters->segments_out - last->segments_out);
    PUT("bytes_in", counters->bytes_in - last->bytes_in);
    PUT("bytes_out", counters->bytes_out - last->bytes_out);
    PUT("retransmits", counters->segments_retransmitted - last->segments_retransmitted);
    PUT("opens", opens);
    PUT("closes", closes);
#undef PUT
    rates->last = *counters;
    rates->last_at_us = now_us;
    return object;
}
