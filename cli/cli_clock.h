/* Clocks. */
#ifndef TCPCTL_CLI_CLOCK_H
#define TCPCTL_CLI_CLOCK_H

#include <stdint.h>

/* Of the clock that never goes back; its zero is any. */
int64_t cli_now_ms(void);
int64_t cli_now_us(void);
/* Since 1970. */
int64_t cli_wall_us(void);

#endif
