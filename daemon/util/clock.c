#include "util/clock.h"

#include <tcpengine/units.h>
#include <time.h>

int64_t clock_monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * TE_NS_PER_SECOND + now.tv_nsec;
}

int64_t clock_monotonic_us(void)
{
    return clock_monotonic_ns() / TE_NS_PER_US;
}

int64_t clock_unix_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * TE_SECOND + now.tv_nsec / TE_NS_PER_US;
}
