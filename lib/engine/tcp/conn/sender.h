/* What a connection needs only while it sends: made with the first byte or FIN that leaves, given
 * back when the connection has been idle for long, so that idle connections stay small.
 *
 * Without memory for it, or for the record of one more frame, nothing can be sent in the usual way;
 * the persist timer's probes of one byte need neither, and keep the connection going. */
#ifndef TCPENGINE_TCP_CONN_SENDER_H
#define TCPENGINE_TCP_CONN_SENDER_H

#include "tcp/cc/congestion.h"
#include "tcp/cc/pacer.h"
#include "tcp/loss/delivery.h"
#include "tcp/loss/prr.h"
#include "tcp/loss/rack.h"
#include "tcp/loss/sent_map.h"
#include "tcp/loss/undo.h"
#include "tcp/loss/validation.h"

struct te_stack;
struct te_conn;

/* Sizes of packets, while the connection sends (mtu/path_mtu.h). */
struct te_path_mtu {
    uint16_t sent_bytes;    /* the largest sent since path_mtu changed */
    uint16_t watched_bytes; /* one larger than acked_mtu is in flight, up to watched_end; or 0 */
    uint16_t claimed_bytes; /* what a Packet Too Big about claimed_seq says, held back; or 0 */
    uint8_t cuts; /* believed at once, since something larger than acked_mtu has arrived */
    uint32_t watched_end, claimed_seq;
};

/* Was a timeout needless? (RFC 5682; recovery.c) */
enum te_frto {
    TE_FRTO_OFF = 0,
    TE_FRTO_RESENT, /* the first segment was sent again; its ACK decides (step 2) */
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

    /* The tail loss probe under way (loss_probe.h). */
    uint32_t probe_end;       /* TLP.end_seq */
    bool has_probe : 1;       /* one is in flight */
    bool probe_is_resent : 1; /* TLP.is_retrans */
    bool probe_now : 1;       /* the next frame is the probe */
    bool probe_needs_rtt : 1; /* no round trip was measured since the last one */
    bool retransmit_now : 1;  /* the next lost segment goes out whatever cwnd says (RFC 5681 3.2) */

    uint8_t frto;               /* enum te_frto */
    uint32_t frto_mark;         /* SND.NXT when its new data may begin */
    uint32_t cwnd_before_bytes; /* a reduction never ends with more */
    uint32_t reno_sacked_bytes; /* duplicates say that so much has left the network, without SACK */
    uint32_t counted_to;        /* RFC 6675's detection has looked at everything below */
    uint32_t rtt_round_end;     /* one sample for RTO a round trip (RFC 6298 3) */
    int64_t idle_since_us;      /* when the last byte in flight was acknowledged */
};

/* Makes sure of a sender and of a spare record. False: no memory. */
bool te_sender_prepare(struct te_stack *stack, struct te_conn *conn);
/* Idle for long, or the end. */
void te_sender_release(struct te_stack *stack, struct te_conn *conn);
/* Writes or reads it, whether there is one or not. */
struct te_codec;
void te_sender_save(struct te_codec *codec, struct te_stack *stack, struct te_conn *conn);
/* Bytes that are believed to be in the network: pipe of RFC 6675. */
uint32_t te_sender_pipe(const struct te_conn *conn);

/* The rate for what leaves from now on, after cwnd or the algorithm's mind has changed. The initial
 * window leaves unpaced: nothing is known before its first ACK, and it is small. */
void te_sender_set_pace(struct te_conn *conn);
/* Pacing makes the connection wait. */
bool te_sender_is_held(const struct te_stack *stack, const struct te_conn *conn);
/* The longest payload of a frame that pacing likes. */
uint32_t te_sender_quantum_bytes(const struct te_conn *conn);
/* Another congestion control algorithm, at any time. */
void te_sender_set_algorithm(const struct te_stack *stack, struct te_conn *conn,
                             const struct te_cc_ops *ops);

#endif
