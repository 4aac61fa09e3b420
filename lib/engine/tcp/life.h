/* Birth and death of connections and listeners.
 *
 * A connection ends twice: for the protocol and for its user (conn.h). Whichever comes second frees
 * it, so after te_conn_end_protocol() or te_conn_end_user() the pointer may be dangling; the id
 * never is. Then its history is in the graveyard, and the host gets TE_READY_END. */
#ifndef TCPENGINE_TCP_LIFE_H
#define TCPENGINE_TCP_LIFE_H

#include "tcp/conn/conn.h"
#include "tcp/conn/segment_in.h"

struct te_conn_birth {
    struct te_endpoint local, remote;
    struct te_addr next_hop;
    uint32_t uid, tag;
    uint64_t id;         /* 0: a new one; else that of the listener that turns active */
    enum te_state state; /* CLOSED, or LISTEN for the child of a listener */
    uint32_t isn_floor;  /* with has_isn_floor: the ISN must be above it (RFC 1122 4.2.2.13) */
    bool has_isn_floor;
    uint32_t iss; /* with has_iss: the ISN that a SYN cookie chose */
    bool has_iss;
};

/* Makes a connection in birth->state, in the table, with its ISS chosen and the configuration's
 * defaults. NULL, with nothing changed but perhaps the next id: *ret_err is TE_ERR_RESOURCES
 * (config.conn_max connections exist) or TE_ERR_NOMEM; the caller refuses the opening. */
struct te_conn *te_conn_new(struct te_stack *stack, const struct te_conn_birth *birth,
                            enum te_err *ret_err);

/* How a protocol ends. */
struct te_death {
    enum te_state to; /* CLOSED; LISTEN for a passive opening that is reset; TIME_WAIT */
    enum te_cause cause;
    enum te_err error;                     /* TE_OK for an orderly end */
    const struct te_segment_info *segment; /* the segment behind it, or NULL */
};
/* The protocol is over: the connection leaves the demux table and all queues, its timers stop, its
 * send buffer is freed; on an error what was received is dropped, too. Sends nothing: a RST is the
 * caller's (reset.h), before. Frees the connection when its user is gone or it was never accepted;
 * else its remains stay until CLOSE, or for config.remains_us once nothing is left to read. With
 * death->to TIME_WAIT an entry of the TIME_WAIT table takes over; when it refuses (full, or no
 * memory) the connection is CLOSED at once. Not for remains. */
void te_conn_end_protocol(struct te_stack *stack, struct te_conn *conn,
                          const struct te_death *death);
/* The user is gone: frees remains at once; a connection whose protocol runs becomes an orphan. */
void te_conn_end_user(struct te_stack *stack, struct te_conn *conn);
/* Frees silently, in any state: no event, no segment, no grave. For te_stack_free. */
void te_conn_destroy(struct te_stack *stack, struct te_conn *conn);
/* All connections; for te_stack_free. */
void te_conns_destroy(struct te_stack *stack);
/* te_conn_end_protocol in TIME_WAIT, after which the ACK that is owed, if any, is sent. segment is
 * the one behind it. */
void te_conn_enter_time_wait(struct te_stack *stack, struct te_conn *conn, enum te_cause cause,
                             const struct te_segment *segment);

/* Drops unread bytes and frees the receive memory. */
void te_conn_drop_received(struct te_stack *stack, struct te_conn *conn);

/* Counts the connection as an orphan exactly while its user is gone and its protocol runs; to be
 * called after either changes. The limit, config.orphan_max, is applied by CLOSE. */
void te_conn_account_orphan(struct te_stack *stack, struct te_conn *conn);

/* --- listeners -------------------------------------------------------------------------------- */

/* LISTEN -> CLOSED: resets the connections in both queues and frees the listener. Those that were
 * given out already live on. */
void te_listener_close(struct te_stack *stack, struct te_listener *listener, enum te_cause cause);
/* The same without a transition, event or grave of its own: for a listener that turns into a
 * connection, which takes over its id. */
void te_listener_free(struct te_stack *stack, struct te_listener *listener);
/* All listeners; for te_stack_free. */
void te_listeners_free(struct te_stack *stack);

#endif
