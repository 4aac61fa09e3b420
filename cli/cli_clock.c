#include "cli_clock.h"

#include <tcpengine/units.h>
#include <time.h>

static int64_t read_us(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * TE_SECOND + now.tv_nsec / TE_NS_PER_US;
}

int64_t cli_now_ms(void)
{
    return cli_now_us() / TE_MS;
}

int64_t cli_now_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

int64_t cli_wall_us(void)
{
    return read_us(CLOCK_REALTIME);
}
