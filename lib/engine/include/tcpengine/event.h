/* State transitions, and what the stack reports to its host.
 *
 * Events come in two kinds. State changes are records: each is one event, in the order in which
 * they happened, and a host that is too slow loses the oldest (te_counters.events_lost). Readiness
 * is a set of flags per object: flags gather until they are taken, so that there is at most one
 * such event per object at a time, and none is lost. te_stack_next_event() gives out the records
 * first. */
#ifndef TCPENGINE_EVENT_H
#define TCPENGINE_EVENT_H

#include <stddef.h>
#include <tcpengine/note.h>
#include <tcpengine/types.h>

/* TCP header flags, as in the 14th byte of the header (RFC 9293 3.1). */
enum te_tcp_flag {
    TE_FIN = 0x01,
    TE_SYN = 0x02,
    TE_RST = 0x04,
    TE_PSH = 0x08,
    TE_ACK = 0x10,
    TE_URG = 0x20,
    TE_ECE = 0x40,
    TE_CWR = 0x80
};

/* Why a state changed, in the words of RFC 9293's figure 5 where it has them. */
enum te_cause {
    TE_CAUSE_NONE = 0,
    /* User calls (conn.h). */
    TE_CAUSE_ACTIVE_OPEN,
    TE_CAUSE_PASSIVE_OPEN,
    TE_CAUSE_SEND, /* SEND in LISTEN; not used: te_send() refuses it */
    TE_CAUSE_CLOSE,
    TE_CAUSE_SHUTDOWN, /* half close */
    TE_CAUSE_ABORT,
    /* Segments (RFC 9293 3.10.7). */
    TE_CAUSE_RECV_SYN,
    TE_CAUSE_RECV_SYN_ACK,
    TE_CAUSE_RECV_ACK_OF_SYN,
    TE_CAUSE_RECV_FIN,
    TE_CAUSE_RECV_ACK_OF_FIN,
    TE_CAUSE_RECV_FIN_ACK_OF_FIN, /* FIN and the ACK of our FIN in one segment */
    TE_CAUSE_RECV_RST,
    TE_CAUSE_RECV_DATA_AFTER_CLOSE, /* answered by a RST (RFC 9293 3.6.1) */
    /* Timers. */
    TE_CAUSE_TIMEOUT_2MSL,       /* TIME_WAIT is over (RFC 9293 3.10.8) */
    TE_CAUSE_TIMEOUT_RETRANSMIT, /* R2, or as many SYNs as config allows (RFC 9293 3.8.3) */
    TE_CAUSE_TIMEOUT_USER,       /* the user timeout (RFC 9293 3.10.8) */
    TE_CAUSE_TIMEOUT_KEEPALIVE,  /* RFC 9293 3.8.4 */
    TE_CAUSE_TIMEOUT_FIN_WAIT_2, /* an orphan's peer never sent its FIN: config.fin_wait_2_us */
    TE_CAUSE_TIMEOUT_ORPHAN,     /* an orphan did not finish: config.orphan_us */
    /* The rest. */
    TE_CAUSE_ICMP,            /* an error while opening (RFC 5461 4.1) */
    TE_CAUSE_NEIGHBOUR,       /* the next hop does not answer ARP or ND */
    TE_CAUSE_NEW_SYN,         /* TIME_WAIT ended by a new incarnation (RFC 6191) */
    TE_CAUSE_LIMIT,           /* a table was full, or memory was short */
    TE_CAUSE_LISTENER_CLOSED, /* before the connection was accepted */
    TE_CAUSE_RECV_SYN_COOKIE, /* an ACK with a good SYN cookie, in place of the SYN */
    TE_CAUSE_MEMORY,          /* memory is short, and others have more use for it (pressure.h) */
    TE_CAUSE_COUNT
};

/* "recv SYN,ACK", "CLOSE", "timeout=2MSL", ...; "" for none, "?" for a number out of range. Static,
 * never NULL. */
const char *te_cause_text(enum te_cause cause);
/* "SYN,ACK" in the order of RFC 9293's text; "" for no flag. Writes at most 40 bytes, final NUL
 * included. */
void te_tcp_flags_format(uint8_t flags, char *ret_text);

/* A legal transition, and its cause in RFC 9293's figure 5, or the commonest one. */
struct te_edge {
    enum te_state from, to;
    enum te_cause cause;
};
/* All of them: *ret_count rows, static. */
const struct te_edge *te_edges(size_t *ret_count);

/* The segment behind a transition or a drop, in host byte order, as its header had it. */
struct te_segment_info {
    uint32_t seq;
    uint32_t ack;
    uint32_t wnd_bytes; /* scaled, when a scale applies */
    uint16_t len_bytes; /* payload; 65,535 means that or more */
    uint8_t flags;      /* set of enum te_tcp_flag */
};

struct te_transition {
    int64_t time_us;
    enum te_state from, to;
    enum te_cause cause;
    bool has_segment; /* a segment caused it; else segment is zero */
    struct te_segment_info segment;
};

/* Transitions kept per connection. The longest life in RFC 9293's diagram has seven; a longer one
 * (LISTEN turned active) overwrites the second oldest, so that the birth stays. */
#define TE_HISTORY_MAX 8

enum te_event_kind {
    TE_EVENT_STATE = 1, /* see transition */
    TE_EVENT_READY,     /* see ready: something that the user may have waited for */
    TE_EVENT_FIN_AGAIN, /* TIME_WAIT saw the FIN again and restarted 2MSL (RFC 9293 3.10.7.4) */
    TE_EVENT_ADDRESS_CONFLICT, /* another station holds local.addr; no id */
    TE_EVENT_ADDRESS_READY,    /* it does no longer, and local.addr is used; no id */
    TE_EVENT_NOTE              /* see note; only after te_note_events() */
};

/* A flag says what has changed since the last event of that object, not what is so: after
 * TE_READY_RECEIVE read until TE_ERR_AGAIN, for no second one comes for the same bytes. A flag may
 * also come in vain; then the call answers TE_ERR_AGAIN, or accepts nothing. */
enum te_ready {
    TE_READY_RECEIVE = 1, /* bytes, or the end of the stream, can be received */
    TE_READY_SEND = 2,    /* the peer acknowledged bytes: there may be room in the send buffer */
    TE_READY_ACCEPT = 4,  /* a listener has a connection to accept */
    TE_READY_OPEN = 8,    /* the opening is over, one way or the other (te_status) */
    TE_READY_END = 16     /* the protocol has ended, or the control block is gone */
};

struct te_event {
    enum te_event_kind kind;
    uint64_t id;     /* 0: none */
    int64_t time_us; /* TE_EVENT_READY: when it was taken, or the object ended */
    uint32_t uid;    /* these four are not set by TE_EVENT_READY: ask te_status */
    uint32_t tag;
    struct te_endpoint local, remote;
    struct te_transition transition; /* TE_EVENT_STATE */
    struct te_note note;             /* TE_EVENT_NOTE */
    unsigned ready;                  /* TE_EVENT_READY: set of enum te_ready */
    enum te_err error; /* with TE_READY_END once the block is gone, and on the way to CLOSED: why */
};

#endif
