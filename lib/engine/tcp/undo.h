/* Was a recovery needless? What it has sent again may turn out not to have been lost: then cwnd and
 * ssthresh become again what they were (RFC 4015 3.2; RFC 9438 4.9).
 *
 * Two kinds of evidence: the echoed timestamp of an ACK is older than the first retransmission, so
 * that the original has arrived (Eifel, RFC 3522 3.2); or every byte that was sent again has been
 * reported by D-SACK as a duplicate (RFC 3708). F-RTO has evidence of its own (recovery.c). */
#ifndef TCPENGINE_TCP_UNDO_H
#define TCPENGINE_TCP_UNDO_H

#include "tcp/congestion.h"

struct te_undo {
    bool is_armed; /* a recovery since which nothing has proved that it was needed */
    bool has_resent;
    uint32_t marker;          /* SND.UNA when it began: duplicates below are older */
    uint32_t first_resent_ts; /* TSval of its first retransmission */
    uint64_t unproved_bytes;  /* sent again, not reported as duplicates yet */
    struct te_congestion before;
    union te_cc_state state_before;
};

/* A recovery begins; cc: before its answer. */
void te_undo_arm(struct te_undo *undo, const struct te_congestion *cc, uint32_t snd_una);
void te_undo_disarm(struct te_undo *undo);
/* len bytes are sent again, with this TSval. */
void te_undo_on_resent(struct te_undo *undo, uint32_t len, uint32_t ts_value);
/* A D-SACK of [start, end). */
void te_undo_on_dsack(struct te_undo *undo, uint32_t start, uint32_t end);

/* Every retransmission was a duplicate. */
bool te_undo_by_dsack(const struct te_undo *undo);
/* An ACK that moved SND.UNA echoes ts_echo. */
bool te_undo_by_timestamp(const struct te_undo *undo, uint32_t ts_echo);

/* Gives back what was before, and disarms. */
void te_undo_apply(struct te_undo *undo, struct te_congestion *cc, int64_t now_us);

#endif
