#include "tcp/conn/drop_segment.h"

#include "tcp/conn/conn.h"

static void drop(struct te_stack *stack, enum te_drop_reason reason,
                 const struct te_segment *segment, uint8_t wscale, struct te_drop_about *about)
{
    struct te_segment_info info = te_segment_info_of(segment, wscale);
    info.len_bytes = (uint16_t)(segment->text_len > UINT16_MAX ? UINT16_MAX : segment->text_len);
    about->local = &segment->local;
    about->remote = &segment->remote;
    about->segment = &info;
    te_drop(stack, reason, about);
}

void te_drop_segment(struct te_stack *stack, const struct te_conn *conn, enum te_drop_reason reason,
                     const struct te_segment *segment)
{
    struct te_drop_about about = {.id = 0};
    if (conn != NULL) {
        about.id = conn->id;
        about.is_half_open = conn->state == TE_SYN_RCVD && conn->was_passive;
    }
    drop(stack, reason, segment, conn != NULL ? conn->snd_wscale : 0, &about);
}

void te_drop_segment_of(struct te_stack *stack, uint64_t id, enum te_drop_reason reason,
                        const struct te_segment *segment)
{
    struct te_drop_about about = {.id = id};
    drop(stack, reason, segment, 0, &about);
}
