#include "tcp/loss/validation.h"

#include <string.h>
#include <tcpengine/units.h>

#include "util/seq.h"

#define NON_VALIDATED_PERIOD_US 300000000 /* RFC 7661 4.4: NVP, five minutes */
/* RFC 7661 4.2: the pipeACK sampling period is max(3 * RTT, 1 second). */
#define SAMPLING_RTTS 3
#define SAMPLING_MIN_US TE_SECOND
/* No round trip takes that long; an hour would overflow part_us. */
#define SAMPLING_MAX_US 600000000

void te_validation_start(struct te_validation *validation, uint32_t snd_una)
{
    *validation = (struct te_validation){.round_start = snd_una, .round_end = snd_una};
}

/* --- pipeACK ---------------------------------------------------------------------------------- */

/* Drops what is older than the sampling period. */
static void age(struct te_validation *validation, int64_t now_us)
{
    if (validation->part_us == 0)
        return;
    uint32_t *samples = validation->pipe_ack_bytes;
    int64_t parts = (now_us - validation->part_at_us) / validation->part_us;
    for (int64_t i = 0; i < parts && i < TE_VALIDATION_PARTS; i++) {
        memmove(samples + 1, samples, (TE_VALIDATION_PARTS - 1) * sizeof(*samples));
        samples[0] = 0;
    }
    validation->part_at_us += parts * validation->part_us;
}

static uint32_t pipe_ack(const struct te_validation *validation)
{
    uint32_t most = 0;
    for (unsigned i = 0; i < TE_VALIDATION_PARTS; i++) {
        if (validation->pipe_ack_bytes[i] > most)
            most = validation->pipe_ack_bytes[i];
    }
    return most;
}

static uint32_t part_us(int64_t srtt_us)
{
    int64_t period_us = SAMPLING_RTTS * srtt_us;
    if (period_us < SAMPLING_MIN_US)
        period_us = SAMPLING_MIN_US;
    if (period_us > SAMPLING_MAX_US)
        period_us = SAMPLING_MAX_US;
    return (uint32_t)(period_us / TE_VALIDATION_PARTS);
}

static void take_sample(struct te_validation *validation, const struct te_validation_ack *ack)
{
    uint32_t sample = ack->snd_una - validation->round_start;
    if (validation->part_us == 0)
        validation->part_at_us = ack->now_us;
    age(validation, ack->now_us);
    validation->part_us = part_us(ack->srtt_us);
    if (validation->pipe_ack_bytes[0] < sample)
        validation->pipe_ack_bytes[0] = sample;
}

static void forget_pipe_ack(struct te_validation *validation)
{
    memset(validation->pipe_ack_bytes, 0, sizeof(validation->pipe_ack_bytes));
    validation->part_us = 0;
}

/* --- the phase -------------------------------------------------------------------------------- */

/* DEVIATION: RFC 7661 4.4 begins the phase by pipeACK alone. A flight that fills half of cwnd now
 * is the sample one RTT from now; without this a slow start whose flight is one frame short of
 * cwnd would drop in and out of the phase. */
static void judge(struct te_validation *validation, const struct te_validation_ack *ack)
{
    uint32_t enough = ack->cwnd_bytes / 2;
    if (pipe_ack(validation) >= enough)
        validation->nonvalidated_at_us = 0;
    else if (validation->nonvalidated_at_us == 0 && ack->prior_flight_bytes < enough)
        validation->nonvalidated_at_us = ack->now_us > 0 ? ack->now_us : 1;
}

void te_validation_on_ack(struct te_validation *validation, const struct te_validation_ack *ack)
{
    if (ack->is_recovering) { /* 4.2: no sample then */
        validation->round_start = validation->round_end = ack->snd_una;
        return;
    }
    if (validation->round_end == validation->round_start)
        validation->round_end = ack->snd_nxt;
    if (seq_lt(ack->snd_una, validation->round_end))
        return;
    take_sample(validation, ack);
    judge(validation, ack);
    validation->round_start = ack->snd_una;
    validation->round_end = ack->snd_nxt;
}

bool te_validation_is_validated(const struct te_validation *validation)
{
    return validation->nonvalidated_at_us == 0;
}

/* --- congestion ------------------------------------------------------------------------------- */

static uint32_t used_bytes(const struct te_validation *validation,
                           const struct te_validation_event *event)
{
    if (te_validation_is_validated(validation))
        return event->cwnd_bytes;
    uint32_t used = pipe_ack(validation);
    if (used < event->flight_bytes)
        used = event->flight_bytes;
    return used < event->cwnd_bytes ? used : event->cwnd_bytes;
}

/* pipeACK is used once (4.2, at the end): what was measured before says nothing about the path now.
 */
uint32_t te_validation_on_congestion(struct te_validation *validation,
                                     const struct te_validation_event *event)
{
    age(validation, event->now_us);
    uint32_t used = used_bytes(validation, event);
    bool has_phase = !te_validation_is_validated(validation) && !event->is_timeout;
    validation->loss_used_bytes = has_phase ? used : 0;
    validation->resent_bytes = 0;
    validation->nonvalidated_at_us = 0;
    forget_pipe_ack(validation);
    return used;
}

void te_validation_on_resent(struct te_validation *validation, uint32_t bytes)
{
    validation->resent_bytes += bytes;
}

/* (max(pipeACK, LossFlightSize) - R) / 2, with the algorithm's own factor in place of the half. */
void te_validation_on_recovered(struct te_validation *validation, struct te_congestion *cc,
                                uint32_t mss_bytes)
{
    uint32_t used = validation->loss_used_bytes;
    uint32_t resent = validation->resent_bytes < used ? validation->resent_bytes : used;
    validation->loss_used_bytes = validation->resent_bytes = 0;
    if (resent == 0)
        return;
    uint32_t window = (uint32_t)((uint64_t)cc->cwnd_bytes * (used - resent) / used);
    cc->cwnd_bytes = window > mss_bytes ? window : mss_bytes;
    cc->ssthresh_bytes = window > 2 * mss_bytes ? window : 2 * mss_bytes;
}

void te_validation_decay(struct te_validation *validation, struct te_congestion *cc,
                         uint32_t initial_window_bytes, int64_t now_us)
{
    if (te_validation_is_validated(validation) ||
        now_us - validation->nonvalidated_at_us < NON_VALIDATED_PERIOD_US)
        return;
    validation->nonvalidated_at_us = now_us;
    uint32_t sustained = (uint32_t)((uint64_t)cc->cwnd_bytes * 3 / 4);
    if (cc->ssthresh_bytes < sustained)
        cc->ssthresh_bytes = sustained;
    uint32_t half = cc->cwnd_bytes / 2;
    uint32_t least = half > initial_window_bytes ? half : initial_window_bytes;
    if (cc->cwnd_bytes > least)
        cc->cwnd_bytes = least;
}
