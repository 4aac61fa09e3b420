/* The judge: watches every connection of all stacks after every event, and every frame they send or
 * receive, and checks what must always hold. It sees the engine only from outside: te_status,
 * te_walk, te_totals, events, and frames.
 *
 * Its failure messages contain the numbers of the list at the top of observer.c.
 *
 * Which function checks which number (w: in observer_wire.c), and what is checked elsewhere:
 *
 *  1  w check_ack, check_peer; each byte that is read, and the end: actor.c; each byte to one
 *     connection only, but for a SYN's with Fast Open: observer_on_delivered
 *  2  check_sequence, check_progress
 *  3  check_sequence
 *  4  w check_peer_window
 *  5  w check_own_window; check_waiting: an application that has read everything offers a window
 *  6  check_limits, check_flight, check_loss_event (start, end, threshold), w check_cwnd
 *  7  w check_data, check_syn, check_syn_data; check_peer: nothing follows the peer's FIN
 *  8  check_limits for FIN_WAIT_2; one timer of retransmission and persist: the engine's own
 *     te_stack_check_invariants (lib/engine/invariants.c), called at each look
 *  9  check_waiting, check_limits, tally_connections; zero window and persist: invariants.c
 * 10  check_limits, check_timeout, check_round_trip, w check_probes
 * 11  w check_size, check_syn, check_negotiation, check_data, check_block, check_sack
 * 12  w check_answer_rate, check_reset, is_cookie, check_time_wait. The reaction to each segment in
 *     each state is not seen here: tests/script/state_event_script_test.c, user_call_, challenge_
 * 13  tally_listeners, compare_totals; sums per connection: tests/script/account_script_test.c
 *
 * Beside these, w: check_nagle, check_timestamps.
 *
 * Globally: both ends agree, openings end, everything is gone after CLOSE, memory is back to what
 * it was: run.c, observer_check_idle. Work per frame: steps.h (world.c), by sim.steps. Each
 * allocation refused in turn: alloc_failures.c. Each interleaving of opening and closing:
 * tests/explore. Saved and restored: tests/unit/save/save_test.c and the scripts' "reborn" runs.
 * Hostile bytes: tests/fuzz. */
#ifndef SIM_OBSERVER_H
#define SIM_OBSERVER_H

#include <tcpengine/tcpengine.h>

#include "coverage.h"
#include "extents.h"
#include "scenario.h"
#include "wire.h"

#define WATCHES_MAX 256
#define TOUCHED_MAX 8

struct world;

/* One end of one connection, from its first sight to the end of the run. */
struct watch {
    unsigned side;
    uint64_t id;
    struct te_status last; /* as it was after the latest event of its stack */
    bool is_seen;          /* in the current walk */
    bool is_gone;
    int64_t held_text_at_us; /* latest time that anything was queued or unread */
    bool is_told;
    bool has_waited; /* in TIME_WAIT, so nothing old reaches the next connection between its
                        endpoints */
    enum te_state told_state; /* by the latest event */

    /* As a sender. */
    bool has_sent;
    bool may_have_lost; /* segments without a resolved neighbour count as sent, but were not seen */
    uint32_t sent_end;  /* one past the highest sequence number sent */
    bool has_small;
    uint32_t small_end; /* of the latest segment that was not full-sized */
    bool has_fin;
    uint32_t fin_seq;
    bool has_peer_edge;
    uint32_t peer_edge; /* largest right edge the peer has offered that arrived */
    uint32_t mss_max;   /* before the path narrowed */
    bool has_recover;
    uint32_t recover;        /* SND.NXT at the latest start of a loss event */
    uint64_t undone, others; /* counters of its stack, at the latest look: see observer.c */
    uint64_t probes;         /* tail loss probes of its stack, at its latest segment */
    unsigned beyond_cwnd;    /* segments that may leave regardless of cwnd */
    uint32_t cwnd_before;    /* before the current loss event */
    struct extents resent;   /* what was sent more than once, from ISS on */
    bool has_probe;
    uint32_t probe_seq; /* of the latest byte sent beyond the window */
    int64_t probe_rto_us;
    unsigned calm_retransmits; /* of the same bytes, since the faults stopped */
    unsigned keepalives;       /* sent since anything arrived */
    uint64_t accepted;         /* bytes the application has sent */

    /* As a sender with Fast Open. */
    bool is_fast_open;         /* its application asked for it */
    uint64_t stream;           /* key of its bytes if given before ISS was known, else 0 */
    unsigned syn_copies;       /* that delivered data to the peer's host */
    unsigned early_takes;      /* connections whose application got data from a SYN */
    const struct watch *taker; /* the one whose application got more than that; NULL: none */

    /* What the peer's SYN said; a connection made from a SYN cookie has forgotten part of it. */
    bool is_by_cookie;
    bool has_peer_syn;
    bool peer_has_wscale, peer_has_sack, peer_has_timestamps;
    uint8_t peer_wscale;
    uint32_t peer_mss; /* what it announced, or the default */

