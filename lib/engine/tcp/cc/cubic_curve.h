/* The cubic curve of RFC 9438 4.2 in integers: W(t) - W_max = C * (t - K)^3 with C = 0.4 segments a
 * second cubed, and its inverse, K. Time in microseconds, windows in bytes; the error is under a
 * tenth of a segment over ten minutes. K is found by bisection on the curve itself, so that W(0) is
 * the window that an epoch began with, and not a rounding away from it. */
#ifndef TCPENGINE_TCP_CC_CUBIC_CURVE_H
#define TCPENGINE_TCP_CC_CUBIC_CURVE_H

#include <stdint.h>

/* Time is held within this on either side of the plateau (18 minutes): W is beyond any window. */
#define TE_CUBIC_CURVE_MAX_US ((INT64_C(1) << 30) - 1)

/* How far above (or, before it, below) the plateau the window is, from_plateau_us after it. */
int64_t te_cubic_curve_bytes(int64_t from_plateau_us, uint32_t mss_bytes);
/* K: how long before the plateau the window is below_bytes below it. */
uint32_t te_cubic_curve_k_us(uint32_t below_bytes, uint32_t mss_bytes);

#endif
