/* --since: a moment in the past, as people write it. */
#ifndef TCPCTL_SINCE_H
#define TCPCTL_SINCE_H

#include <stdbool.h>
#include <stdint.h>

/* Of now_us, in microseconds since 1970, as the result:
 *
 *     all                          0
 *     90, 90s, 5min, 2h, 1d        so long ago; decimals allowed
 *     14:05, 14:05:30              local time, today, or yesterday if that is yet to come
 *     2026-03-01, 2026-03-01 14:05, 2026-03-01 14:05:30, T for the blank
 *
 * False, *ret_us untouched: none of these. */
bool since_parse(const char *text, int64_t now_us, int64_t *ret_us);

#endif
