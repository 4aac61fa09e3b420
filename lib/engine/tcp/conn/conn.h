/* The transmission control block of one connection (RFC 9293 3.3.1), and the questions it answers.
 *
 * A connection is found by its 4-tuple while the protocol runs (conn_table.h), and by its id for as
 * long as its user may ask about it. The two end separately: the protocol by RST, timeout, the last
 * ACK, or the move to the TIME_WAIT table; the user by CLOSE or ABORT. When the protocol ends
 * first, what is left is called the connection's remains: no segment reaches them, but received
 * bytes and the cause of death can still be read. te_conn_end_protocol() and te_conn_end_user()
 * (life.h) are the only two ways out; whichever comes second frees the memory.
 *
 * Sequence numbers have 32 bits. Bytes of the two buffers are named by 64-bit stream offsets, which
 * never wrap; offset 0 of each direction is the byte after its SYN. */
#ifndef TCPENGINE_TCP_CONN_CONN_H
#define TCPENGINE_TCP_CONN_CONN_H

#include <tcpengine/conn.h>
#include <tcpengine/explain.h>

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

/* Order matters: a loss starts a recovery in the first two states only (recovery.h). */
enum te_recovery_state {
    TE_RECOVERY_OPEN = 0,
    TE_RECOVERY_CWR,
    TE_RECOVERY_FAST,
    TE_RECOVERY_LOSS
};

#define TE_PARTIAL_ACKS_MAX 2

/* State of loss recovery; the record of what is in flight is in the sender (sender.h). */
struct te_recovery {
    uint8_t state; /* enum te_recovery_state */
    uint8_t duplicate_acks;
    uint8_t partial_acks; /* in a fast recovery without SACK; stops at TE_PARTIAL_ACKS_MAX */
    uint32_t recover; /* the recovery ends when this is acknowledged (RFC 6582 3.2, RFC 6675 5) */
};

#define TE_ACKS_OWED_MAX 64

/* ACKs owed to the peer, and the duplicates that they have to report. */
struct te_ack_state {
    uint8_t owed;             /* pure ACKs to send now: one, or one per out-of-order segment */
    bool by_frame;            /* text comes in frames of many segments, each worth an ACK */
    uint32_t unacked_bytes;   /* received in order since the last ACK that we sent */
    uint32_t last_sent;       /* Last.ACK.sent of RFC 7323 4.3 */
    struct te_dsacks *dsacks; /* duplicates to report; NULL: none (dsack.h) */
};

/* ECN (ecn.h): what the SYNs said, and what the peer is still to be told. */
struct te_ecn {
    bool setup_sent : 1, plain_sent : 1; /* a SYN or SYN,ACK with the offer of ECN; one without */
    bool setup_received : 1, plain_received : 1;
    bool echoes : 1;      /* data came with CE: send ECE until CWR comes */
    bool cwr_due : 1;     /* cwnd was reduced: the next new data carries CWR */
    bool is_reducing : 1; /* nothing beyond recover has been acknowledged since */
    uint32_t recover;
    uint32_t ce_in, ece_in; /* data with CE, ACKs with ECE */
};

struct te_conn {
    /* Who. */
    uint64_t id;
    struct te_endpoint local, remote;
    struct te_addr next_hop;
    uint32_t uid;
    uint32_t tag_reference; /* tag.h */

