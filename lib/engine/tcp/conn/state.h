/* State transitions. Each one is checked against the table of legal edges (RFC 9293 3.3.2, figure
 * 5, with the ways to CLOSED that the text of 3.10 adds), recorded in the history, counted, and
 * reported to the host as an event.
 *
 * Invariant: te_conn.state is assigned in this module alone, by the two functions below that name a
 * connection. The exceptions are those that make a connection: te_conn_new gives it CLOSED or
 * LISTEN (life.h), and a restore the state that was saved (save/conn_save.c). Hence every other
 * change of a state has its event and its counters, and te_conn_table.state_count equals a recount
 * (invariants.c). */
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
    uint32_t uid, tag;
    const struct te_endpoint *local, *remote;
    struct te_history_log *history; /* NULL when the graveyard has overwritten it */
};

/* Records a transition of anything that has a state: history, counters (those of RFC 4022 are
 * defined on edges) and event. Writes no state. Asserts that the edge is legal. All pointers are
 * borrowed until it returns. */
void te_state_record(struct te_stack *stack, const struct te_state_subject *subject,
                     const struct te_state_change *change);

/* Moves a connection to another state at stack->now_us, and records that. The event carries
 * conn->error; segment is the one behind the change, or NULL. Timers are left alone. */
void te_conn_set_state(struct te_stack *stack, struct te_conn *conn, enum te_state to,
                       enum te_cause cause, const struct te_segment_info *segment);

/* TIME_WAIT -> CLOSED for remains that still have a user: their entry in the TIME_WAIT table, whose
 * end the caller has recorded, is gone. When nothing is left to read the REMAINS timer starts. */
void te_conn_on_time_wait_end(struct te_stack *stack, struct te_conn *conn);

/* Whether the transition is legal. */
bool te_state_is_edge(enum te_state from, enum te_state to);

#endif
