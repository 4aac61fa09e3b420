/* Numbers in few columns. Each writes at most TOP_TEXT_MAX bytes, the NUL included, and returns
 * ret_text. */
#ifndef TCPCTL_TOP_TEXT_H
#define TCPCTL_TOP_TEXT_H

#include <stdint.h>

enum { TOP_TEXT_MAX = 32 };

/* "950", "1.5K", "118M": four columns, in units of 1024. */
const char *top_text_bytes(uint64_t bytes, char *ret_text);
/* "85us", "1.5ms", "120ms", "2.5s", "17min": five columns at most; "-" for 0 and below. */
const char *top_text_duration(int64_t us, char *ret_text);
/* "10,123". */
const char *top_text_count(uint64_t count, char *ret_text);

#endif
