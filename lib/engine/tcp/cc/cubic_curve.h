/* The cubic curve of RFC 9438 4.2 in integers: W(t) - W_max = C * (t - K)^3 with C = 0.4 segments
 * per second cubed, and its inverse, K. Times are microseconds, windows bytes; the error is below a
 * tenth of a segment over ten minutes. K is found by bisection on the curve itself, so that W(0) is
 * the window that an epoch began with, not a rounding away from it. */
#ifndef TCPENGINE_TCP_CC_CUBIC_CURVE_H
#define TCPENGINE_TCP_CC_CUBIC_CURVE_H

#include <stdint.h>

/* Times are clamped to this on either side of the plateau (18 minutes). There W is beyond any
 * window, except with an MSS of a few bytes. */
#define TE_CUBIC_CURVE_MAX_US ((INT64_C(1) << 30) - 1)

/* W(t) - W_max at from_plateau_us = t - K: negative before the plateau. Odd and monotonic. */
int64_t te_cubic_curve_bytes(int64_t from_plateau_us, uint32_t mss_bytes);
/* K: the shortest time before the plateau at which the window is at least below_bytes below it; 0
 * for 0, and 2^30 at most. */
uint32_t te_cubic_curve_k_us(uint32_t below_bytes, uint32_t mss_bytes);

#endif
