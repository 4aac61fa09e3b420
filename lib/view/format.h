/* Numbers for people. Each writes at most FORMAT_MAX bytes, the NUL included, and returns ret_text.
 */
#ifndef VIEW_FORMAT_H
#define VIEW_FORMAT_H

#include <stdint.h>
#include <tcpclient/tcpclient.h>

enum { FORMAT_MAX = 160 };

/* "950 B", "1.5 KiB", "12 MiB": two or three digits, binary units. */
const char *format_bytes(uint64_t bytes, char *ret_text);
/* "85 us", "1.5 ms", "12.3 s", "2 min 5 s", "1 h 2 min", "3 d 4 h": rounded down. */
const char *format_duration(int64_t us, char *ret_text);
/* "12.345678": seconds since the daemon's start. */
const char *format_time(int64_t us, char *ret_text);
/* RFC 9293's notation: "<SEQ=100><ACK=301><CTL=SYN,ACK>", then LEN unless it is 0, and WND; ACK
 * only with that flag. "" for NULL. */
const char *format_segment(const struct tcpc_segment *segment, char *ret_text);

/* The color in which a state is shown; NULL: none. */
const char *format_state_color(enum tcpc_state state);

#endif
