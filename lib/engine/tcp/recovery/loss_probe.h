/* The tail loss probe (RFC 8985 7): when ACKs stop coming, one segment is sent after about two
 * round trips, a new one if there is any, else the last one again, so that its ACK shows by SACK
 * what was lost. A loss that would have waited for the retransmission timeout, and cost the window,
 * becomes a fast recovery.
 *
 * Only in OPEN, with SACK and TE_FEATURE_LOSS_PROBE, something in flight, nothing SACKed or LOST, a
 * window that is not zero, no other probe in flight, and a round trip measured since the last one.
 */
#ifndef TCPENGINE_TCP_RECOVERY_LOSS_PROBE_H
#define TCPENGINE_TCP_RECOVERY_LOSS_PROBE_H

#include "tcp/recovery/ack_report.h"

/* After new data was sent, and after an ACK: arms TE_TIMER_LOSS_PROBE by TLP_calc_PTO(), at the
 * retransmission timeout at the latest, or clears it when no probe is allowed. */
void te_loss_probe_schedule(struct te_stack *stack, struct te_conn *conn);
/* The timer has expired: asks output for the probe, and restarts the retransmission timer. */
void te_loss_probe_on_timer(struct te_stack *stack, struct te_conn *conn);
/* The probe was sent; is_resent: it was the last segment again (TLP.is_retrans). */
void te_loss_probe_on_sent(struct te_conn *conn, bool is_resent);
/* TLP_process_ack(), once SND.UNA has moved; the connection has a sender. True: the probe has
 * repaired a loss, and the caller owes the response to congestion that detecting it would have
 * caused. */
bool te_loss_probe_on_ack(struct te_conn *conn, const struct te_ack_report *report);

#endif
