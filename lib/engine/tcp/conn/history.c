#include "tcp/conn/history.h"

#include <assert.h>
#include <string.h>

#define MORE_BYTES (TE_HISTORY_MORE * sizeof(struct te_history_item))

static struct te_history_item *item_at(struct te_history_log *log, unsigned index)
{
    return index < TE_HISTORY_INLINE ? &log->first[index] : &log->more[index - TE_HISTORY_INLINE];
}

static unsigned room_of(const struct te_history_log *log)
{
    return log->more != NULL ? TE_HISTORY_MAX : TE_HISTORY_INLINE;
}

static void drop_second(struct te_history_log *log)
{
    for (unsigned i = 2; i < log->count; i++)
        *item_at(log, i - 1) = *item_at(log, i);
    log->count--;
}

void te_history_add(struct te_history_log *log, const struct te_transition *transition,
                    const struct te_allocator *allocator)
{
    assert(log->count <= room_of(log));
    if (log->count == TE_HISTORY_INLINE && log->more == NULL)
        log->more = allocator->alloc(allocator->ctx, MORE_BYTES);
    if (log->count == room_of(log))
        drop_second(log);
    const struct te_segment_info *segment = &transition->segment;
    *item_at(log, log->count++) = (struct te_history_item){
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

size_t te_history_more_bytes(const struct te_history_log *log)
{
    return log->more != NULL ? MORE_BYTES : 0;
}

void te_history_clear(struct te_history_log *log, const struct te_allocator *allocator)
{
    if (log->more != NULL)
        allocator->free(allocator->ctx, log->more, MORE_BYTES);
    *log = (struct te_history_log){.count = 0};
}

void te_history_settle(struct te_history_log *log, struct te_history_item *room,
                       const struct te_allocator *allocator)
{
    if (log->more != NULL) {
        memcpy(room, log->more, MORE_BYTES);
        allocator->free(allocator->ctx, log->more, MORE_BYTES);
    }
    log->more = room;
}

struct te_history_log te_history_move(struct te_history_log *log)
{
    struct te_history_log moved = *log;
    *log = (struct te_history_log){.count = 0};
    return moved;
}

unsigned te_history_copy(const struct te_history_log *log, struct te_transition *ret_transitions)
{
    for (unsigned i = 0; i < log->count; i++) {
        const struct te_history_item *item =
            i < TE_HISTORY_INLINE ? &log->first[i] : &log->more[i - TE_HISTORY_INLINE];
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
