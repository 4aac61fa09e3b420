/* A progress bar on stderr, if that is a terminal. While nothing moves a thread goes on drawing it:
 * it says for how long. */
#ifndef TCPCTL_PROGRESS_H
#define TCPCTL_PROGRESS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
    uint64_t total_bytes; /* 0: unknown, so no bar */
    uint64_t done_bytes;
    int64_t started_at_us, drawn_at_us;
    int64_t moved_at_us; /* when the last bytes were counted */
    bool is_shown, is_drawn;

    pthread_t thread; /* runs while is_ticking */
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool is_ticking, is_ended;
};

/* Starts counting, and the clock; progress must stay where it is until the end. is_wanted false:
 * counts, but draws nothing. */
void progress_begin(struct progress *progress, uint64_t total_bytes, bool is_wanted);
/* Counts bytes, and draws at most five times per second. */
void progress_add(struct progress *progress, uint64_t bytes);
/* Draws the last state and ends the line; does nothing the second time. Call it before a complaint.
 */
void progress_end(struct progress *progress);

/* Writes the line: bytes, bar (with a total, if there is room), rate, and time left, or for how
 * long nothing has moved, if that is over two seconds; at most `width` characters, so ret_line has
 * room for width + 1 bytes. For tests, apart from the terminal. */
void progress_format(const struct progress *progress, int64_t now_us, char *ret_line, size_t width);

#endif
