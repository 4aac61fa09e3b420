/* The clocks of the host. */
#ifndef TCPENGINED_CLOCK_H
#define TCPENGINED_CLOCK_H

#include <stdint.h>

/* Never goes back. Its zero is any; it stands while the machine sleeps. */
int64_t clock_monotonic_ns(void);
int64_t clock_monotonic_us(void);
/* The time of day: since 1970. */
int64_t clock_unix_us(void);

#endif
