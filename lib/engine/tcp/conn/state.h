/* The only writer of a state. Each change is checked against the table of legal edges (RFC 9293
 * 3.3.2, figure 5, with the ways to CLOSED that its text adds), recorded in the history, counted,
 * and told to the host. */
#ifndef TCPENGINE_TCP_CONN_STATE_H
#define TCPENGINE_TCP_CONN_STATE_H

#include "tcp/conn/history.h"

struct te_stack;
struct te_conn;

struct te_state_change {
    enum te_state from, to;
    enum te_cause cause;
    enum te_err error;                     /* on the way to CLOSED */
    const struct te_segment_info *segment; /* the segment behind it, or NULL */
};

/* Whose state it is: a connection, a listener, or an entry of the TIME_WAIT table. */
struct te_state_subject {
    uint64_t id;
    uint32_t uid;
    const struct te_endpoint *local, *remote;
    struct te_history_log *history; /* NULL when it has been forgotten */
};

void te_state_record(struct te_stack *stack, const struct te_state_subject *subject,
                     const struct te_state_change *change);

/* te_state_record for a connection, and its state is the new one. */
void te_conn_set_state(struct te_stack *stack, struct te_conn *conn, enum te_state to,
                       enum te_cause cause, const struct te_segment_info *segment);

/* The 2MSL of remains that still have a user is over: the entry of the TIME_WAIT table, which has
 * recorded it, was theirs. */
void te_conn_on_time_wait_end(struct te_stack *stack, struct te_conn *conn);

/* The table itself, for tests and for documentation. */
bool te_state_is_edge(enum te_state from, enum te_state to);

#endif
