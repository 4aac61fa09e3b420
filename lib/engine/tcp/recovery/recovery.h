/* What to do about loss: the sender's states and the way between them.
 *
 *   OPEN      nothing is known to be lost
 *   CWR       a congestion mark was echoed; cwnd comes down (RFC 3168 6.1.2)
 *   FAST      loss was found by ACKs; cwnd comes down by PRR while what is lost is sent again
 *   LOSS      the retransmission timer has expired: all that is not SACKed counts as lost, and slow
 *             start sends it again (RFC 5681 3.1), unless F-RTO finds that it was not (RFC 5682)
 *
 * CWR, FAST and LOSS end when everything that was in flight at their beginning is acknowledged
 * (recover), or when they turn out to have been needless (undo.h). One entry is one answer of
 * congestion control. Which segments are lost is loss_detect.h's, what is sent next output.h's. */
#ifndef TCPENGINE_TCP_RECOVERY_RECOVERY_H
#define TCPENGINE_TCP_RECOVERY_RECOVERY_H

#include "tcp/recovery/ack_report.h"

/* After the report is complete and SND.UNA and SND.WND are up to date. */
void te_recovery_on_ack(struct te_stack *stack, struct te_conn *conn, struct te_ack_report *report);
/* The retransmission timer has expired. */
void te_recovery_on_timeout(struct te_stack *stack, struct te_conn *conn);
/* RACK's reordering timer has expired (RFC 8985 6.3). */
void te_recovery_on_reorder_timer(struct te_stack *stack, struct te_conn *conn);
/* The path takes no segments of that size: what was larger is sent again, without an answer of
 * congestion control (RFC 1191 6.4, RFC 8201 5.4). */
void te_recovery_on_smaller_mss(struct te_stack *stack, struct te_conn *conn);
/* The first data after a pause: a window that was not used for so long is worth less (RFC
 * 5681 4.1).
 */
void te_recovery_on_restart(struct te_stack *stack, struct te_conn *conn);

/* len bytes were put into the record, for the first time or again. */
void te_recovery_on_sent(struct te_stack *stack, struct te_conn *conn, struct te_sent *sent,
                         uint32_t prior_pipe_bytes);
/* F-RTO asks for new data instead of what is marked lost (RFC 5682 2.1 step 2b). */
bool te_recovery_prefers_new(const struct te_conn *conn);
/* RFC 6582 3.2 step 3: in a fast recovery without SACK the first partial ACK restarts the timeout,
 * and nothing after it. Else one hole a round trip is mended for as long as there are holes. */
bool te_recovery_holds_timeout(const struct te_conn *conn);

const char *te_recovery_name(const struct te_conn *conn);

#endif
