/* The user calls of RFC 9293 3.9.1 and 3.10.1-3.10.6.
 *
 * Connections and listeners are named by 64-bit ids, below 2^53 and never reused. An id outlives
 * the object only in te_history() and te_drops(); every other call answers TE_ERR_NO_CONNECTION for
 * one that is gone. Stream offsets count the bytes of one direction from 0, SYN and FIN excluded.
 *
 * No call blocks: what has to wait answers TE_ERR_AGAIN or succeeds later, and an event reports it
 * (te_stack_next_event). After each call that takes now_us, poll output: it may have queued
 * segments. Threads, re-entrancy, time and lifetimes are as in stack.h: none of these calls may be
 * made from the host's allocators. types.h says what the error codes mean in general; each
 * function here, when each one comes, and what to do about it.
 *
 * Two ends. The protocol ends by RST, timeout, the last ACK, or by moving to TIME_WAIT; the user
 * ends by te_close() or te_abort(). When the protocol ends first, the connection's remains stay for
 * the user, who may still ask for its status, for received bytes after an orderly end, and for the
 * cause of death; te_close() frees them. Without it, they are freed config.remains_us after they
 * reached CLOSED and all received bytes were taken. */
#ifndef TCPENGINE_CONN_H
#define TCPENGINE_CONN_H

#include <tcpengine/config.h>
#include <tcpengine/stack.h>
#include <tcpengine/status_list.h>

/* --- OPEN (RFC 9293 3.10.1) ------------------------------------------------------------------- */

/* What an active OPEN asks for. */
struct te_open {
    /* addr unspecified: chosen by the route; port 0: ephemeral (RFC 6056). Both are the listener's
     * when listener_id is set, and these are ignored. */
    struct te_endpoint local;
    struct te_endpoint remote; /* fully specified */
    uint32_t uid;              /* of the owner, as the host understands it; only stored */
    uint32_t tag;              /* the host's own note of who it is: te_set_tag */
    uint64_t listener_id;      /* not 0: the passive OPEN that turns active (3.10.1, LISTEN) */

    /* The first SEND, copied and queued as by te_send, which may have room for only a part:
     * te_status.send_accepted says how much. With fast_open as much of it as possible goes on the
     * SYN (RFC 7413), where config.fast_open allows it and a cookie of the server is known; else
     * the SYN asks for one. A SYN may arrive twice: only for data that does no harm when it is
     * delivered twice. */
    bool fast_open;
    const void *data; /* borrowed until return; NULL with data_len 0 */
    size_t data_len;
};

/* Of whom a listener on all of our addresses takes SYNs. */
enum te_listen_family { TE_LISTEN_ANY, TE_LISTEN_V4, TE_LISTEN_V6, TE_LISTEN_FAMILY_COUNT };

/* What a passive OPEN asks for. */
struct te_listen {
    struct te_endpoint local;     /* addr unspecified: all of ours; port must not be 0 */
    struct te_endpoint remote;    /* unspecified: any peer; else only that one (RFC 9293 MUST-43) */
    uint32_t uid;                 /* of the owner, as the host understands it; only stored */
    uint32_t tag;                 /* its connections have it, too: te_set_tag */
    uint32_t backlog;             /* accept queue; 0: 128; cut to config.backlog_max */
    enum te_listen_family family; /* TE_LISTEN_ANY, unless local.addr is unspecified */
    /* Data on a SYN may be received before the handshake is over, and then perhaps twice (RFC 7413
     * 2.1); te_accept gives out such connections in SYN_RCVD. config.fast_open must allow it. */
    bool fast_open;
};

