/* The tail loss probe (RFC 8985 7): when ACKs stop coming, one segment is sent after about two
 * round trips, new if there is one, else the last again, so that its ACK shows by SACK what was
 * lost. What would have waited for the retransmission timeout, and would have cost the window,
 * becomes a fast recovery. */
#ifndef TCPENGINE_TCP_RECOVERY_LOSS_PROBE_H
#define TCPENGINE_TCP_RECOVERY_LOSS_PROBE_H

#include "tcp/recovery/ack_report.h"

/* TLP_calc_PTO() and its conditions: arms the timer, or clears it. After new data was sent, and
 * after an ACK. */
void te_loss_probe_schedule(struct te_stack *stack, struct te_conn *conn);
/* The timer has expired: the next frame is the probe. */
void te_loss_probe_on_timer(struct te_stack *stack, struct te_conn *conn);
/* The probe has left. */
void te_loss_probe_on_sent(struct te_conn *conn, bool is_resent);
/* TLP_process_ack(). True: the probe has repaired a loss, which asks for the answer to congestion
 * that the lost segment's detection would have had. */
bool te_loss_probe_on_ack(struct te_conn *conn, const struct te_ack_report *report);

#endif
