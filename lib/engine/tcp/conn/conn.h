/* The transmission control block of one connection (RFC 9293 3.3.1), and the questions it answers.
 *
 * A connection is reached by its 4-tuple while the protocol still runs (conn_table.h) and by its id
 * for as long as its user may ask for it. The two ends differ: the protocol ends by RST, by
 * timeout, by the last ACK, or by moving into the TIME_WAIT table; the user ends by CLOSE or ABORT.
 * When the protocol ends first, what stays is called the connection's remains: no segment reaches
 * it, but received bytes and the cause of death can still be asked for. te_conn_end_protocol() and
 * te_conn_end_user() are the only two ways out; the second of them to come frees the memory.
 *
 * Sequence numbers are 32 bits; beside them run 64-bit stream offsets that name bytes of the two
 * buffers. Offset 0 of each direction is the byte after SYN. */
#ifndef TCPENGINE_TCP_CONN_CONN_H
#define TCPENGINE_TCP_CONN_CONN_H

#include <tcpengine/conn.h>

#include "event_queue.h"
#include "tcp/cc/congestion.h"
#include "tcp/conn/history.h"
#include "tcp/conn/paws.h"
#include "tcp/loss/rtt.h"
#include "util/list.h"
#include "util/ranges.h"
#include "util/ring.h"
#include "util/wheel.h"
#include "wire/tcp.h"

struct te_listener;
struct te_mtu_search;

#define TE_CONN_TIMERS (TE_TIMER_IDLE + 1)

struct te_sender;

/* In this order: in the first two a loss begins a recovery (recovery.h). */
enum te_recovery_state {
    TE_RECOVERY_OPEN = 0,
    TE_RECOVERY_CWR,
    TE_RECOVERY_FAST,
    TE_RECOVERY_LOSS
};

#define TE_PARTIAL_ACKS_MAX 2

/* How the sender stands; what it remembers of its flight is in the sender (sender.h). */
struct te_recovery {
    uint8_t state; /* enum te_recovery_state */
    uint8_t duplicate_acks;
    uint8_t partial_acks; /* in a fast recovery without SACK; not counted any further than that */
    uint32_t recover; /* it ends when this is acknowledged (RFC 6582 3.2, RFC 6675 RecoveryPoint) */
};

#define TE_ACKS_OWED_MAX 64

/* Which ACKs are owed to the peer, and which duplicates they have to tell of. */
struct te_ack_state {
    uint8_t owed;             /* pure ACKs to send now: one, or one a segment out of order */
    uint32_t unacked_bytes;   /* in-order bytes received since the last ACK that we sent */
    uint32_t last_sent;       /* Last.ACK.sent of RFC 7323 4.3 */
    struct te_dsacks *dsacks; /* duplicates to tell of; NULL: none (dsack.h) */
};

/* ECN (ecn.h): what the SYNs said, then what is owed to the peer. */
struct te_ecn {
    bool setup_sent : 1, plain_sent : 1; /* SYN or SYN,ACK with the offer of ECN, and without it */
    bool setup_received : 1, plain_received : 1;
    bool echoes : 1;      /* data came with CE: ECE until CWR comes */
    bool cwr_due : 1;     /* the next new data says that cwnd was reduced */
    bool is_reducing : 1; /* nothing beyond recover was acknowledged since */
    uint32_t recover;
    uint32_t ce_in, ece_in; /* data with CE, ACKs with ECE */
};

struct te_conn {
    /* Who. */
    uint64_t id;
    struct te_endpoint local, remote;
    struct te_addr next_hop;
    uint32_t uid;

    /* State; written by te_conn_set_state only. */
    uint8_t state;
    bool was_passive : 1;  /* came from LISTEN (RFC 9293 3.10.7.4, second check) */
    bool is_remains : 1;   /* the protocol is over */
    bool user_closed : 1;  /* CLOSE was called: nobody reads any more */
    bool is_accepted : 1;  /* an active open, or taken from the accept queue */
    bool fin_queued : 1;   /* a FIN follows the queued bytes */
    bool send_was_cut : 1; /* the last SEND had more than there was room for */
    bool syn_acked : 1;    /* our SYN is acknowledged: SND.UNA names a byte */
    bool syn_was_lost : 1; /* our SYN or SYN,ACK had to be sent again */
    bool fin_sent : 1;
    bool fin_received : 1;    /* and everything before it */
    bool fin_pending : 1;     /* a FIN came out of order: at fin_offset */
    bool waits_neighbour : 1; /* queue_link is in the neighbour's list */
    bool is_queued : 1;       /* queue_link is in the output queue */
    bool probe_now : 1;       /* the persist timer asks for a probe, whatever the window is */
    bool keepalive_now : 1;
    bool wscale_ok : 1, ts_ok : 1, sack_ok : 1;
    bool nagle : 1, keepalive : 1, delayed_ack : 1;
    bool counted_orphan : 1;
    bool counted_remote : 1; /* remotes.h */
    bool rtt_timing : 1;     /* our SYN is being timed */
    bool cwnd_limited : 1;
    bool in_accept_queue : 1;
    /* RFC 7413, as a server: the SYN's cookie was good; it counts as pending; it gets a cookie. */
    bool fast_opened : 1, fast_open_pending : 1, fast_open_answer : 1;
    /* As a client: the option is on the first SYN; with a cookie; and that SYN carried data. */
    bool fast_open_tried : 1, fast_open_has_cookie : 1, fast_open_data : 1;
    int8_t error; /* enum te_err: why it died */
    int8_t soft_error;