/* Active OPEN: CLOSED -> SYN_SENT, or LISTEN -> SYN_SENT under the same id with listener_id, whose
 * waiting connections are reset. *ret_id names the connection from now on. The SYN leaves with the
 * next output; TE_READY_OPEN follows when the opening is over, one way or the other (te_status).
 *
 * TE_ERR_REMOTE_UNSPECIFIED: remote has no address or no port. Name both.
 * TE_ERR_INVALID: remote is a multicast, broadcast or loopback address, or one of our own, to which
 *     the link does not lead. Choose another.
 * TE_ERR_NO_ROUTE: no route of config and no network of ours holds remote, or we have no address of
 *     its family. Add a route or an address to the configuration.
 * TE_ERR_ADDR_NOT_AVAILABLE: local.addr is not one of ours, is of another family than remote, is
 *     held by another station, or has not passed duplicate address detection yet; so may all of
 *     ours when it was left open. Name one of te_stack_addresses(), or try again when
 *     te_stack_is_address_ready().
 * TE_ERR_ADDR_IN_USE: local.port was 0, and no ephemeral port is free toward this remote. Close
 *     something, wait for TIME_WAIT entries to end, or widen config.port_first to port_last.
 * TE_ERR_EXISTS: a connection or a TIME_WAIT entry has this 4-tuple, or listener_id is a
 *     connection's. Choose another local port, or use the one that exists.
 * TE_ERR_RESOURCES: config.conn_max connections exist, or the uid has its share of them, remains
 *     included (limits.h: te_open_limit says which). Close some.
 * TE_ERR_MEMORY_SHARE: the uid holds its share of config.memory_max_bytes (pressure.h). Read or
 *     close some of its connections.
 * TE_ERR_PORT_SHARE: the uid holds its share of the ephemeral ports toward this remote (limits.h),
 *     and local.port is 0 or one of them. Close something, or wait for TIME_WAIT entries to end.
 * TE_ERR_NOMEM: the allocator refused the control block. Free something, try again.
 * TE_ERR_NO_CONNECTION: listener_id is not 0, and no listener or connection has that id. Open
 *     without it.
 *
 * After an error nothing has changed; a listener stays as it was. */
enum te_err te_open_active(struct te_stack *stack, const struct te_open *open, uint64_t *ret_id,
                           int64_t now_us);

/* Passive OPEN: a listener, in LISTEN until te_close() or te_abort(), or until it turns active.
 * SYNs that fit several listeners go to the most specific: remote address first, then remote port,
 * then local address. TE_READY_ACCEPT reports connections to take.
 *
 * TE_ERR_INVALID: local.port is 0, remote.addr is a multicast, broadcast or loopback address, or
 *     family does not go with local.addr. Name a port, or a peer that can exist.
 * TE_ERR_ADDR_NOT_AVAILABLE: local.addr is not one of ours, or has not passed duplicate address
 *     detection yet. Use one of te_stack_addresses(), wait, or leave it unspecified.
 * TE_ERR_ADDR_IN_USE: another listener has this port and this remote, on the same local address or
 *     on all of them. Close it, or listen elsewhere. Connections and TIME_WAIT entries on the port
 *     do not matter.
 * TE_ERR_RESOURCES: config.listeners_max listeners exist, or the uid has its share of them
 * (limits.h: te_open_limit says which). Close one. TE_ERR_NOMEM: the allocator refused. Free
 * something, try again. */
enum te_err te_open_passive(struct te_stack *stack, const struct te_listen *listen,
                            uint64_t *ret_id, int64_t now_us);
/* The port on which that passive OPEN would not answer TE_ERR_ADDR_IN_USE: local.port, or if that
 * is 0 one of the ephemeral ports (RFC 6056). 0: it would, or no port is free. Reserves nothing. */
uint16_t te_listen_port(struct te_stack *stack, const struct te_listen *listen);

/* Takes the oldest ready connection of a listener; uid becomes its owner. It is ESTABLISHED, may
 * have moved on to CLOSE_WAIT, or is still in SYN_RCVD (te_listen.fast_open). While more wait,
 * TE_READY_ACCEPT comes again.
 *
 * TE_ERR_AGAIN: none is ready. Wait for TE_READY_ACCEPT.
 * TE_ERR_NOMEM: the allocator refused to note a uid that holds nothing yet. Free something, try
 *     again; the connection waits.
 * TE_ERR_NOT_LISTENER: the id is a connection's, perhaps of a listener that turned active.
 * TE_ERR_NO_CONNECTION: no such listener (any more). Its connections that waited were reset. */
