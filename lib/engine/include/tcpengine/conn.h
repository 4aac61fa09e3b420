/* The user calls of RFC 9293 3.9.1 and 3.10.1-3.10.6.
 *
 * Connections and listeners are named by 64-bit ids, below 2^53 and never reused. Stream offsets
 * count the bytes of one direction from 0, SYN and FIN excluded. No call blocks: what must wait
 * answers TE_ERR_AGAIN or succeeds later, and an event tells (te_stack_next_event). */
#ifndef TCPENGINE_CONN_H
#define TCPENGINE_CONN_H

#include <tcpengine/config.h>
#include <tcpengine/stack.h>
#include <tcpengine/status_list.h>

/* Who owns an object, as the host understands it; the engine only stores it. */
struct te_open {
    struct te_endpoint
        local; /* addr unspecified: chosen by the route; port 0: ephemeral (RFC 6056) */
    struct te_endpoint remote; /* fully specified for an active OPEN */
    uint32_t uid;
    uint64_t listener_id; /* not 0: the passive OPEN that turns active (RFC 9293 3.10.1, LISTEN) */

    /* The first SEND, copied and queued as by te_send, whose room may leave some of it out:
     * te_status.send_accepted tells. fast_open: as much of it as possible goes with the SYN (RFC
     * 7413), where config.fast_open allows and a cookie of the server is known; else the SYN asks
     * for one. A SYN may come twice: only for data that does no harm when it is delivered twice. */
    bool fast_open;
    const void *data; /* borrowed until return; NULL with data_len 0 */
    size_t data_len;
};

struct te_listen {
    struct te_endpoint local;  /* addr unspecified: all of ours; port must not be 0 */
    struct te_endpoint remote; /* unspecified: anybody; else only that peer (RFC 9293 MUST-43) */
    uint32_t uid;
    uint32_t backlog; /* accept queue; 0: 128; cut to config.backlog_max */
    /* Data on a SYN may be received before the handshake is over, and then perhaps twice (RFC 7413
     * 2.1); te_accept gives out such connections in SYN_RCVD. config.fast_open must allow it. */
    bool fast_open;
};

/* Active OPEN: CLOSED -> SYN_SENT, or LISTEN -> SYN_SENT under the same id with listener_id.
 * TE_ERR_REMOTE_UNSPECIFIED, TE_ERR_ADDR_NOT_AVAILABLE, TE_ERR_NO_ROUTE, TE_ERR_ADDR_IN_USE (no
 * port), TE_ERR_EXISTS (the 4-tuple is alive), TE_ERR_RESOURCES (config.conn_max), TE_ERR_NOMEM,
 * TE_ERR_INVALID (multicast, broadcast), TE_ERR_NO_CONNECTION, TE_ERR_NOT_LISTENER. */
enum te_err te_open_active(struct te_stack *stack, const struct te_open *open, uint64_t *ret_id,
                           int64_t now_us);

/* Passive OPEN: a listener, in LISTEN until it is closed. TE_ERR_ADDR_IN_USE, TE_ERR_EXISTS,
 * TE_ERR_ADDR_NOT_AVAILABLE, TE_ERR_INVALID, TE_ERR_RESOURCES, TE_ERR_NOMEM. */
enum te_err te_open_passive(struct te_stack *stack, const struct te_listen *listen,
                            uint64_t *ret_id, int64_t now_us);

/* Takes the oldest ready connection of a listener; uid becomes its owner. TE_ERR_AGAIN,
 * TE_ERR_NO_CONNECTION, TE_ERR_NOT_LISTENER. */
enum te_err te_accept(struct te_stack *stack, uint64_t listener_id, uint32_t uid, uint64_t *ret_id,
                      int64_t now_us);

/* SEND (3.10.2). Copies up to len bytes into the send buffer and says how many in *ret_accepted:
 * fewer than len (0 included) when the buffer is full; TE_READY_SEND follows. Queues in SYN_SENT
 * and SYN_RCVD. TE_ERR_NO_CONNECTION, TE_ERR_CLOSING (after CLOSE or shutdown), TE_ERR_STATE
 * (LISTEN: name the remote by te_open_active with listener_id first), the death's cause
 * (TE_ERR_RESET ...) when the connection failed. */