    /* Places it stands in. */
    struct te_conn *next_by_tuple, *next_by_id;
    struct te_list queue_link;    /* output queue, or a neighbour's waiters */
    struct te_list listener_link; /* SYN queue or accept queue */
    struct te_listener *listener; /* while it stands in one of them */
    struct te_ready_node ready;

    /* Timers: named deadlines; the wheel holds the earliest. */
    struct te_wheel_node timer;
    int64_t timer_at_us[TE_CONN_TIMERS];

    /* RFC 9293 3.3.1. */
    uint32_t iss, snd_una, snd_nxt, snd_max, snd_wnd, snd_wl1, snd_wl2, max_snd_wnd;
    uint32_t snd_small;             /* where the last segment ended that was not full-sized */
    uint32_t irs, rcv_nxt, rcv_adv; /* rcv_adv: right edge that we have offered */
    uint16_t mss;       /* largest payload of a segment to the peer, options taken off */
    uint16_t peer_mss;  /* as the peer's option said */
    uint16_t path_mtu;  /* IP header on */
    uint16_t acked_mtu; /* the largest packet that is known to have arrived */
    uint16_t rcv_mss; /* largest segment seen from the peer: what "full-sized" means for its ACKs */
    uint8_t snd_wscale, rcv_wscale;

    /* RFC 7323. */
    struct te_paws paws;

    /* Streams. */
    uint64_t queued_offset;   /* accepted from the user so far */
    uint64_t acked_offset;    /* acknowledged by the peer: stream offset of SND.UNA */
    uint64_t received_offset; /* stream offset of RCV.NXT */
    uint64_t released_offset; /* taken by the user */
    uint64_t fin_offset;      /* with fin_pending */
    struct te_ring send_ring, receive_ring;
    struct te_ranges out_of_order;
    uint32_t send_max_bytes;
    uint32_t receive_limit_bytes, receive_max_bytes; /* what the window may open to */
    uint32_t receive_rtt_us;      /* as the peer's echoes of our timestamps tell it; 0: not yet */
    uint64_t receive_mark_offset; /* start of the measurement that lets the window grow */
    int64_t receive_mark_at_us;
    uint32_t ts_offset; /* of our own timestamps (isn.h) */

    /* Sending. */
    uint32_t features; /* enum te_feature */
    struct te_rtt rtt;
    struct te_congestion cc;
    struct te_sender *sender; /* NULL: nothing was sent for long */
    struct te_recovery recovery;
    struct te_ack_state ack;
    struct te_ecn ecn;
    uint32_t pmtu_generation;         /* of the cache that path_mtu is from (ip/pmtu.h) */
    struct te_mtu_search *mtu_search; /* NULL: path MTU discovery goes by messages (mtu_probe.h) */
    int64_t rtt_sent_at_us;           /* our SYN */
    int64_t last_sent_at_us;          /* what takes a number: not a pure ACK */
    int64_t last_received_at_us, last_challenge_at_us;
    uint8_t retransmits; /* of the same data, in a row */
    uint8_t probes;      /* persist or keepalive probes without an answer */
    uint8_t keepalive_probes_max;
    uint32_t keepalive_idle_s, keepalive_interval_ms;
    int64_t user_timeout_us;

    /* Accounts. */
    int64_t opened_at_us, state_since_us;
    uint64_t segments_in, segments_out, segments_retransmitted, bytes_retransmitted;

    struct te_history_log history;
};

/* Puts it at the end of the output queue, once. */
void te_conn_want_output(struct te_stack *stack, struct te_conn *conn);

/* IW for the MSS in force (RFC 6928): at birth, and again when the handshake has settled the MSS.
 */
void te_conn_start_congestion(const struct te_stack *stack, struct te_conn *conn);

/* RFC 9293's "synchronized states": both SYNs were seen and acknowledged. */
bool te_conn_is_synchronized(const struct te_conn *conn);
/* Whether a user may still queue bytes: ESTABLISHED and CLOSE_WAIT, or an opening. */
bool te_conn_can_send(const struct te_conn *conn);
/* Sequence number of stream byte offset, and the other way for bytes near SND.UNA. */
uint32_t te_conn_send_seq(const struct te_conn *conn, uint64_t offset);
uint64_t te_conn_send_offset(const struct te_conn *conn, uint32_t seq);
uint64_t te_conn_receive_offset(const struct te_conn *conn, uint32_t seq);
/* The number that a segment without text carries. */
uint32_t te_conn_acceptable_seq(const struct te_conn *conn);
bool te_conn_fin_is_acked(const struct te_conn *conn);

/* SACK blocks are believed and used, not only counted. */
bool te_conn_uses_sack(const struct te_conn *conn);
/* Bytes and flags in flight: SND.NXT - SND.UNA. */
uint32_t te_conn_flight(const struct te_conn *conn);

/* Connections in either direction of the struct's embedded nodes. */
struct te_conn *te_conn_of_queue_link(struct te_list *link);
struct te_conn *te_conn_of_listener_link(struct te_list *link);
struct te_conn *te_conn_of_timer(struct te_wheel_node *node);

#endif