enum te_err te_accept(struct te_stack *stack, uint64_t listener_id, uint32_t uid, uint64_t *ret_id,
                      int64_t now_us);

/* Puts the host's note on a connection, in place of that of its OPEN or listener. It is in the
 * status and the events of the connection from now on, and in what is kept of it: its TIME_WAIT
 * entry and its history. To the engine it is just a number.
 *
 * TE_ERR_NO_CONNECTION: no connection has that id. TE_ERR_NOMEM: the allocator refused; the old
 *     note stays. */
enum te_err te_set_tag(struct te_stack *stack, uint64_t id, uint32_t tag);
/* Whether something of uid has that tag: a connection, a listener, a TIME_WAIT entry, or a history.
 * Events that were not taken yet do not count. O(1). */
bool te_tag_is_used(const struct te_stack *stack, uint32_t uid, uint32_t tag);
/* How many connections of uid have it: those of a full control block, failed ones and those with
 * unread bytes in TIME_WAIT included. O(1). */
uint32_t te_tag_connections(const struct te_stack *stack, uint32_t uid, uint32_t tag);

/* --- SEND and RECEIVE (RFC 9293 3.10.2, 3.10.3) ----------------------------------------------- */

/* SEND. Copies up to len bytes into the send buffer and says how many in *ret_accepted: fewer than
 * len, 0 included, when the buffer is full. Keep the rest and continue at TE_READY_SEND, which
 * comes when the peer has acknowledged something. (When memory refuses while nothing is queued, no
 * ACK will come: then TE_READY_SEND comes after a tenth of a second, to try again.) In SYN_SENT and
 * SYN_RCVD data is queued. The data is borrowed until return, and may be NULL when len is 0.
 *
 * TE_ERR_CLOSING: after te_shutdown() or te_close(), after an orderly end, or in TIME_WAIT. There
 *     is no more sending on this connection.
 * TE_ERR_STATE: the id is a listener's. Name the remote first: te_open_active with listener_id.
 * TE_ERR_NO_CONNECTION: no such connection (any more).
 * The cause of death (TE_ERR_RESET ...) when the connection has failed: what was not acknowledged
 *     (te_status.send_acked) may or may not have arrived. Close it. */
enum te_err te_send(struct te_stack *stack, uint64_t id, const void *data, size_t len,
                    size_t *ret_accepted, int64_t now_us);

/* Received bytes, in one or two pieces: iov[0], then iov[1], whose lengths add up to total_bytes;
 * an unused one has length 0. */
struct te_received {
    struct te_iovec iov[2];
    size_t total_bytes;
    bool is_end; /* the peer's FIN follows the last byte shown */
};

/* RECEIVE comes in two steps, so that a reader may ask twice for the same bytes: this one shows
 * what was received from stream offset on, at most max_bytes; te_receive_release() frees it. The
 * pieces are the receive buffer itself, valid until the next call that changes the stack.
 *
 * TE_READY_RECEIVE comes once for what has arrived since the last event: read until TE_ERR_AGAIN,
 * or remember that there is more.
 *
 * TE_ERR_AGAIN: nothing from offset on yet, or the handshake is not over. Wait for the event
 *     TE_READY_RECEIVE.
 * TE_ERR_CLOSING: the stream has ended in order and offset is its end, or the connection is in
 *     TIME_WAIT with everything taken. All was received: close.
 * TE_ERR_OFFSET: offset is below what was released, or above what was received. Ask from
 *     te_status.receive_released on.
 * TE_ERR_STATE: the id is a listener's. Accept first.
 * TE_ERR_NO_CONNECTION: no such connection (any more).
 * The cause of death when the connection has failed. Unread bytes went with it: "all segment queues
 *     should be flushed" (RFC 9293 3.10.7.4). Close it. */
