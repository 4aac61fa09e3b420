#include "watch/latency.h"

const int64_t latency_bounds_us[LATENCY_BUCKETS] = {
    50,    100,   250,    500,    1000,   2500,    5000,    10000,
    25000, 50000, 100000, 250000, 500000, 1000000, 3000000, 10000000};

void histogram_observe(struct histogram *histogram, int64_t value_us)
{
    unsigned bucket = 0;
    if (value_us < 0)
        value_us = 0;
    while (bucket < LATENCY_BUCKETS && value_us > latency_bounds_us[bucket])
        bucket++;
    histogram->counts[bucket]++;
    histogram->sum_us += (uint64_t)value_us;
}

uint64_t histogram_count(const struct histogram *histogram)
{
    uint64_t count = 0;
    for (unsigned i = 0; i <= LATENCY_BUCKETS; i++)
        count += histogram->counts[i];
    return count;
}

static bool is_opening(enum te_state state)
{
    return state == TE_SYN_SENT || state == TE_SYN_RCVD;
}

void latency_on_transition(struct latency *latency, uint64_t id,
                           const struct te_transition *transition)
{
    struct latency_opening *opening = &latency->openings[id & (LATENCY_OPENINGS_MAX - 1)];
    if (is_opening(transition->to)) {
        if (!is_opening(transition->from))
            *opening = (struct latency_opening){.id = id, .started_at_us = transition->time_us};
        return;
    }
    if (opening->id != id)
        return;
    if (transition->to == TE_ESTABLISHED)
        histogram_observe(&latency->handshake, transition->time_us - opening->started_at_us);
    opening->id = 0;
}

void latency_on_event(struct latency *latency, const struct te_event *event,
                      const struct te_stack *stack)
{
    struct te_status status;
    if (event->kind != TE_EVENT_STATE)
        return;
    latency_on_transition(latency, event->id, &event->transition);
    if (event->transition.from == TE_ESTABLISHED && te_status(stack, event->id, &status) == TE_OK &&
        status.srtt_us > 0)
        histogram_observe(&latency->rtt, status.srtt_us);
}
