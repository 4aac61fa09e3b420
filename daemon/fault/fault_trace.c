#include "fault/fault_trace.h"

/* Its row, or the one that is to be its: a new one, or the oldest. */
static struct fault_trace *row_of(struct fault_traces *traces, uint64_t conn_id, uint64_t fault_id)
{
    struct fault_trace *oldest = &traces->rows[0];
    for (unsigned i = 0; i < traces->count; i++) {
        struct fault_trace *row = &traces->rows[i];
        if (row->conn_id == conn_id && row->fault_id == fault_id)
            return row;
        if (row->hit_at_us < oldest->hit_at_us)
            oldest = row;
    }
    if (traces->count == FAULT_TRACES_MAX)
        oldest->hits_here = 0;
    else
        oldest = &traces->rows[traces->count++];
    return oldest;
}

void fault_traces_add(struct fault_traces *traces, const struct fault_trace *trace)
{
    struct fault_trace *row = row_of(traces, trace->conn_id, trace->fault_id);
    uint64_t hits_here = row->hits_here + 1;
    *row = *trace;
    row->hits_here = hits_here;
}

void fault_traces_end(struct fault_traces *traces, uint64_t fault_id, uint64_t hits)
{
    for (unsigned i = 0; i < traces->count; i++) {
        struct fault_trace *row = &traces->rows[i];
        if (row->fault_id != fault_id)
            continue;
        row->is_over = true;
        row->hits = hits;
    }
}

const struct fault_trace *fault_traces_next(const struct fault_traces *traces, uint64_t conn_id,
                                            unsigned *at)
{
    while (*at < traces->count && traces->rows[*at].conn_id != conn_id)
        ++*at;
    return *at < traces->count ? &traces->rows[(*at)++] : NULL;
}
