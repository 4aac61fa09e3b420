#include "tcp/loss/undo.h"

#include <assert.h>

#include "util/seq.h"

void te_undo_arm(struct te_undo *undo, const struct te_congestion *cc, uint32_t snd_una)
{
    *undo = (struct te_undo){.is_armed = true, .marker = snd_una, .before = *cc};
    undo->state_before = *cc->state;
}

void te_undo_disarm(struct te_undo *undo)
{
    undo->is_armed = false;
}

void te_undo_on_resent(struct te_undo *undo, uint32_t start, uint32_t end, uint32_t ts_value)
{
    if (!undo->is_armed)
        return;
    if (!undo->has_resent) {
        undo->first_resent_ts = ts_value;
        undo->resent_start = start;
        undo->resent_end = end;
    }
    undo->has_resent = true;
    if (seq_lt(start, undo->resent_start))
        undo->resent_start = start;
    undo->resent_end = seq_max(undo->resent_end, end);
    undo->unproved_bytes += end - start;
}

void te_undo_on_dsack(struct te_undo *undo, uint32_t start, uint32_t end)
{
    bool is_ours = undo->is_armed && undo->has_resent && seq_geq(start, undo->marker) &&
                   seq_geq(start, undo->resent_start) && seq_leq(end, undo->resent_end);
    if (!is_ours)
        return;
    uint32_t len = end - start;
    undo->unproved_bytes -= len < undo->unproved_bytes ? len : undo->unproved_bytes;
}

bool te_undo_by_dsack(const struct te_undo *undo)
{
    return undo->is_armed && undo->has_resent && undo->unproved_bytes == 0;
}

bool te_undo_by_timestamp(const struct te_undo *undo, uint32_t snd_una, uint32_t ts_echo)
{
    return undo->is_armed && undo->has_resent && seq_geq(snd_una, undo->resent_end) &&
           seq_lt(ts_echo, undo->first_resent_ts);
}

void te_undo_apply(struct te_undo *undo, struct te_congestion *cc, int64_t now_us)
{
    assert(undo->is_armed && cc->ops == undo->before.ops);
    cc->ops->on_undo(cc, &undo->before, &undo->state_before, now_us);
    undo->is_armed = false;
}
