#include "tcp/congestion.h"

#define CWND_MAX_BYTES (1u << 30)

uint32_t te_cc_initial_window(uint32_t mss_bytes, uint8_t segments)
{
    uint32_t full = segments * mss_bytes;
    uint32_t cap = segments * 1460u;
    uint32_t floor = 2 * mss_bytes;
    if (cap < floor)
        cap = floor;
    return full < cap ? full : cap;
}

static void reno_init(struct te_congestion *cc, uint32_t mss_bytes)
{
    (void)mss_bytes;
    cc->ssthresh_bytes = UINT32_MAX;
    cc->state.reno.acked_bytes = 0;
}

static void grow(struct te_congestion *cc, uint32_t bytes)
{
    cc->cwnd_bytes =
        cc->cwnd_bytes > CWND_MAX_BYTES - bytes ? CWND_MAX_BYTES : cc->cwnd_bytes + bytes;
}

/* RFC 5681 3.1, counting bytes, so that an ACK divided in many gains nothing (RFC 3465).
 * DEVIATION: RFC 3465 2.2 caps the growth of one ACK at L = 2 segments; a receiver that merges
 * segments (GRO) acknowledges dozens at once, and the cap would starve it. Linux has none either.
 */
static void reno_on_ack(struct te_congestion *cc, const struct te_ack_sample *sample)
{
    if (!sample->is_cwnd_limited)
        return;
    if (cc->cwnd_bytes < cc->ssthresh_bytes) {
        grow(cc, sample->acked_bytes);
        return;
    }
    cc->state.reno.acked_bytes += sample->acked_bytes;
    if (cc->state.reno.acked_bytes >= cc->cwnd_bytes) {
        cc->state.reno.acked_bytes -= cc->cwnd_bytes;
        grow(cc, sample->mss_bytes);
    }
}

/* RFC 5681 (4). */
static uint32_t half_of_flight(uint32_t flight_bytes, uint32_t mss_bytes)
{
    uint32_t half = flight_bytes / 2;
    return half > 2 * mss_bytes ? half : 2 * mss_bytes;
}

static void reno_on_loss(struct te_congestion *cc, uint32_t flight_bytes, uint32_t mss_bytes)
{
    cc->ssthresh_bytes = half_of_flight(flight_bytes, mss_bytes);
    cc->cwnd_bytes = cc->ssthresh_bytes;
    cc->state.reno.acked_bytes = 0;
}

static void reno_on_timeout(struct te_congestion *cc, uint32_t flight_bytes, uint32_t mss_bytes,
                            bool is_first)
{
    if (is_first)
        cc->ssthresh_bytes = half_of_flight(flight_bytes, mss_bytes);
    cc->cwnd_bytes = mss_bytes;
    cc->state.reno.acked_bytes = 0;
}

const struct te_cc_ops te_cc_reno = {
    .name = "reno",
    .init = reno_init,
    .on_ack = reno_on_ack,
    .on_loss = reno_on_loss,
    .on_timeout = reno_on_timeout,
};
