/* Theory of operation: a line is formatted into a buffer on the stack and written with one write(2)
 * after poll(2) has said that it will not block. PIPE_BUF and a socket's send buffer guarantee that
 * for LOG_LINE_MAX bytes. The descriptor is not made non-blocking, because that would affect the
 * shell that shares it.
 *
 * The state below is the process's only state that is not reachable from main(): every module logs,
 * and passing a handle through all of them would gain nothing. */
#include "util/log.h"

#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tcpengine/units.h>
#include <time.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/text.h"

/* Longest prefix of a line: a priority, or date, program and level. */
#define LOG_PREFIX_MAX 64

static struct {
    int fd;
    enum log_level level;
    bool is_journal;
    uint64_t lost, lost_told;
} log_state = {.fd = STDERR_FILENO, .level = LOG_LEVEL_INFO};

static bool fd_is_journal(int fd)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat st;
    uint64_t dev, ino;
    if (stream == NULL || sscanf(stream, "%" SCNu64 ":%" SCNu64, &dev, &ino) != 2)
        return false;
    return fstat(fd, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

void log_init(int fd, enum log_level level)
{
    log_state.fd = fd;
    log_state.level = level;
    log_state.is_journal = fd_is_journal(fd);
    log_state.lost = 0;
    log_state.lost_told = 0;
}

void log_set_level(enum log_level level)
{
    log_state.level = level;
}

enum log_level log_get_level(void)
{
    return log_state.level;
}

uint64_t log_lost_lines(void)
{
    return log_state.lost;
}

const char *log_level_name(int level)
{
    static const char *const names[] = {[LOG_LEVEL_ERROR] = "error",
                                        [LOG_LEVEL_WARNING] = "warning",
                                        [LOG_LEVEL_NOTICE] = "notice",
                                        [LOG_LEVEL_INFO] = "info",
                                        [LOG_LEVEL_DEBUG] = "debug"};
    return level >= LOG_LEVEL_ERROR && level <= LOG_LEVEL_DEBUG ? names[level] : NULL;
}

/* The journal adds the time and our name itself; a terminal or a file does not. */
static size_t prefix_format(enum log_level level, char *ret_text, size_t size)
{
    int len;
    if (log_state.is_journal) {
        len = snprintf(ret_text, size, "<%d>", (int)level);
    } else {
        struct timespec now;
        struct tm utc;
        char date[32];
        clock_gettime(CLOCK_REALTIME, &now);
        gmtime_r(&now.tv_sec, &utc);
        strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc);
        len = snprintf(ret_text, size, "%s.%03ldZ tcpengined: %s: ", date, now.tv_nsec / 1000000,
                       log_level_name((int)level));
    }
    return len < 0 ? 0 : (size_t)len;
}

static bool line_write(const char *line, size_t len)
{
    struct pollfd pollfd = {.fd = log_state.fd, .events = POLLOUT};
    if (poll(&pollfd, 1, 0) != 1 || !(pollfd.revents & POLLOUT))
        return false;
    return write(log_state.fd, line, len) == (ssize_t)len;
}

/* Writes prefix, text and newline as one line; true when the descriptor took it. */
static bool text_write(enum log_level level, const char *text, size_t text_len)
{
    char line[LOG_LINE_MAX];
    size_t len = prefix_format(level, line, LOG_PREFIX_MAX);
    size_t room = sizeof(line) - len - 1;
    if (text_len > room)
        text_len = room;
    memcpy(line + len, text, text_len);
    text_make_printable(line + len, text_len);
    len += text_len;
    line[len++] = '\n';
    return line_write(line, len);
}

static void lost_tell(void)
{
    char text[80];
    int len = snprintf(text, sizeof(text), "%" PRIu64 " log lines were lost: stderr was full",
                       log_state.lost - log_state.lost_told);
    if (text_write(LOG_LEVEL_WARNING, text, (size_t)len))
        log_state.lost_told = log_state.lost;
}

static void message_write(enum log_level level, const char *text, size_t len)
{
    if (log_state.lost > log_state.lost_told)
        lost_tell();
    if (!text_write(level, text, len))
        log_state.lost++;
}

static __attribute__((format(printf, 2, 0))) void
message_format(enum log_level level, const char *format, va_list arguments, unsigned suppressed)
{
    char text[LOG_LINE_MAX];
    int len = vsnprintf(text, sizeof(text), format, arguments);
    if (len < 0)
        return;
    size_t used = (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1;
    if (suppressed > 0 && used + 1 < sizeof(text)) {
        len = snprintf(text + used, sizeof(text) - used, " (%u more like this were not logged)",
                       suppressed);
        used += (size_t)len < sizeof(text) - used ? (size_t)len : sizeof(text) - used - 1;
    }
    message_write(level, text, used);
}

void log_write(enum log_level level, const char *format, ...)
{
    va_list arguments;
    if (level > log_state.level)
        return;
    va_start(arguments, format);
    message_format(level, format, arguments, 0);
    va_end(arguments);
}

bool log_limit_allow(struct log_limit *limit, int64_t now_us, unsigned *ret_suppressed)
{
    if (limit->written == 0 || now_us - limit->interval_start_us >= LOG_LIMIT_INTERVAL_US) {
        limit->interval_start_us = now_us;
        limit->written = 0;
    }
    if (limit->written >= LOG_LIMIT_BURST) {
        limit->suppressed++;
        return false;
    }
    limit->written++;
    *ret_suppressed = limit->suppressed;
    limit->suppressed = 0;
    return true;
}

void log_write_limited(struct log_limit *limit, enum log_level level, const char *format, ...)
{
    unsigned suppressed;
    va_list arguments;
    if (level > log_state.level || !log_limit_allow(limit, clock_monotonic_us(), &suppressed))
        return;
    va_start(arguments, format);
    message_format(level, format, arguments, suppressed);
    va_end(arguments);
}
