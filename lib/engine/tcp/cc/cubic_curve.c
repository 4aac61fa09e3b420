#include "tcp/cc/cubic_curve.h"

/* The square is kept in units of 1e-4 s^2, so that the cube of 2^30 us (units of 1e-10 s^3) fits 64
 * bits. */
#define SQUARE_UNIT 100000000u
/* Units of the cube per segment: 1e10 / C. */
#define CUBE_PER_SEGMENT UINT64_C(25000000000)

static uint64_t distance_bytes(uint64_t us, uint32_t mss_bytes)
{
    uint64_t cube = us * us / SQUARE_UNIT * us;
    return cube / CUBE_PER_SEGMENT * mss_bytes +
           cube % CUBE_PER_SEGMENT * mss_bytes / CUBE_PER_SEGMENT;
}

int64_t te_cubic_curve_bytes(int64_t from_plateau_us, uint32_t mss_bytes)
{
    int64_t us = from_plateau_us < 0 ? -from_plateau_us : from_plateau_us;
    if (us > TE_CUBIC_CURVE_MAX_US)
        us = TE_CUBIC_CURVE_MAX_US;
    int64_t bytes = (int64_t)distance_bytes((uint64_t)us, mss_bytes);
    return from_plateau_us < 0 ? -bytes : bytes;
}

uint32_t te_cubic_curve_k_us(uint32_t below_bytes, uint32_t mss_bytes)
{
    uint32_t k_us = 0; /* not yet far enough */
    if (below_bytes == 0)
        return 0;
    for (uint32_t step_us = UINT32_C(1) << 29; step_us > 0; step_us /= 2) {
        if (distance_bytes(k_us + step_us, mss_bytes) < below_bytes)
            k_us += step_us;
    }
    return k_us + 1;
}
