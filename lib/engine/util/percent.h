/* Parts in percent. */
#ifndef TCPENGINE_UTIL_PERCENT_H
#define TCPENGINE_UTIL_PERCENT_H

#include <stdint.h>

/* whole * percent / 100, rounded down, for any whole: the product alone might not fit. */
static inline uint64_t te_percent_of(uint64_t whole, unsigned percent)
{
    return whole / 100 * percent + whole % 100 * percent / 100;
}

#endif
