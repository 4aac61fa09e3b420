/* Was a recovery needless? What it has sent again may turn out not to have been lost: then cwnd and
 * ssthresh become again what they were (RFC 4015 3.2; RFC 9438 4.9).
 *
 * Two kinds of evidence: the echoed timestamp of the ACK of all that was sent again is older than
 * the first retransmission, so that the originals have arrived (Eifel, RFC 3522 3.2); or every byte
 * that was sent again has been reported by D-SACK as a duplicate (RFC 3708).
 *
 * DEVIATION: RFC 3708 3 marks segments one by one, gives up where one was sent again twice (A.3),
 * and for good where a duplicate was not sent again at all, since the network made it (A.4). What
 * is acknowledged has no record here. Bytes are counted instead, every sending of them; duplicates
 * of what lies outside of what this recovery has sent again do not count. F-RTO has evidence of its
 * own (recovery.c). */
#ifndef TCPENGINE_TCP_LOSS_UNDO_H
#define TCPENGINE_TCP_LOSS_UNDO_H

#include "tcp/cc/congestion.h"

struct te_undo {
    bool is_armed; /* a recovery since which nothing has proved that it was needed */
    bool has_resent;
    uint32_t marker;                   /* SND.UNA when it began: duplicates below are older */
    uint32_t first_resent_ts;          /* TSval of its first retransmission */
    uint32_t resent_start, resent_end; /* within these all that was sent again lies */
    uint64_t unproved_bytes;           /* sent again, not reported as duplicates yet */
    struct te_congestion before;
    union te_cc_state state_before;
};

/* A recovery begins; cc: before its answer. */
void te_undo_arm(struct te_undo *undo, const struct te_congestion *cc, uint32_t snd_una);
void te_undo_disarm(struct te_undo *undo);
/* [start, end) is sent again, with this TSval. */
void te_undo_on_resent(struct te_undo *undo, uint32_t start, uint32_t end, uint32_t ts_value);
/* A D-SACK of [start, end). */
void te_undo_on_dsack(struct te_undo *undo, uint32_t start, uint32_t end);

/* Every retransmission was a duplicate. */
bool te_undo_by_dsack(const struct te_undo *undo);
/* An ACK moved SND.UNA to snd_una and echoes ts_echo. It has to be for all that was sent again:
 * what was only late may fill the first hole while the retransmissions of others are on their way,
 * and those of a recovery that was undone before come with older timestamps than the first of this.
 */
bool te_undo_by_timestamp(const struct te_undo *undo, uint32_t snd_una, uint32_t ts_echo);

/* Gives back what was before, and disarms. */
void te_undo_apply(struct te_undo *undo, struct te_congestion *cc, int64_t now_us);

#endif