    /* State. RFC 9293's own, the field state, is written by state.c alone (state.h). */
    uint8_t state;
    bool was_passive : 1;  /* came from LISTEN (RFC 9293 3.10.7.4, second check) */
    bool is_remains : 1;   /* the protocol is over */
    bool user_closed : 1;  /* CLOSE or ABORT was called: nothing will be read again */
    bool is_accepted : 1;  /* an active open, or taken from the accept queue */
    bool fin_queued : 1;   /* a FIN follows the queued bytes */
    bool send_was_cut : 1; /* the last SEND had more than the buffer had room for */
    bool syn_acked : 1;    /* our SYN is acknowledged: SND.UNA names a byte */
    bool syn_was_lost : 1; /* our SYN or SYN,ACK had to be sent again */
    bool fin_sent : 1;
    bool fin_received : 1;    /* in order: everything before it has arrived */
    bool fin_pending : 1;     /* a FIN came out of order; it belongs at fin_offset */
    bool waits_neighbour : 1; /* queue_link is in the neighbour's list */
    bool is_queued : 1;       /* queue_link is in the output queue */
    bool probe_now : 1;       /* the persist timer asks for a probe, even into a closed window */
    bool keepalive_now : 1;
    bool wscale_ok : 1, ts_ok : 1, sack_ok : 1;
    bool nagle : 1, keepalive : 1, delayed_ack : 1;
    bool counted_orphan : 1; /* te_conn_account_orphan */
    bool counted_remote : 1; /* remotes.h */
    bool rtt_timing : 1;     /* our SYN is being timed */
    bool cwnd_limited : 1;   /* after the last segment, cwnd had no room for one more */
    bool in_accept_queue : 1;
    bool is_charged : 1;     /* charge.h */
    bool charged_remote : 1; /* to the remote as well */
    bool is_kept : 1;        /* te_set_kept */
    bool offers_none : 1;    /* our last segment shut the window */
    /* RFC 7413, as a server: the SYN's cookie was good; the opening counts as pending; the SYN,ACK
     * carries a cookie. */
    bool fast_opened : 1, fast_open_pending : 1, fast_open_answer : 1;
    /* As a client: the first SYN carries the option; with a cookie; that SYN carried data. */
    bool fast_open_tried : 1, fast_open_has_cookie : 1, fast_open_data : 1;
    int8_t error;      /* enum te_err: why it died; TE_OK while it lives, or after an orderly end */
    int8_t soft_error; /* enum te_err: the last ICMP error since anything was acknowledged */
    uint8_t icmp_type, icmp_code; /* of that error, or of the one that ended it; with has_icmp */
    bool has_icmp;
    uint8_t retransmits; /* of the same data, in a row */

    /* Lists and tables that link it. */
    struct te_conn *next_by_tuple, *next_by_id;
    struct te_list queue_link;    /* output queue, or a neighbour's waiters */
    struct te_list listener_link; /* SYN queue or accept queue */
    struct te_listener *listener; /* NULL when it is in neither */
    struct te_ready_node ready;
    struct te_list holder_link; /* charge.h; relief.h walks them */

    /* Timers: named deadlines, TE_NEVER when off; the wheel holds the earliest (timers.h). */
    struct te_wheel_node timer;
    int64_t timer_at_us[TE_CONN_TIMERS];

    /* RFC 9293 3.3.1. */
    uint32_t iss, snd_una, snd_nxt, snd_max, snd_wnd, snd_wl1, snd_wl2, max_snd_wnd;
    uint32_t snd_small;             /* end of the last segment that was not full-sized */
    uint32_t irs, rcv_nxt, rcv_adv; /* rcv_adv: the right edge that we have offered */
    uint16_t mss;       /* largest payload of a segment to the peer, options taken off */
    uint16_t peer_mss;  /* as the peer's option said, at least config.mss_min_bytes */
    uint16_t path_mtu;  /* bytes, IP header included */
    uint16_t acked_mtu; /* largest packet known to have arrived */
    uint16_t rcv_mss;   /* largest segment seen from the peer: "full-sized" when we ACK */
    uint8_t snd_wscale, rcv_wscale;
    uint32_t ts_offset; /* of our own timestamps (isn.h) */

    /* RFC 7323. */
    struct te_paws paws;

    /* Streams. */
    uint64_t queued_offset;   /* accepted from the user so far */
    uint64_t acked_offset;    /* acknowledged by the peer: stream offset of SND.UNA */
    uint64_t received_offset; /* stream offset of RCV.NXT */
    uint64_t released_offset; /* the user has taken everything below */
    uint64_t fin_offset;      /* with fin_pending */
    struct te_ring send_ring, receive_ring;
    struct te_ranges out_of_order;
    uint32_t send_max_bytes;
    uint32_t receive_limit_bytes; /* the window may open to this ... */
    uint32_t receive_max_bytes;   /* ... which may grow to this */
    uint32_t receive_cap_bytes;   /* but to this while memory is short; 0: it is not */
    uint32_t receive_rtt_us;      /* from the peer's echoes of our timestamps; 0: no sample yet */
    uint32_t features;            /* enum te_feature */
    uint64_t receive_mark_offset; /* start of the measurement that lets the window grow */
    int64_t receive_mark_at_us;

