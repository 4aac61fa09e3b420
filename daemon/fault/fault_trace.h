/* Which faults have hit which connections: what is left to say of a connection when the fault is
 * over, and the connection too. Bounded: the pair whose last hit is the oldest makes room. */
#ifndef TCPENGINED_FAULT_TRACE_H
#define TCPENGINED_FAULT_TRACE_H

#include <tcpengine/fault.h>

#define FAULT_TRACES_MAX 1024

struct fault_trace {
    uint64_t conn_id, fault_id;
    struct te_fault_spec spec;
    uint32_t probability_millionths;
    uint64_t count;     /* of hits that end it; 0: no limit */
    uint64_t hits;      /* in all */
    uint64_t hits_here; /* of this connection */
    int64_t hit_at_us;  /* the last of those; TE_NEVER: none yet */
    bool is_over;
};

struct fault_traces {
    struct fault_trace rows[FAULT_TRACES_MAX];
    unsigned count;
};

/* A hit: trace has all but hits_here. */
void fault_traces_add(struct fault_traces *traces, const struct fault_trace *trace);
/* The fault is over, after so many hits. */
void fault_traces_end(struct fault_traces *traces, uint64_t fault_id, uint64_t hits);
/* The first trace of a connection from row *at on, which moves behind it; NULL: no more. */
const struct fault_trace *fault_traces_next(const struct fault_traces *traces, uint64_t conn_id,
                                            unsigned *at);

#endif
