/* Was a recovery needless? What it sent again may turn out not to have been lost; then cwnd and
 * ssthresh are restored (RFC 4015 3.2; RFC 9438 4.9).
 *
 * Two kinds of evidence: the ACK of everything that was sent again echoes a timestamp older than
 * the first retransmission, so the originals have arrived (Eifel, RFC 3522 3.2); or D-SACKs have
 * reported every byte that was sent again as a duplicate (RFC 3708).
 *
 * DEVIATION: RFC 3708 3 marks segments one by one, gives up when one was sent again twice (A.3),
 * and for good when a duplicate was never sent again, since the network made it (A.4). Here what is
 * acknowledged has no record any more, so bytes are counted instead, once per retransmission;
 * duplicates outside the range that this recovery sent again do not count. F-RTO has evidence of
 * its own (recovery.c). */
#ifndef TCPENGINE_TCP_LOSS_UNDO_H
#define TCPENGINE_TCP_LOSS_UNDO_H

#include "tcp/cc/congestion.h"

struct te_undo {
    bool is_armed; /* a recovery began, and nothing has proved yet that it was needed */
    bool has_resent;
    uint32_t marker;                   /* SND.UNA when it began: duplicates below are older */
    uint32_t first_resent_ts;          /* TSval of its first retransmission */
    uint32_t resent_start, resent_end; /* the range that holds everything that was sent again */
    uint64_t unproved_bytes;           /* sent again, not yet reported as duplicates */
    struct te_congestion before;
    union te_cc_state state_before;
};

/* A recovery begins: copies *cc and its state as they are before the algorithm's response. */
void te_undo_arm(struct te_undo *undo, const struct te_congestion *cc, uint32_t snd_una);
/* The recovery was needed, or is over for another reason. */
void te_undo_disarm(struct te_undo *undo);
/* [start, end) was sent again, with this TSval. Ignored while disarmed. */
void te_undo_on_resent(struct te_undo *undo, uint32_t start, uint32_t end, uint32_t ts_value);
/* A D-SACK reports [start, end). Ignored unless it lies within what was sent again. */
void te_undo_on_dsack(struct te_undo *undo, uint32_t start, uint32_t end);

/* Every retransmission was a duplicate. */
bool te_undo_by_dsack(const struct te_undo *undo);
/* An ACK moved SND.UNA to snd_una and echoes ts_echo. It must cover everything that was sent again:
 * a late original may fill the first hole while other retransmissions are still on their way, and
 * those of an earlier, undone recovery carry timestamps older than the first of this one. */
bool te_undo_by_timestamp(const struct te_undo *undo, uint32_t snd_una, uint32_t ts_echo);

/* Restores what was saved, through cc->ops->on_undo, and disarms. Only while armed, and with the
 * algorithm that was saved. */
void te_undo_apply(struct te_undo *undo, struct te_congestion *cc, int64_t now_us);

#endif
