/* A progress bar on stderr, when that is a terminal. */
#ifndef TCPCTL_PROGRESS_H
#define TCPCTL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
    uint64_t total_bytes; /* 0: unknown, no bar */
    uint64_t done_bytes;
    int64_t started_at_us, drawn_at_us;
    bool is_shown, is_drawn;
};

/* Starts counting; is_wanted false: draws nothing. */
void progress_begin(struct progress *progress, uint64_t total_bytes, bool is_wanted);
/* Counts bytes, and draws a few times a second. */
void progress_add(struct progress *progress, uint64_t bytes);
/* Draws the last state and ends the line. */
void progress_end(struct progress *progress);

/* The line, at most `width` characters: bytes, bar (with a total), rate, time left. For tests apart
 * from the terminal. ret_line has room for width + 1 bytes. */
void progress_format(const struct progress *progress, int64_t now_us, char *ret_line, size_t width);

#endif
