/* The clock that never goes back. Its zero is any; it stands while the machine sleeps. */
#ifndef TCPENGINED_CLOCK_H
#define TCPENGINED_CLOCK_H

#include <stdint.h>

int64_t clock_monotonic_ns(void);
int64_t clock_monotonic_us(void);

#endif