enum te_err te_receive_peek(struct te_stack *stack, uint64_t id, uint64_t offset, size_t max_bytes,
                            struct te_received *ret_received);

/* Frees received bytes below stream offset, which opens the window again (RFC 9293 3.8.6.2.2).
 * Releasing what was released before is legal and does nothing.
 *
 * TE_ERR_OFFSET: offset is above what was received. Release at most what a peek has shown.
 * TE_ERR_CLOSING: in TIME_WAIT with everything taken. Nothing is left to release.
 * TE_ERR_STATE: the id is a listener's.
 * TE_ERR_NO_CONNECTION: no such connection (any more). */
enum te_err te_receive_release(struct te_stack *stack, uint64_t id, uint64_t offset,
                               int64_t now_us);

/* --- CLOSE and ABORT (RFC 9293 3.10.4, 3.10.5) ------------------------------------------------ */

/* Half close: FIN after all that was sent; receiving continues. The FIN goes out behind the queued
 * data; events report the states that follow. A connection that is not accepted yet is taken
 * from its listener's queue and belongs to the caller.
 *
 * TE_ERR_CLOSING: it was called before, te_close() was, or the protocol has ended in order
 *     (TIME_WAIT included). Nothing to do.
 * TE_ERR_STATE: LISTEN or SYN_SENT, where there is no stream to end. Use te_close().
 * TE_ERR_NO_CONNECTION: no such connection (any more).
 * The cause of death when the connection has failed. Close it. */
enum te_err te_shutdown(struct te_stack *stack, uint64_t id, int64_t now_us);

/* CLOSE: FIN after all that was sent, and the user gives the connection up: do not use the id
 * afterwards, except to watch it. What happens depends on the state:
 *
 * - SYN_SENT: CLOSED at once; queued data is dropped.
 * - Received bytes that were not released, or that come later, reset the connection, so that the
 *   peer learns that they were not read (RFC 9293 3.6.1, RFC 2525 2.17).
 * - Else it becomes an orphan and finishes by itself, within config.orphan_us (in FIN_WAIT_2
 *   config.fin_wait_2_us); beyond config.orphan_max orphans it is reset at once.
 * - After te_shutdown it only gives the connection up; no second FIN.
 * - What is left of a dead or TIME_WAIT connection is freed; the TIME_WAIT entry itself stays.
 * - A listener goes to CLOSED; its connections that were not accepted are reset.
 *
 * All of these are TE_OK. TE_READY_END comes when the control block is freed; after that, only a
 * TIME_WAIT entry still has the id, and reports its own end as TE_EVENT_STATE.
 *
 * TE_ERR_CLOSING: it was called before, or only the TIME_WAIT entry is left. Nothing to do.
 * TE_ERR_NO_CONNECTION: nothing has that id (any more). Nothing to do. */
enum te_err te_close(struct te_stack *stack, uint64_t id, int64_t now_us);

/* ABORT: CLOSED at once, and all data dropped, with a RST where RFC 9293 3.10.5 asks for one or
 * where our FIN still waits behind data. Ends listeners as te_close() does, and TIME_WAIT entries,
 * silently: their 4-tuple is free again before 2MSL, with what RFC 1337 says about that. Also legal
 * after te_close().
 *
 * TE_ERR_NO_CONNECTION: nothing has that id (any more). Nothing to do. */
enum te_err te_abort(struct te_stack *stack, uint64_t id, int64_t now_us);

/* --- options of one connection ---------------------------------------------------------------- */

