/* Units. Times are microseconds and sizes are bytes, unless a name says otherwise (_ms, _segments).
 */
#ifndef TCPENGINE_UNITS_H
#define TCPENGINE_UNITS_H

#include <stdint.h>

/* Durations in microseconds: 30 * TE_SECOND. Also for conversion: us / TE_MS. */
#define TE_MS INT64_C(1000)
#define TE_SECOND INT64_C(1000000)
#define TE_MINUTE (60 * TE_SECOND)
#define TE_HOUR (60 * TE_MINUTE)
#define TE_DAY (24 * TE_HOUR)

/* Nanoseconds, for system calls that take them. */
#define TE_NS_PER_US INT64_C(1000)
#define TE_NS_PER_SECOND INT64_C(1000000000)

#define TE_KIB INT64_C(1024)
#define TE_MIB (1024 * TE_KIB)
#define TE_GIB (1024 * TE_MIB)

#endif