enum te_err te_send(struct te_stack *stack, uint64_t id, const void *data, size_t len,
                    size_t *ret_accepted, int64_t now_us);

/* RECEIVE (3.10.3), in two steps so that a reader may ask twice for the same bytes: te_receive_peek
 * shows what lies from stream offset on, as one or two pieces of at most max_bytes in all that stay
 * valid until the next call that changes the stack; te_receive_release frees what lies below
 * offset.
 *
 * *ret_is_end: the peer's FIN follows the last byte shown. TE_ERR_AGAIN: nothing there yet.
 * TE_ERR_OFFSET: offset is below what was released, or beyond what was received. TE_ERR_CLOSING:
 * the stream has ended in order and offset is its end. TE_ERR_NO_CONNECTION, TE_ERR_STATE (LISTEN),
 * the death's cause when the connection failed and no byte is left. */
struct te_received {
    struct te_iovec iov[2];
    size_t total_bytes;
    bool is_end;
};
enum te_err te_receive_peek(struct te_stack *stack, uint64_t id, uint64_t offset, size_t max_bytes,
                            struct te_received *ret_received);
enum te_err te_receive_release(struct te_stack *stack, uint64_t id, uint64_t offset,
                               int64_t now_us);

/* Half close: FIN after all that was sent; receiving goes on. TE_ERR_CLOSING when it was called
 * before or after CLOSE, TE_ERR_NO_CONNECTION, TE_ERR_STATE (LISTEN, SYN_SENT). */
enum te_err te_shutdown(struct te_stack *stack, uint64_t id, int64_t now_us);

/* CLOSE (3.10.4): FIN after all that was sent, and the user is gone: received bytes that nobody
 * took, or that come later, reset the connection (RFC 9293 3.6.1, RFC 2525 2.17). Closes listeners
 * too; their connections that wait to be accepted are reset. After te_shutdown it only gives the
 * connection up. TE_ERR_CLOSING when it was called before; TE_ERR_NO_CONNECTION. For a connection
 * that has failed it frees what remains and answers TE_OK. */
enum te_err te_close(struct te_stack *stack, uint64_t id, int64_t now_us);

/* ABORT (3.10.5): RST where RFC 9293 asks for one, or where our FIN still waits behind data, and
 * CLOSED at once. TE_ERR_NO_CONNECTION. */
enum te_err te_abort(struct te_stack *stack, uint64_t id, int64_t now_us);

/* What te_set_option() changes on one connection: X(number, NAME, name, unit, help). name is what
 * users call it, unit what one of theirs is in the engine's measure; 0: a switch, 0 or 1. */
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
/* All of TE_OPTION_LIST, then those of TE_FEATURE_LIST. */
const struct te_option_info *te_option_table(size_t *ret_count);
/* TE_ERR_NO_CONNECTION, TE_ERR_INVALID (the value), TE_ERR_STATE (not a connection). */
enum te_err te_set_option(struct te_stack *stack, uint64_t id, enum te_option option, int64_t value,
                          int64_t now_us);

/* Changes how the connection answers to congestion, also while it sends: the window stays, what the
 * old algorithm knew beside it is forgotten. TE_ERR_INVALID: no algorithm of that name;
 * TE_ERR_NO_CONNECTION, TE_ERR_STATE (not a connection, or dead). */
enum te_err te_set_congestion_control(struct te_stack *stack, uint64_t id, const char *name,
                                      int64_t now_us);

/* One variable of a congestion control algorithm, for people. */
struct te_cc_variable {
    const char *name; /* static, snake_case, unit last */
    int64_t value;
    const char *text; /* static word instead of a number (a phase), or NULL */
};
#define TE_CC_VARIABLES_MAX 16

/* The variables of the connection's algorithm, *ret_count of them: none while it does not send.
 * TE_ERR_NO_CONNECTION, TE_ERR_STATE (not a connection). */
