/* The daemon's log: lines to stderr, with journald priorities when stderr is the journal.
 *
 * Theory of operation: logging can neither stop nor end the daemon: a line that stderr does not
 * take at once (full disk, full pipe, terminal held by Ctrl-S) is dropped and counted, and the
 * count is told with the next line that goes through. Lines are cut at LOG_LINE_MAX bytes; control
 * characters in them are replaced, since some of the text comes from peers and clients. */
#ifndef TCPENGINED_LOG_H
#define TCPENGINED_LOG_H

#include <stdbool.h>
#include <stdint.h>

/* In order of rising detail; the values are syslog's priorities. */
enum log_level {
    LOG_LEVEL_ERROR = 3,
    LOG_LEVEL_WARNING = 4,
    LOG_LEVEL_NOTICE = 5,
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7
};

/* Longest line with its newline. At most PIPE_BUF, so that a pipe takes it whole or not at all. */
#define LOG_LINE_MAX 2048

/* Lines below or at level are written to descriptor fd from now on. Finds out by $JOURNAL_STREAM
 * whether fd is the journal. Before the first call: LOG_LEVEL_INFO to descriptor 2. */
void log_init(int fd, enum log_level level);
void log_set_level(enum log_level level);
enum log_level log_get_level(void);

void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A place that may log often: at most LOG_LIMIT_BURST lines in LOG_LIMIT_INTERVAL_US, then silence
 * until the interval is over; the next line tells how many were left out. Zero is a fresh one. */
#define LOG_LIMIT_BURST 5
#define LOG_LIMIT_INTERVAL_US INT64_C(10000000)
struct log_limit {
    int64_t interval_start_us;
    unsigned written;
    unsigned suppressed;
};

void log_write_limited(struct log_limit *limit, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Whether one more line may be written at now_us; *ret_suppressed is how many were left out before
 * it, and only set when the answer is yes. */
bool log_limit_allow(struct log_limit *limit, int64_t now_us, unsigned *ret_suppressed);

/* Lines that the descriptor did not take so far. */
uint64_t log_lost_lines(void);

/* "error", "warning", ...; NULL for a number out of range. */
const char *log_level_name(int level);

#endif