    /* As a receiver. */
    bool has_own_edge;
    uint32_t own_edge;
    bool has_own_ack;
    uint32_t own_ack;       /* latest that was sent */
    struct extents arrived; /* stream offsets that arrived in frames */
    uint32_t syn_bytes;     /* data accepted from a SYN */
    bool has_delivered;     /* its application received something */
    bool has_peer_fin;
    uint64_t peer_fin_offset;
    bool has_peer_ts;
    uint32_t peer_ts;        /* latest timestamp that arrived */
    uint32_t rcv_nxt_before; /* the latest event */
    bool has_ts_due;
    uint32_t ts_due; /* the next ACK echoes this one or a later one */
    bool has_ts;
    uint32_t ts; /* latest that was sent */

    /* Retransmission by timeout. */
    int64_t timeout_at_us; /* of the latest one */
    int64_t timeout_rto_us;
    int64_t answer_at_us; /* of the latest ACK in answer to an ACK */
};

/* Connections of one host that were called, or received or sent something, since it was at rest. */
struct touched {
    bool all;
    unsigned count;
    uint64_t ids[TOUCHED_MAX];
};

struct observer {
    unsigned count;
    unsigned looks;
    uint64_t checks;
    struct touched touched[HOSTS_MAX];
    struct watch watches[WATCHES_MAX];
    struct coverage *coverage;
    struct watch *answering;          /* got a pure ACK in the current event */
    bool answers_probe;               /* ... at RCV.NXT - 1: a keepalive, or like one */
    struct watch *owing;              /* in TIME_WAIT, got the FIN again and has not answered yet */
    uint64_t cookies_seen[HOSTS_MAX]; /* SYN,ACKs on the wire without any state behind them */
    uint64_t cookies_taken[HOSTS_MAX]; /* ACKs of those, at the latest look at a whole host */
    int64_t
        resolving_until_us[HOSTS_MAX]; /* until then it may wait for a neighbour, without a timer */
    uint64_t refused[HOSTS_MAX]; /* allocations, up to the last rest: a neighbour needs memory */
};

void observer_init(struct observer *observer, struct coverage *coverage);
/* Before or after a call about a connection; 0: one that may concern any. */
void observer_touch(struct world *world, unsigned side, uint64_t id);
/* After every event on one side: looks at what was touched, and every so often at everything. True
 * if at everything. */
bool observer_look(struct world *world, unsigned side);
/* A host is frozen for a while, and solicits no neighbour meanwhile. */
void observer_on_freeze(struct world *world, unsigned side, int64_t amount_us);
/* Looks at one connection; at everything of one side. */
void observer_look_at(struct world *world, unsigned side, uint64_t id);
void observer_look_at_all(struct world *world, unsigned side);
/* When the side has nothing left to send. */
void observer_on_quiet(struct world *world, unsigned side);
/* After a while without traffic: no buffer that has been empty since then holds memory. A slow
 * application may still have read meanwhile. */
void observer_check_idle(struct world *world, int64_t since_us);
void observer_on_event(struct world *world, unsigned side, const struct te_event *event);
/* A frame as a stack sends it. */
void observer_on_sent(struct world *world, unsigned side, const uint8_t *frame, size_t len,
                      const struct te_frame_meta *meta);
/* A TCP segment, after it was given to a stack. */
void observer_on_arrived(struct world *world, unsigned side, const struct wire_segment *segment);

/* The host has rebooted: none of its connections exists any more. */
void observer_forget(struct world *world, unsigned side);

/* The watch of an id, or of the latest connection between two endpoints; NULL if none. */
struct watch *observer_find(struct world *world, unsigned side, uint64_t id);
struct watch *observer_find_pair(struct world *world, unsigned side,
                                 const struct te_endpoint *local, const struct te_endpoint *remote);
/* The previous connection between the same endpoints, or NULL. */
struct watch *observer_older(struct world *world, const struct watch *watch);
/* The other end of the same incarnation; NULL while it is not known. */
struct watch *observer_peer(struct world *world, const struct watch *watch);
/* Whether the application at this end has sent at least this many bytes, on this connection or on
 * the earlier one that a SYN cookie's ACK has opened again. All: exactly this many. */
bool observer_has_given(struct world *world, const struct watch *watch, uint64_t bytes,
                        bool is_all);
/* Streams: the one this end sends, and the one it receives (once IRS is known). */
uint64_t observer_send_key(const struct watch *watch);
uint64_t observer_receive_key(struct world *world, const struct watch *watch);
/* A connection that was opened with data for its SYN; before anything was sent. */
void observer_on_fast_open(struct world *world, unsigned side, uint64_t id, uint64_t stream_key);
/* The application of a connection has now received this many bytes of its stream: no other
 * connection may have delivered them, except those from a SYN (RFC 7413 2.1). */
void observer_on_delivered(struct world *world, struct watch *watch, uint64_t received);

#endif
