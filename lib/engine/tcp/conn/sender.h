/* The state that a connection needs only while it sends: allocated before its first byte or FIN
 * leaves, freed when the connection has long been idle, so that idle connections stay small.
 *
 * Without memory for it, or for the record of one more frame, no data is sent in the usual way; the
 * persist timer's probes need neither and keep the connection alive. */
#ifndef TCPENGINE_TCP_CONN_SENDER_H
#define TCPENGINE_TCP_CONN_SENDER_H

#include "tcp/cc/congestion.h"
#include "tcp/cc/pacer.h"
#include "tcp/conn/hold.h"
#include "tcp/loss/delivery.h"
#include "tcp/loss/prr.h"
#include "tcp/loss/rack.h"
#include "tcp/loss/sent_map.h"
#include "tcp/loss/undo.h"
#include "tcp/loss/validation.h"

struct te_stack;
struct te_conn;

/* Packet sizes, in bytes with the IP header, while the connection sends (mtu/path_mtu.h). */
struct te_path_mtu {
    uint16_t sent_bytes;    /* largest sent since path_mtu changed */
    uint16_t watched_bytes; /* in flight, larger than acked_mtu, ends at watched_end; 0: none */
    uint16_t claimed_bytes; /* of a Packet Too Big about claimed_seq, not believed yet; 0: none */
    uint8_t cuts; /* believed at once, since a packet larger than acked_mtu last arrived */
    uint32_t watched_end, claimed_seq;
};

/* F-RTO: was a timeout spurious? (RFC 5682; recovery.c) */
enum te_frto {
    TE_FRTO_OFF = 0,
    TE_FRTO_RESENT, /* the first segment was retransmitted; its ACK decides (step 2) */
    TE_FRTO_NEW     /* new data was sent; the next ACK decides (step 3) */
};

struct te_sender {
    struct te_sent_map map;
    union te_cc_state cc_state; /* conn->cc.state points here */
    struct te_delivery delivery;
    struct te_rack rack;
    struct te_prr prr;
    struct te_undo undo;
    struct te_validation validation;
    struct te_pacer pacer;

    struct te_path_mtu mtu;
    struct te_hold_clock hold;

    /* The tail loss probe under way (loss_probe.h). */
    uint32_t probe_end;       /* TLP.end_seq */
    bool has_probe : 1;       /* one is in flight */
    bool probe_is_resent : 1; /* TLP.is_retrans */
    bool probe_now : 1;       /* the next frame is the probe */
    bool probe_needs_rtt : 1; /* no round trip has been measured since the last one */
    bool retransmit_now : 1;  /* the next lost segment ignores cwnd (RFC 5681 3.2) */

    uint8_t frto;               /* enum te_frto */
    uint32_t frto_mark;         /* where the new data of F-RTO begins */
    uint32_t cwnd_before_bytes; /* cwnd when the reduction began: it never ends with more */
    uint32_t reno_sacked_bytes; /* without SACK: has left the network, by the duplicate ACKs */
    uint32_t counted_to;        /* RFC 6675's loss detection has seen everything below */
    uint32_t rtt_round_end;     /* next RTT sample beyond it: one per round trip (RFC 6298 3) */
    int64_t idle_since_us;      /* when the last byte in flight was acknowledged */
};

/* Ensures that the connection has a sender, and that the sender has a spare record for one more
 * frame. False: no memory; a sender without a spare record may be left. */
bool te_sender_prepare(struct te_stack *stack, struct te_conn *conn);
/* Frees the sender, and all records in it; legal when there is none. cwnd and ssthresh stay. */
void te_sender_release(struct te_stack *stack, struct te_conn *conn);
/* The sender begins to be held back, by nothing; from now on, by hold (hold.h). */
void te_sender_start_hold(struct te_stack *stack, struct te_conn *conn);
void te_sender_change_hold(struct te_stack *stack, struct te_conn *conn, enum te_hold hold);
/* Saves or restores the sender, and whether there is one. */
struct te_codec;
void te_sender_save(struct te_codec *codec, struct te_stack *stack, struct te_conn *conn);
/* Bytes believed to be in the network: pipe of RFC 6675 3. */
uint32_t te_sender_pipe(const struct te_conn *conn);

/* Recomputes the pacing rate, after cwnd or the algorithm's estimate has changed: the algorithm's
 * own, else one derived from window and SRTT. The initial window leaves unpaced: it is small, and
 * nothing is known before its first ACK. */
void te_sender_set_pace(struct te_conn *conn);
/* Whether pacing holds the connection back now. */
bool te_sender_is_held(const struct te_stack *stack, const struct te_conn *conn);
/* The longest payload of one frame that pacing allows; UINT32_MAX without a sender. */
uint32_t te_sender_quantum_bytes(const struct te_conn *conn);
/* Switches to another congestion control algorithm, at any time. cwnd stays; what the old one knew
 * beside it is forgotten. */
void te_sender_set_algorithm(const struct te_stack *stack, struct te_conn *conn,
                             const struct te_cc_ops *ops);

#endif
