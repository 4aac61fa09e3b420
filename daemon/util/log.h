/* The daemon's log: lines to stderr, with journald priorities when stderr is the journal.
 *
 * Theory of operation: logging can neither block nor end the daemon. A line that stderr does not
 * take at once (full disk, full pipe, terminal stopped with Ctrl-S) is dropped and counted; the
 * count is logged before the next line that gets through. Lines are cut at LOG_LINE_MAX bytes.
 * Only printable UTF-8 is written, as some of the text comes from peers and clients (text.h); what
 * clients can cause goes through log_uid.h. */
#ifndef TCPENGINED_LOG_H
#define TCPENGINED_LOG_H

#include <stdbool.h>
#include <stdint.h>

/* From least to most detail; the values are syslog's priorities. */
enum log_level {
    LOG_LEVEL_ERROR = 3,
    LOG_LEVEL_WARNING = 4,
    LOG_LEVEL_NOTICE = 5,
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7
};

/* Longest line, newline included. At most PIPE_BUF, so that a pipe takes it whole or not at all. */
#define LOG_LINE_MAX 2048

/* From now on, writes lines up to and including level to descriptor fd, which stays the caller's.
 * $JOURNAL_STREAM tells whether fd is the journal. Until the first call: LOG_LEVEL_INFO to
 * descriptor 2. */
void log_init(int fd, enum log_level level);
void log_set_level(enum log_level level);
enum log_level log_get_level(void);

/* Writes one line, without a newline in format. */
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* For a place that may log often: at most LOG_LIMIT_BURST lines per LOG_LIMIT_INTERVAL_US, then
 * silence until the interval is over; the next line says how many were left out. All zero: fresh.
 */
#define LOG_LIMIT_BURST 5
#define LOG_LIMIT_INTERVAL_US INT64_C(10000000)
struct log_limit {
    int64_t interval_start_us;
    unsigned written;
    unsigned suppressed;
};

void log_write_limited(struct log_limit *limit, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* True: a line may be written at now_us; *ret_suppressed is how many were left out before it.
 * False: it may not, and is counted as left out. */
bool log_limit_allow(struct log_limit *limit, int64_t now_us, unsigned *ret_suppressed);

/* Number of lines that the descriptor has not taken since log_init(). */
uint64_t log_lost_lines(void);

/* "error", "warning", ...; NULL if level is out of range. */
const char *log_level_name(int level);

#endif
