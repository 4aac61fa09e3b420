/* Loss recovery: states and transitions.
 *
 *   OPEN      nothing is known to be lost
 *   CWR       a congestion mark was echoed; cwnd comes down (RFC 3168 6.1.2)
 *   FAST      ACKs have revealed a loss; cwnd comes down by PRR while what is lost is sent again
 *   LOSS      the retransmission timer has expired: everything not SACKed counts as lost, and slow
 *             start sends it again (RFC 5681 3.1), unless F-RTO finds that it was not (RFC 5682)
 *
 * CWR, FAST and LOSS end when everything that was in flight when they began is acknowledged
 * (recover), or when they turn out to have been needless (undo.h). Entering one of them is one
 * response of congestion control. loss_detect.h decides which segments are lost, output.h what is
 * sent next.
 *
 * The calls may change cwnd, the sent map and the timers, and ask for output where there may be
 * something to send. Without a sender nothing is in flight: on_ack, on_reorder_timer and
 * on_smaller_mss then do nothing. */
#ifndef TCPENGINE_TCP_RECOVERY_RECOVERY_H
#define TCPENGINE_TCP_RECOVERY_RECOVERY_H

#include "tcp/recovery/ack_report.h"

/* An ACK came; the report is complete, and SND.UNA and SND.WND are up to date. Adds lost_bytes, and
 * without SACK what duplicates stand for, to the report. */
void te_recovery_on_ack(struct te_stack *stack, struct te_conn *conn, struct te_ack_report *report);
/* The retransmission timer has expired: enters LOSS, or, while our SYN is not acknowledged, starts
 * again from the SYN. */
void te_recovery_on_timeout(struct te_stack *stack, struct te_conn *conn);
/* RACK's reordering timer has expired (RFC 8985 6.3). */
void te_recovery_on_reorder_timer(struct te_stack *stack, struct te_conn *conn);
/* MSS has become smaller: what is in flight and too large for the path is sent again, without a
 * response of congestion control (RFC 1191 6.4, RFC 8201 5.4). */
void te_recovery_on_smaller_mss(struct te_stack *stack, struct te_conn *conn);
/* The user queues data, before it is counted. After an idle period longer than RTO cwnd falls to
 * the initial window (RFC 5681 4.1). */
void te_recovery_on_restart(struct te_stack *stack, struct te_conn *conn);

/* A record was sent, for the first time or again, and is up to date; prior_pipe_bytes is pipe
 * before it. The connection has a sender. */
void te_recovery_on_sent(struct te_stack *stack, struct te_conn *conn, struct te_sent *sent,
                         uint32_t prior_pipe_bytes);
/* F-RTO asks for new data instead of what is marked lost (RFC 5682 2.1 step 2b). The connection has
 * a sender. */
bool te_recovery_prefers_new(const struct te_conn *conn);
/* RFC 6582 3.2 step 3: in a fast recovery without SACK the first partial ACK restarts the
 * retransmission timer, later ones don't. Otherwise one hole is repaired per round trip for as long
 * as there are holes. */
bool te_recovery_holds_timeout(const struct te_conn *conn);

/* "open", "cwr", "recovery" or "loss". */
const char *te_recovery_name(const struct te_conn *conn);

#endif
