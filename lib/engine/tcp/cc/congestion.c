#include "tcp/cc/congestion.h"

uint32_t te_cc_initial_window(uint32_t mss_bytes, uint8_t segments)
{
    uint32_t full = segments * mss_bytes;
    uint32_t cap = segments * 1460u;
    uint32_t floor = 2 * mss_bytes;
    if (cap < floor)
        cap = floor;
    return full < cap ? full : cap;
}

void te_cc_grow(struct te_congestion *cc, uint32_t bytes)
{
    uint32_t room = cc->cwnd_bytes < TE_CWND_MAX_BYTES ? TE_CWND_MAX_BYTES - cc->cwnd_bytes : 0;
    cc->cwnd_bytes += bytes < room ? bytes : room;
}

uint32_t te_cc_used_window(const struct te_congestion *cc, const struct te_congestion_event *event)
{
    uint32_t used =
        event->flight_bytes > event->validated_bytes ? event->flight_bytes : event->validated_bytes;
    return used < cc->cwnd_bytes ? used : cc->cwnd_bytes;
}
