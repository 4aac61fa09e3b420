/* The judge: watches every connection of both stacks after every event, and every frame that they
 * put on the wire or get from it, and knows what must always hold. It sees the engine from outside
 * only: te_status, te_walk, te_totals, events, and frames.
 *
 * The sentences that it fails with name the numbers of the list in the header of observer.c. */
#ifndef SIM_OBSERVER_H
#define SIM_OBSERVER_H

#include "coverage.h"
#include "extents.h"
#include "scenario.h"
#include "wire.h"
#include <tcpengine/tcpengine.h>

#define WATCHES_MAX 256

struct world;

/* One end of one connection, from its first sight to the end of the run. */
struct watch {
    unsigned side;
    uint64_t id;
    struct te_status last; /* as it was after the latest event of its stack */
    bool is_seen;          /* in the walk under way */
    bool is_gone;
    bool is_told;
    enum te_state told_state; /* by the latest event */

    /* As a sender. */
    bool has_sent;
    uint32_t sent_end; /* highest sequence number sent, and one */
    bool has_fin;
    uint32_t fin_seq;
    bool has_peer_edge;
    uint32_t peer_edge; /* largest right edge that the peer has offered, as far as it arrived */
    uint64_t acks_in_recovery; /* that arrived since it began */
    uint16_t mss_max;          /* before the path became narrower */
    bool has_recover;
    uint32_t recover;      /* SND.MAX at the latest start of a loss event */
    struct extents resent; /* what was sent more than once, from ISS on */
    bool has_probe;
    uint32_t probe_seq; /* of the latest byte sent beyond the window */
    int64_t probe_rto_us;
    unsigned keepalives; /* sent since anything came */
    uint64_t accepted;   /* bytes that the application has sent */

    /* What the peer's SYN said. */
    bool has_peer_syn;
    bool peer_has_wscale, peer_has_sack, peer_has_timestamps;
    uint8_t peer_wscale;
    uint32_t peer_mss; /* what it named, or what stands for nothing */

    /* As a receiver. */
    bool has_own_edge;
    uint32_t own_edge;
    bool has_own_ack;
    uint32_t own_ack;       /* latest that was sent */
    struct extents arrived; /* stream offsets, as frames brought them */
    bool has_peer_fin;
    uint64_t peer_fin_offset;
    bool has_peer_ts;
    uint32_t peer_ts;        /* latest timestamp that arrived */
    uint32_t rcv_nxt_before; /* the latest event */
    bool has_ts_due;
    uint32_t ts_due; /* the one that the next ACK echoes, or a later one */
    bool has_ts;
    uint32_t ts; /* latest that was sent */

    /* Retransmission by timeout. */
    int64_t timeout_at_us; /* the latest one's time */
    int64_t timeout_rto_us;
    int64_t answer_at_us; /* the latest ACK in answer to an ACK */
};

struct observer {
    unsigned count;
    struct watch watches[WATCHES_MAX];
    struct coverage *coverage;
    struct watch *answering; /* got a pure ACK in the event under way */
    struct watch *owing;     /* in TIME_WAIT, got the FIN again and has not answered yet */
    int64_t resolving_until_us[SIDES]; /* so long it may wait for a neighbour, without a timer */
};

void observer_init(struct observer *observer, struct coverage *coverage);
/* After every event on one side. */
void observer_look(struct world *world, unsigned side);
/* When the side has said all that it has to say. */
void observer_on_quiet(struct world *world, unsigned side);
/* After a while of peace: no empty buffer holds memory. */
void observer_check_idle(struct world *world);
void observer_on_event(struct world *world, unsigned side, const struct te_event *event);
/* A frame as a stack gives it away. */
void observer_on_sent(struct world *world, unsigned side, const uint8_t *frame, size_t len,
                      const struct te_frame_meta *meta);
/* A TCP segment that was handed to a stack, after that. */
void observer_on_arrived(struct world *world, unsigned side, const struct wire_segment *segment);

/* The host has rebooted: none of its connections exists any more. */
void observer_forget(struct world *world, unsigned side);

/* The watch of an id, or of the latest connection between two endpoints; NULL. */
struct watch *observer_find(struct world *world, unsigned side, uint64_t id);
struct watch *observer_find_pair(struct world *world, unsigned side,
                                 const struct te_endpoint *local, const struct te_endpoint *remote);
/* The connection between the same endpoints before this one; NULL. */
struct watch *observer_older(struct world *world, const struct watch *watch);
/* The other end of the same incarnation; NULL while it is not known. */
struct watch *observer_peer(struct world *world, const struct watch *watch);
/* Streams: the one that this end sends, and the one that it gets (once IRS is known). */
uint64_t observer_send_key(const struct watch *watch);
uint64_t observer_receive_key(const struct watch *watch);

#endif