/* What te_set_option() changes: X(number, NAME, name, unit, help). name is what users call it, unit
 * what one of theirs is in the engine's measure; 0: a switch, 0 or 1. Values may be, in the
 * engine's measure (microseconds, bytes, count):
 *
 *     KEEPALIVE_IDLE_US      1 us to 2^32 - 1 s; restarts the timer
 *     KEEPALIVE_INTERVAL_US  1 us to 2^32 - 1 ms
 *     KEEPALIVE_PROBES       1 to 255
 *     USER_TIMEOUT_US        0 to 2^61 - 1; counts from now when something is unacknowledged
 *     SEND_BUFFER_MAX        4 KiB to 1 GiB; what is queued already stays
 *     RECEIVE_BUFFER_MAX     4 KiB to 1 GiB, not above its current value: the window scale was
 *                            chosen for that (RFC 7323 2.3)
 *     FEATURES               any set of enum te_feature; replaces the current one */
#define TE_OPTION_LIST(X)                                                                          \
    X(1, NAGLE, nagle, 0, "Nagle's algorithm (RFC 9293 3.7.4).")                                   \
    X(2, KEEPALIVE, keepalive, 0, "Keepalive (RFC 9293 3.8.4); off at birth.")                     \
    X(3, KEEPALIVE_IDLE_US, keepalive_idle_ms, TE_MS, "Silence before the first keepalive probe.") \
    X(4, KEEPALIVE_INTERVAL_US, keepalive_interval_ms, TE_MS, "Time between keepalive probes.")    \
    X(5, KEEPALIVE_PROBES, keepalive_probes, 1, "Unanswered probes that end the connection.")      \
    X(6, USER_TIMEOUT_US, user_timeout_ms, TE_MS,                                                  \
      "Give up when sent data stays unacknowledged this long; 0: after r2_retries alone.")         \
    X(7, DELAYED_ACK, delayed_ack, 0, "Delay ACKs; off: acknowledge at once.")                     \
    X(8, SEND_BUFFER_MAX, send_buffer_max_bytes, 1,                                                \
      "Largest send buffer; rounded up to a power of two.")                                        \
    X(9, RECEIVE_BUFFER_MAX, receive_buffer_max_bytes, 1,                                          \
      "Largest receive buffer, which may only fall; rounded up to a power of two.")
#define TE_OPTION_CONSTANT(number, NAME, ...) TE_OPTION_##NAME = number,
enum te_option {
    TE_OPTION_LIST(TE_OPTION_CONSTANT) TE_OPTION_FEATURES =
        10 /* set of enum te_feature (config.h) */
};
#undef TE_OPTION_CONSTANT

struct te_option_info {
    const char *name;
    enum te_option option;
    int64_t unit;     /* 0: a switch */
    uint32_t feature; /* TE_OPTION_FEATURES: the bit that it is */
    const char *help;
};
/* All of TE_OPTION_LIST, then those of TE_FEATURE_LIST: *ret_count rows, static. */
const struct te_option_info *te_option_table(size_t *ret_count);

/* Sets one option of a connection, from now on. Children of a listener and new connections start
 * from the configuration.
 *
 * TE_ERR_INVALID: no such option, or the value is outside the range above. Checked before the id.
 * TE_ERR_STATE: the id is a listener's or a TIME_WAIT entry's, or the connection is dead. There is
 *     nothing to set.
 * TE_ERR_NO_CONNECTION: nothing has that id (any more). */
enum te_err te_set_option(struct te_stack *stack, uint64_t id, enum te_option option, int64_t value,
                          int64_t now_us);

/* Changes how the connection responds to congestion, also while it sends: the window stays, what
 * the old algorithm knew beside it is forgotten. name is one of te_cc_name()'s, borrowed until
 * return; naming the present one changes nothing.
 *
 * TE_ERR_INVALID: no algorithm of that name. Checked before the id.
 * TE_ERR_STATE: the id is a listener's or a TIME_WAIT entry's, or the connection is dead.
 * TE_ERR_NO_CONNECTION: nothing has that id (any more). */
enum te_err te_set_congestion_control(struct te_stack *stack, uint64_t id, const char *name,
                                      int64_t now_us);

