/* Birth and death of connections and listeners.
 *
 * te_conn_end_protocol() and te_conn_end_user() are the only two ways out of a connection (conn.h);
 * the second of them to come frees the memory. */
#ifndef TCPENGINE_TCP_LIFE_H
#define TCPENGINE_TCP_LIFE_H

#include "tcp/conn/conn.h"
#include "tcp/conn/segment_in.h"

struct te_conn_birth {
    struct te_endpoint local, remote;
    struct te_addr next_hop;
    uint32_t uid;
    uint64_t id;         /* 0: a new one */
    enum te_state state; /* CLOSED, or LISTEN for the child of a listener */
    uint32_t isn_floor;  /* the ISN must be above it ... */
    bool has_isn_floor;  /* ... when this is set (RFC 1122 4.2.2.13) */
    uint32_t iss;        /* the ISN that a SYN cookie chose ... */
    bool has_iss;        /* ... when this is set */
};

/* Makes a connection in CLOSED, in the table, with its ISS chosen. NULL, *ret_err set, when a limit
 * or the allocator refuses. */
struct te_conn *te_conn_new(struct te_stack *stack, const struct te_conn_birth *birth,
                            enum te_err *ret_err);

/* The protocol is over: CLOSED with its cause, out of the demux table and all queues, timers off.
 * The connection is freed when its user has gone before; else its remains stay. */
struct te_death {
    enum te_state to; /* CLOSED; LISTEN for a passive opening that is reset; TIME_WAIT */
    enum te_cause cause;
    enum te_err error;                     /* TE_OK for an orderly end */
    const struct te_segment_info *segment; /* or NULL */
};
void te_conn_end_protocol(struct te_stack *stack, struct te_conn *conn,
                          const struct te_death *death);
/* The user is gone; frees remains at once. */
void te_conn_end_user(struct te_stack *stack, struct te_conn *conn);
/* Frees without a word; for te_stack_free. */
void te_conn_destroy(struct te_stack *stack, struct te_conn *conn);
/* All connections; for te_stack_free. */
void te_conns_destroy(struct te_stack *stack);
/* Ends the protocol in TIME_WAIT, with the ACK that is owed on its way. */
void te_conn_enter_time_wait(struct te_stack *stack, struct te_conn *conn, enum te_cause cause,
                             const struct te_segment *segment);

/* Drops unread bytes and gives the receive memory back. */
void te_conn_drop_received(struct te_stack *stack, struct te_conn *conn);

/* Counts it among the orphans, or no longer: its user has gone, and the protocol still runs. */
void te_conn_account_orphan(struct te_stack *stack, struct te_conn *conn);

/* --- listeners -------------------------------------------------------------------------------- */

/* LISTEN -> CLOSED: resets what waits in both queues, and frees. */
void te_listener_close(struct te_stack *stack, struct te_listener *listener, enum te_cause cause);
/* Without a transition of its own: the listener turns into a connection that takes over its id. */
void te_listener_free(struct te_stack *stack, struct te_listener *listener);
/* All listeners; for te_stack_free. */
void te_listeners_free(struct te_stack *stack);

#endif
