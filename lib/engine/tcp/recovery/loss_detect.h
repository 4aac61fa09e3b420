/* Which segments are lost? By time (RACK, RFC 8985 6), by count of what was SACKed above (RFC 6675
 * 4, IsLost), or, without SACK, the first one after three duplicates and after each partial
 * acknowledgment (NewReno, RFC 6582). What is lost moves to LOSS in the sent map; the answer to it
 * is recovery.h's. */
#ifndef TCPENGINE_TCP_RECOVERY_LOSS_DETECT_H
#define TCPENGINE_TCP_RECOVERY_LOSS_DETECT_H

#include "tcp/recovery/ack_report.h"

#define TE_DUP_THRESH 3 /* RFC 5681 3.2, RFC 6675 2 */

/* By RACK or RFC 6675; bytes newly marked. */
uint32_t te_loss_detect(struct te_stack *stack, struct te_conn *conn);
/* NewReno: the first segment in flight. */
uint32_t te_loss_mark_first(struct te_stack *stack, struct te_conn *conn);
/* After a timeout: everything that is not SACKed. */
uint32_t te_loss_mark_all(struct te_conn *conn);

#endif