enum te_err te_cc_variables(const struct te_stack *stack, uint64_t id,
                            struct te_cc_variable ret_variables[TE_CC_VARIABLES_MAX],
                            unsigned *ret_count);

/* STATUS (3.10.6). */
enum te_timer {
    TE_TIMER_NONE = 0,
    TE_TIMER_LOSS_PROBE, /* RFC 8985 7: PTO */
    TE_TIMER_REORDER,    /* RFC 8985 6.3: what is late becomes lost */
    TE_TIMER_PACING,     /* the next frame may leave */
    TE_TIMER_RETRANSMIT,
    TE_TIMER_PERSIST,
    TE_TIMER_DELAYED_ACK,
    TE_TIMER_KEEPALIVE,
    TE_TIMER_FIN_WAIT_2,
    TE_TIMER_TIME_WAIT,
    TE_TIMER_ORPHAN,
    TE_TIMER_USER_TIMEOUT,
    TE_TIMER_REMAINS, /* a failed connection is forgotten */
    TE_TIMER_IDLE     /* memory of empty buffers is given back; never in te_status */
};
const char *te_timer_name(enum te_timer timer); /* "retransmit", "persist", ..., "" for none */

/* status_list.h says what each of the listed fields means. */
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
    enum te_err error;      /* why it failed; TE_OK while it lives */
    enum te_err soft_error; /* last ICMP error noted, RFC 9293 3.9.2.2 */
    enum te_timer timer;    /* the next one, and when */
    int64_t timer_at_us;
    uint32_t send_queue_bytes;    /* accepted and not acknowledged; listener: backlog */
    uint32_t receive_queue_bytes; /* received and not released; listener: waiting to be accepted */

    /* For the program that holds the engine; clients do not see them. */
    bool user_closed, wscale_ok;
    uint32_t features; /* enum te_feature */
    uint32_t snd_max, snd_wl1, snd_wl2, peer_mss;
    uint64_t send_acked; /* stream offset */
    uint64_t bytes_retransmitted;

    /* TIME_WAIT only. */
    enum te_state time_wait_from;
    int64_t time_wait_started_at_us, time_wait_ends_at_us;
    uint32_t fin_reacked;
};
/* TE_ERR_NO_CONNECTION when no connection, listener or TIME_WAIT entry has that id. A connection in
 * TIME_WAIT whose received bytes were not all taken is still one. */
enum te_err te_status(const struct te_stack *stack, uint64_t id, struct te_status *ret_status);

/* Transitions of one connection, oldest first; also of those gone lately
 * (config.history_conn_max). ret_transitions has room for TE_HISTORY_MAX. TE_ERR_NO_CONNECTION. */
struct te_history {
    uint64_t id;
    struct te_endpoint local, remote;
    uint32_t uid;
    bool is_gone;
    unsigned count;
    struct te_transition transitions[TE_HISTORY_MAX];
};
enum te_err te_history(const struct te_stack *stack, uint64_t id, struct te_history *ret_history);

/* Walks over everything that has an id, in no particular order but the same one while nothing
 * changes: start with *cursor = 0; false at the end. Objects made or gone between two calls may or
 * may not be seen, and when a table grows meanwhile some are seen twice: compare ids. O(1) a step
 * on average. */
enum te_walk_kind { TE_WALK_CONNECTIONS, TE_WALK_LISTENERS, TE_WALK_TIME_WAIT };
bool te_walk(const struct te_stack *stack, enum te_walk_kind kind, uint64_t *cursor,
             struct te_status *ret_status);

/* Totals, O(1). */
struct te_totals {
    uint32_t by_state[TE_STATE_COUNT];
    uint32_t orphans, time_wait, listeners, connections, neighbours;
    uint64_t conn_memory_bytes;      /* control blocks */
    uint64_t time_wait_memory_bytes; /* table, links and buckets included */
    uint64_t buffer_memory_bytes;    /* of streams */
};
void te_totals(const struct te_stack *stack, struct te_totals *ret_totals);

#endif
