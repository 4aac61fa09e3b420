/* What a connection or listener is waiting for, as facts: a situation, and the numbers that belong
 * to it. Which words say so is the host's business (lib/explain has some).
 *
 * Reading costs nobody anything but the caller: everything here is worked out when it is asked for,
 * except for the times that a sender was held back, which are kept while it sends. */
#ifndef TCPENGINE_EXPLAIN_H
#define TCPENGINE_EXPLAIN_H

#include <tcpengine/conn.h>
#include <tcpengine/drop.h>

/* What keeps the next byte of a sender back: X(CONSTANT, name). */
#define TE_HOLD_LIST(X)                                                                            \
    X(IDLE, idle)               /* nothing is queued, and nothing in flight */                     \
    X(APPLICATION, application) /* all was sent, and is in flight: no more was given to us */      \
    X(SEND_BUFFER, send_buffer) /* the same, but the last SEND found no room for all it had */     \
    X(CWND, cwnd)               /* the congestion window is full */                                \
    X(PEER_WINDOW, peer_window) /* the peer's receive window is full */                            \
    X(PACING, pacing)           /* the next segment's moment has not come */                       \
    X(NAGLE, nagle)             /* a small segment waits for an ACK (RFC 9293 3.7.4) */

enum te_hold {
#define TE_HOLD_CONSTANT(CONSTANT, name) TE_HOLD_##CONSTANT,
    TE_HOLD_LIST(TE_HOLD_CONSTANT)
#undef TE_HOLD_CONSTANT
        TE_HOLD_COUNT
};

/* "cwnd", "peer_window", ...; "?" for a number out of range. Static. */
const char *te_hold_name(enum te_hold hold);

/* X(CONSTANT, name): the first that is so. */
#define TE_SITUATION_LIST(X)                                                                       \
    X(GONE, gone) /* only its history is left */                                                   \
    X(DEAD, dead) /* the protocol is over; the user has not called CLOSE */                        \
    X(NEIGHBOUR_SILENT, neighbour_silent)                                                          \
    X(SYN_ANSWERED_WRONGLY, syn_answered_wrongly)                                                  \
    X(SYN_UNANSWERED, syn_unanswered)                                                              \
    X(ACCEPT_QUEUE_FULL, accept_queue_full) /* SYN_RCVD: the handshake may not be completed */     \
    X(SYN_ACK_UNANSWERED, syn_ack_unanswered)                                                      \
    X(ZERO_WINDOW, zero_window)                                                                    \
    X(BLACK_HOLE, black_hole)                                                                      \
    X(RETRANSMITTING, retransmitting) /* data, into silence or not */                              \
    X(RECOVERING, recovering)                                                                      \
    X(FIN_QUEUED, fin_queued)                                                                      \
    X(FIN_UNANSWERED, fin_unanswered) /* FIN_WAIT_1 */                                             \
    X(CLOSING, closing)                                                                            \
    X(LAST_ACK, last_ack)                                                                          \
    X(NOT_ACCEPTED, not_accepted)                                                                  \
    X(RECEIVE_WINDOW_SHUT, receive_window_shut)                                                    \
    X(HOLE, hole)                                                                                  \
    X(FIN_WAIT_2_ORPHAN, fin_wait_2_orphan)                                                        \
    X(FIN_WAIT_2, fin_wait_2)                                                                      \
    X(LIMITED_BY_CWND, limited_by_cwnd)                                                            \
    X(LIMITED_BY_PEER_WINDOW, limited_by_peer_window)                                              \
    X(LIMITED_BY_PACING, limited_by_pacing)                                                        \
    X(LIMITED_BY_NAGLE, limited_by_nagle)                                                          \
    X(CLOSE_WAIT, close_wait)                                                                      \
    X(LIMITED_BY_SEND_BUFFER, limited_by_send_buffer)                                              \
    X(LIMITED_BY_APPLICATION, limited_by_application)                                              \
    X(SENDING, sending)                                                                            \
    X(KEEPALIVE, keepalive)                                                                        \
    X(IDLE, idle)                                                                                  \
    X(TIME_WAIT, time_wait)                                                                        \
    X(LISTENER_ACCEPT_QUEUE_FULL, listener_accept_queue_full)                                      \
    X(LISTENER_SYN_QUEUE_FULL, listener_syn_queue_full)                                            \
    X(LISTENING, listening)

