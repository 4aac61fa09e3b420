#include "tcp/conn/history.h"

#include <assert.h>
#include <string.h>

void te_history_add(struct te_history_log *log, const struct te_transition *transition)
{
    assert(log->count <= TE_HISTORY_MAX);
    if (log->count == TE_HISTORY_MAX) {
        memmove(&log->items[1], &log->items[2], (TE_HISTORY_MAX - 2) * sizeof(log->items[0]));
        log->count--;
    }
    const struct te_segment_info *segment = &transition->segment;
    log->items[log->count++] = (struct te_history_item){
        .time_us = transition->time_us,
        .seq = segment->seq,
        .ack = segment->ack,
        .wnd_bytes = segment->wnd_bytes,
        .len_bytes = segment->len_bytes,
        .from = (uint8_t)transition->from,
        .to = (uint8_t)transition->to,
        .cause = (uint8_t)transition->cause,
        .flags = segment->flags,
        .has_segment = transition->has_segment,
    };
}

unsigned te_history_copy(const struct te_history_log *log, struct te_transition *ret_transitions)
{
    for (unsigned i = 0; i < log->count; i++) {
        const struct te_history_item *item = &log->items[i];
        ret_transitions[i] = (struct te_transition){
            .time_us = item->time_us,
            .from = (enum te_state)item->from,
            .to = (enum te_state)item->to,
            .cause = (enum te_cause)item->cause,
            .has_segment = item->has_segment,
            .segment = {item->seq, item->ack, item->wnd_bytes, item->len_bytes, item->flags},
        };
    }
    return log->count;
}
