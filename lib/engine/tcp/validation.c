#include "tcp/validation.h"

#include "tcp/seq.h"

#define NON_VALIDATED_PERIOD_US 300000000 /* RFC 7661 4.4: NVP, five minutes */

static uint32_t pipe_ack(const struct te_validation *validation)
{
    uint32_t before = validation->pipe_ack_bytes[0];
    uint32_t now = validation->pipe_ack_bytes[1];
    return before > now ? before : now;
}

void te_validation_on_ack(struct te_validation *validation, const struct te_validation_ack *ack)
{
    if (seq_geq(ack->snd_una, validation->round_end)) {
        validation->pipe_ack_bytes[0] = validation->pipe_ack_bytes[1];
        validation->pipe_ack_bytes[1] = 0;
        validation->round_end = ack->snd_nxt;
    }
    validation->pipe_ack_bytes[1] += ack->acked_bytes;
    bool is_valid = ack->is_cwnd_limited || pipe_ack(validation) >= ack->cwnd_bytes / 2;
    if (is_valid)
        validation->nonvalidated_at_us = 0;
    else if (validation->nonvalidated_at_us == 0)
        validation->nonvalidated_at_us = ack->now_us > 0 ? ack->now_us : 1;
}

bool te_validation_is_validated(const struct te_validation *validation)
{
    return validation->nonvalidated_at_us == 0;
}

uint32_t te_validation_used_bytes(const struct te_validation *validation, uint32_t cwnd_bytes,
                                  uint32_t flight_bytes)
{
    if (te_validation_is_validated(validation))
        return cwnd_bytes;
    uint32_t used = pipe_ack(validation);
    if (used < flight_bytes)
        used = flight_bytes;
    return used < cwnd_bytes ? used : cwnd_bytes;
}

uint32_t te_validation_decay(struct te_validation *validation, uint32_t cwnd_bytes,
                             uint32_t initial_window_bytes, int64_t now_us)
{
    if (te_validation_is_validated(validation) ||
        now_us - validation->nonvalidated_at_us < NON_VALIDATED_PERIOD_US)
        return cwnd_bytes;
    validation->nonvalidated_at_us = now_us;
    uint32_t half = cwnd_bytes / 2;
    if (half >= initial_window_bytes)
        return half;
    return cwnd_bytes < initial_window_bytes ? cwnd_bytes : initial_window_bytes;
}
