#include "watch/latency.h"

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