    /* Sending. */
    struct te_rtt rtt;
    struct te_congestion cc;
    struct te_sender *sender; /* NULL: nothing was sent yet, or for a long time */
    struct te_recovery recovery;
    struct te_ack_state ack;
    struct te_ecn ecn;
    uint8_t probes; /* unanswered persist or keepalive probes, in a row */
    uint8_t keepalive_probes_max;
    uint32_t pmtu_generation;         /* of the cache that path_mtu was read from (ip/pmtu.h) */
    struct te_mtu_search *mtu_search; /* NULL: path MTU by ICMP alone (mtu_probe.h) */
    int64_t rtt_sent_at_us;           /* our SYN */
    int64_t last_sent_at_us;          /* of what takes a sequence number */
    int64_t last_received_at_us, last_challenge_at_us;
    int64_t keepalive_idle_us, keepalive_interval_us, user_timeout_us;

    /* Accounts. */
    int64_t opened_at_us, state_since_us;
    uint64_t segments_in, segments_out, segments_retransmitted, bytes_retransmitted;

    uint32_t held_ms[TE_HOLD_COUNT]; /* by earlier senders (hold.h) */

    /* Memory (charge.h). */
    uint32_t charged_ring_bytes, charged_rest_bytes;
    uint32_t unsent_bytes;  /* unsent.h */
    uint32_t drained_bytes; /* since a good part of what was held was drained: ... */
    int64_t progress_at_us; /* ... then */

    struct te_history_log history;
};

/* Appends the connection to the output queue. Does nothing when it is queued already, when it waits
 * for its neighbour (whose answer queues it), or when only its remains are left. */
void te_conn_want_output(struct te_stack *stack, struct te_conn *conn);

/* What a new connection begins with: the configured algorithm, no ssthresh, and the initial window
 * for conn->mss (RFC 6928). At birth, and again once the handshake has settled the MSS. */
void te_conn_start_congestion(const struct te_stack *stack, struct te_conn *conn);

/* RFC 9293 3.3.2's "synchronized states": ESTABLISHED to LAST_ACK. TIME_WAIT is the table's. */
bool te_conn_is_synchronized(const struct te_conn *conn);
/* Whether the user may queue bytes (3.10.2): in SYN_SENT, SYN_RCVD, ESTABLISHED and CLOSE_WAIT,
 * until a FIN is queued or the protocol ends. */
bool te_conn_can_send(const struct te_conn *conn);
/* The sequence number of the byte at a stream offset, and the offset of a sequence number. Sequence
 * numbers are taken to lie at SND.UNA or less than 2^32 beyond it; until our SYN is acknowledged,
 * at ISS + 1 instead. */
uint32_t te_conn_send_seq(const struct te_conn *conn, uint64_t offset);
uint64_t te_conn_send_offset(const struct te_conn *conn, uint32_t seq);
/* The stream offset of a received sequence number at or beyond RCV.NXT. */
uint64_t te_conn_receive_offset(const struct te_conn *conn, uint32_t seq);
/* The sequence number for a segment without text: one that the peer finds acceptable. SND.NXT, or
 * the right edge of the peer's window where that was taken back (conn.c says why). */
uint32_t te_conn_acceptable_seq(const struct te_conn *conn);
/* Whether our FIN was sent, and everything up to and including it is acknowledged. */
bool te_conn_fin_is_acked(const struct te_conn *conn);

/* Whether SACK blocks steer loss recovery: negotiated, and a feature that uses them is on. */
bool te_conn_uses_sack(const struct te_conn *conn);
/* Sequence space in flight, SYN and FIN included: SND.NXT - SND.UNA. */
uint32_t te_conn_flight(const struct te_conn *conn);

/* The connection that embeds this node. */
struct te_conn *te_conn_of_queue_link(struct te_list *link);
struct te_conn *te_conn_of_listener_link(struct te_list *link);
struct te_conn *te_conn_of_timer(struct te_wheel_node *node);
struct te_conn *te_conn_of_holder_link(struct te_list *link);

#endif
