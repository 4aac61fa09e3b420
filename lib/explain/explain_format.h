/* Numbers as people read them. Each writes to ret_text, EXPLAIN_NUMBER_MAX bytes, and returns it.
 */
#ifndef TCPENGINE_EXPLAIN_FORMAT_H
#define TCPENGINE_EXPLAIN_FORMAT_H

#include <stdint.h>

#define EXPLAIN_NUMBER_MAX 48

/* "850 us", "250 ms", "12.4 s", "14 min 20 s", "3 min", "2 h 5 min", "3 d 4 h"; below 0: "0 s". */
char *explain_duration(int64_t us, char *ret_text);
/* "1 byte", "1,460 bytes", "12.3 KiB", "4.0 MiB". */
char *explain_bytes(uint64_t bytes, char *ret_text);
/* "1st", "2nd", "13th". */
char *explain_ordinal(uint64_t number, char *ret_text);
/* "once", "twice", "3 times". */
char *explain_times(uint64_t number, char *ret_text);
/* "1,234,567". */
char *explain_number(uint64_t number, char *ret_text);

#endif