/* One variable of a congestion control algorithm, for people. */
struct te_cc_variable {
    const char *name; /* static, snake_case, unit last */
    int64_t value;
    const char *text; /* static word in place of a number (a phase), or NULL */
};
#define TE_CC_VARIABLES_MAX 16

/* The variables of the connection's algorithm, *ret_count of them: none while it does not send.
 * Names differ from one algorithm to the next and may change with versions.
 *
 * TE_ERR_STATE: the id is a listener's or a TIME_WAIT entry's, or the connection is dead.
 * TE_ERR_NO_CONNECTION: nothing has that id (any more). */
enum te_err te_cc_variables(const struct te_stack *stack, uint64_t id,
                            struct te_cc_variable ret_variables[TE_CC_VARIABLES_MAX],
                            unsigned *ret_count);

/* --- STATUS (RFC 9293 3.10.6) ----------------------------------------------------------------- */

/* What a connection waits for. */
enum te_timer {
    TE_TIMER_NONE = 0,
    TE_TIMER_LOSS_PROBE,   /* RFC 8985 7: PTO */
    TE_TIMER_REORDER,      /* RFC 8985 6.3: what is late becomes lost */
    TE_TIMER_PACING,       /* the next frame may leave */
    TE_TIMER_RETRANSMIT,   /* RFC 6298: RTO */
    TE_TIMER_PERSIST,      /* RFC 9293 3.8.6.1: the next probe of a zero window */
    TE_TIMER_DELAYED_ACK,  /* RFC 9293 3.8.6.3: config.delayed_ack_us */
    TE_TIMER_KEEPALIVE,    /* RFC 9293 3.8.4: the next probe of a silent peer */
    TE_TIMER_FIN_WAIT_2,   /* an orphan waits for the peer's FIN: config.fin_wait_2_us */
    TE_TIMER_TIME_WAIT,    /* RFC 9293 3.10.8: 2MSL */
    TE_TIMER_ORPHAN,       /* an orphan has to finish: config.orphan_us */
    TE_TIMER_USER_TIMEOUT, /* RFC 9293 3.8.3: TE_OPTION_USER_TIMEOUT_US */
    TE_TIMER_REMAINS,      /* what is left of a dead connection is freed */
    TE_TIMER_IDLE          /* empty buffers give their memory back; never in te_status */
};
/* "retransmit", "persist", ...; "" for TE_TIMER_NONE, "?" for a number out of range. Static. */
const char *te_timer_name(enum te_timer timer);

/* STATUS (RFC 9293 3.10.6). status_list.h says what each of the listed fields means. Words are
 * static strings. */
struct te_status {
#define TE_STATUS_FIELD(kind, name, line, phrase, help) TE_STATUS_TYPE_##kind name;
#define TE_STATUS_MOMENT(name, moment_us, line, phrase, help) int64_t moment_us;
    TE_STATUS_LIST(TE_STATUS_FIELD)
    TE_STATUS_AGE_LIST(TE_STATUS_MOMENT)
#undef TE_STATUS_FIELD
#undef TE_STATUS_MOMENT

    uint64_t id;
    enum te_state state;
    struct te_endpoint local, remote;
    uint32_t uid;
    uint32_t tag;           /* te_set_tag */
    enum te_err error;      /* why it failed; TE_OK while it lives, and after an orderly end */
    enum te_err soft_error; /* the last ICMP error that did not end it (RFC 9293 3.9.2.2) */
    bool has_icmp;          /* error or soft_error came as this type and code (icmp.h) */
    uint8_t icmp_type, icmp_code;
    enum te_timer timer; /* the next one, and when; TE_NEVER with TE_TIMER_NONE */
    int64_t timer_at_us;
    uint32_t send_queue_bytes;    /* accepted and not acknowledged; listener: backlog */
    uint32_t receive_queue_bytes; /* received and not released; listener: waiting to be accepted */