enum te_situation {
#define TE_SITUATION_CONSTANT(CONSTANT, name) TE_SITUATION_##CONSTANT,
    TE_SITUATION_LIST(TE_SITUATION_CONSTANT)
#undef TE_SITUATION_CONSTANT
        TE_SITUATION_COUNT
};

/* "syn_unanswered", ...; "?" for a number out of range. Static. */
const char *te_situation_name(enum te_situation situation);

/* Sequence numbers [start, end). */
struct te_seq_span {
    uint32_t start, end;
};

/* Whose handshakes a listener has held back lately. */
struct te_dropped_by {
    struct te_addr addr;
    uint32_t count;
};
#define TE_DROPPED_BY_MAX 3u

/* A listener, or the one whose queue a connection is in. */
struct te_listener_facts {
    uint64_t id; /* 0: none */
    struct te_endpoint local;
    uint32_t uid;
    uint32_t tag; /* te_set_tag */
    uint32_t backlog, accept_count;
    uint32_t syn_max, syn_count;
    bool gives_cookies; /* a SYN that finds the SYN queue full is answered by a cookie */
    uint64_t accept_drops,
        syn_drops;    /* handshakes held back since it was opened, by either queue */
    bool has_dropped; /* the last of them: */
    struct te_endpoint dropped_remote;
    int64_t dropped_at_us;
    uint32_t dropped_lately;   /* those that are still remembered (te_drops) */
    uint32_t dropped_by_count; /* remotes in dropped_by: those with the most, falling */
    struct te_dropped_by dropped_by[TE_DROPPED_BY_MAX];
};

struct te_explanation {
    enum te_situation situation;
    int64_t now_us;
    struct te_status status; /* of what is gone: id, endpoints, uid and state CLOSED alone */
    bool was_passive;

    /* The transitions, oldest first: the last one led to the present state. */
    struct te_history history;

    /* Who spoke last. TE_NEVER: nothing yet. */
    int64_t last_sent_at_us, last_heard_at_us;

    /* Again and again: retries or probes in a row, how many there may be, and when we give up if
     * nothing comes (TE_NEVER: never, or not known). */
    uint8_t retries, retries_max;
    int64_t gives_up_at_us;
    bool is_probing;     /* retries counts probes: of a closed window, or keepalive */
    uint8_t probes_sent; /* of the present closed window, answered or not */

    /* The timer that goes on with the situation, the next one if none is its own. */
    enum te_timer timer;
    int64_t timer_at_us; /* TE_NEVER with TE_TIMER_NONE */

    /* Sending. */
    uint64_t unsent_bytes;      /* accepted, and never sent */
    struct te_seq_span unacked; /* data sent, and not acknowledged; without SYN and FIN */
    bool fin_sent;
    enum te_hold hold;
    int64_t hold_since_us;
    int64_t held_us[TE_HOLD_COUNT]; /* since the opening, up to now */

    /* Receiving. */
    struct te_seq_span hole; /* the first bytes that are missing; empty: none are */
    uint32_t hole_count;
    bool is_receive_window_shut; /* what was not read leaves no room for a segment */
    uint64_t beyond_bytes;       /* received beyond holes */

    /* Whether its neighbour on the link is being asked for, or does not answer. */
    struct te_addr next_hop;

    /* The last segment of it that was dropped. */
    unsigned drop_count; /* that are still remembered, TE_CONN_DROPS_MAX at most */
    struct te_dropped last_drop;

    struct te_listener_facts listener;

    /* TIME_WAIT: a SYN of the peer that fits may open the pair anew: one with a later timestamp
     * (RFC 6191), or beyond the old sequence numbers (RFC 1122 4.2.2.13), if there is a listener.
     */
    bool reopens_by_timestamp;
    uint32_t reopens_from_seq;
    bool has_listener;
};

/* What id is waiting for, a connection, a listener, a TIME_WAIT entry, or one that has gone lately
 * (te_history), as of now_us. *ret_explanation is the caller's own copy.
 *
 * TE_ERR_NO_CONNECTION: no object has that id, and none had it lately. */
enum te_err te_explain(const struct te_stack *stack, uint64_t id, int64_t now_us,
                       struct te_explanation *ret_explanation);

#endif
