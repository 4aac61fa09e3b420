/* What must be unpredictable: initial sequence numbers (RFC 6528) and timestamp offsets (RFC
 * 7323 5.4). */
#ifndef TCPENGINE_TCP_CONN_ISN_H
#define TCPENGINE_TCP_CONN_ISN_H

#include <tcpengine/types.h>

struct te_stack;

/* ISN = M + F(4-tuple, secret), where M counts 4 us ticks (RFC 6528 3): unpredictable from outside,
 * and for one 4-tuple rising by 250,000 per second, so that incarnations do not overlap. */
uint32_t te_isn_choose(const struct te_stack *stack, const struct te_endpoint *local,
                       const struct te_endpoint *remote);
/* Numbers below end were sent, and no TIME_WAIT will keep what answers them from the next
 * incarnation: its ISN, and all others from now on, come as much later as it takes. Text on a SYN
 * (RFC 7413) may be ahead of the clock when its opening is given up. Over the stack's life M runs
 * twice as fast at most; what would take more is left out, so that no user can make it wrap. */
void te_isn_pass(struct te_stack *stack, const struct te_endpoint *local,
                 const struct te_endpoint *remote, uint32_t end);
/* What is added to our timestamp clock. Constant per 4-tuple and secret, so that the timestamps of
 * a new incarnation continue those of the last one: RFC 6191 and PAWS compare them. */
uint32_t te_ts_offset(const struct te_stack *stack, const struct te_endpoint *local,
                      const struct te_endpoint *remote);
/* TSval under an offset, in ticks of 1 ms (RFC 7323 5.4), now and at another time. It wraps. */
uint32_t te_ts_now(const struct te_stack *stack, uint32_t ts_offset);
uint32_t te_ts_at(uint32_t ts_offset, int64_t at_us);

#endif