    /* For the program around the engine; clients of the daemon do not see them. */
    bool user_closed, wscale_ok;
    int64_t active_at_us; /* data, SYN or FIN was sent, or anything came; or TE_NEVER */
    uint32_t features;    /* enum te_feature */
    uint32_t snd_max, snd_wl1, snd_wl2, peer_mss;
    uint64_t send_acked; /* stream offset */
    uint64_t bytes_retransmitted;

    /* TIME_WAIT only. */
    enum te_state time_wait_from;
    int64_t time_wait_started_at_us, time_wait_ends_at_us;
    uint32_t fin_reacked;
};
/* The status of a connection, listener or TIME_WAIT entry: the caller's own copy, words static. In
 * TIME_WAIT the fields that a whole connection would have are 0 where the entry does not keep them,
 * unless received bytes still wait to be taken: then the rest of the connection is known too. When
 * it was opened is TE_NEVER if te_history() has forgotten it.
 *
 * TE_ERR_NO_CONNECTION: nothing has that id (any more). te_history() may still know it. */
enum te_err te_status(const struct te_stack *stack, uint64_t id, struct te_status *ret_status);

struct te_found {
    uint64_t id;
    uint32_t uid;
    enum te_state state;
};
/* What takes the segments from remote to local: the connection, else the TIME_WAIT entry, else the
 * listener, as RFC 9293 3.10.7 looks them up. False, *ret_found untouched: nothing does. */
bool te_find(const struct te_stack *stack, const struct te_endpoint *local,
             const struct te_endpoint *remote, struct te_found *ret_found);

/* State transitions of one connection or listener, oldest first, count of them. Behind the first
 * some are missing when there were more than TE_HISTORY_MAX, or when there was no memory for a
 * third. */
struct te_history {
    uint64_t id;
    struct te_endpoint local, remote;
    uint32_t uid;
    uint32_t tag;
    bool is_gone; /* no object has the id any more, not even a TIME_WAIT entry */
    unsigned count;
    struct te_transition transitions[TE_HISTORY_MAX];
};
/* Also of the config.history_conn_max that went last.
 *
 * TE_ERR_NO_CONNECTION: no object has that id, and none had it lately. */
enum te_err te_history(const struct te_stack *stack, uint64_t id, struct te_history *ret_history);

/* --- all of them ------------------------------------------------------------------------------ */

/* Walks over everything of one kind, in no particular order but the same one while nothing changes:
 * start with *cursor = 0; false at the end, with *ret_status untouched. The cursor is a number, not
 * a hold on anything: objects may come and go between two calls, and may then be seen or missed;
 * those that are there all the time are seen exactly once. A step is O(1) on average.
 *
 * TE_WALK_CONNECTIONS includes failed connections that wait for te_close(), in CLOSED; one that is
 * in TIME_WAIT is seen by TE_WALK_TIME_WAIT alone. */
enum te_walk_kind { TE_WALK_CONNECTIONS, TE_WALK_LISTENERS, TE_WALK_TIME_WAIT };
bool te_walk(const struct te_stack *stack, enum te_walk_kind kind, uint64_t *cursor,
             struct te_status *ret_status);
/* The same in a bounded time: after a peak a table may have far more places than objects. *steps
 * counts down with each place. False with *steps 0: not the end; go on with the same cursor. */
bool te_walk_some(const struct te_stack *stack, enum te_walk_kind kind, uint64_t *cursor,
                  uint32_t *steps, struct te_status *ret_status);

/* Totals, O(1). */
struct te_totals {
    uint32_t by_state[TE_STATE_COUNT]; /* LISTEN: listeners; CLOSED: remains not yet closed */
    uint32_t orphans, time_wait, listeners;
    uint32_t connections; /* alive: neither CLOSED nor TIME_WAIT */
    uint32_t neighbours;
    uint64_t conn_memory_bytes;      /* control blocks and their hash table */
    uint64_t time_wait_memory_bytes; /* entries, links and hash table */
    uint64_t buffer_memory_bytes;    /* regions of streams (te_buffer_memory) */
};
void te_totals(const struct te_stack *stack, struct te_totals *ret_totals);

#endif
