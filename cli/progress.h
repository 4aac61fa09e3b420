/* A progress bar on stderr, if that is a terminal. */
#ifndef TCPCTL_PROGRESS_H
#define TCPCTL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
    uint64_t total_bytes; /* 0: unknown, so no bar */
    uint64_t done_bytes;
    int64_t started_at_us, drawn_at_us;
    bool is_shown, is_drawn;
};

/* Starts counting, and the clock. is_wanted false: counts, but draws nothing. */
void progress_begin(struct progress *progress, uint64_t total_bytes, bool is_wanted);
/* Counts bytes, and draws at most five times per second. */
void progress_add(struct progress *progress, uint64_t bytes);
/* Draws the last state and ends the line. */
void progress_end(struct progress *progress);

/* Writes the line: bytes, bar (with a total, if there is room), rate, time left; at most `width`
 * characters, so ret_line has room for width + 1 bytes. For tests, apart from the terminal. */
void progress_format(const struct progress *progress, int64_t now_us, char *ret_line, size_t width);

#endif
