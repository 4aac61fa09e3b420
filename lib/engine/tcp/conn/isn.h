/* What must be unpredictable: initial sequence numbers (RFC 6528) and timestamp offsets (RFC
 * 7323 5.4). */
#ifndef TCPENGINE_TCP_CONN_ISN_H
#define TCPENGINE_TCP_CONN_ISN_H

#include <tcpengine/types.h>

struct te_stack;

/* ISN = M + F(4-tuple, secret), M a clock of 4 us (RFC 6528 3). */
uint32_t te_isn_choose(const struct te_stack *stack, const struct te_endpoint *local,
                       const struct te_endpoint *remote);
/* Constant for a 4-tuple and a boot, so that a new incarnation goes on where the last one was: that
 * is what RFC 6191 and PAWS compare. */
uint32_t te_ts_offset(const struct te_stack *stack, const struct te_endpoint *local,
                      const struct te_endpoint *remote);
/* Our timestamp clock, 1 ms a tick, for an offset: now, and as it was at a time. */
uint32_t te_ts_now(const struct te_stack *stack, uint32_t ts_offset);
uint32_t te_ts_at(uint32_t ts_offset, int64_t at_us);

#endif
