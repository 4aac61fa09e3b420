/* Which segments are lost? By time (RACK, RFC 8985 6), by the count of what was SACKed above (RFC
 * 6675 4, IsLost), or, without SACK, the first one after three duplicates and after each partial
 * acknowledgment (NewReno, RFC 6582). Lost records become LOST in the sent map, and the congestion
 * control's on_lost hook is called for each first; recovery.h decides on the response and adds the
 * bytes to the delivery's lost count. */
#ifndef TCPENGINE_TCP_RECOVERY_LOSS_DETECT_H
#define TCPENGINE_TCP_RECOVERY_LOSS_DETECT_H

#include "tcp/recovery/ack_report.h"

#define TE_DUP_THRESH 3 /* RFC 5681 3.2, RFC 6675 2 */

/* All return the bytes newly marked; the connection has a sender. */

/* With SACK: by RACK, which also sets or clears TE_TIMER_REORDER, or, with TE_FEATURE_RACK off, by
 * RFC 6675. 0 without SACK. */
uint32_t te_loss_detect(struct te_stack *stack, struct te_conn *conn);
/* NewReno: the first segment in flight, split from a longer record if memory allows. 0 when it is
 * LOST already, or nothing is in flight. */
uint32_t te_loss_mark_first(struct te_stack *stack, struct te_conn *conn);
/* After a timeout: everything that is neither SACKed nor LOST already. */
uint32_t te_loss_mark_all(struct te_conn *conn);

#endif
