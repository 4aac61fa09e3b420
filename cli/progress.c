#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli_clock.h"
#include "format.h"

enum { DRAW_EVERY_US = 200000, STALLED_US = 2000000, WIDTH_MAX = 200, BAR_MIN = 10, BAR_MAX = 50 };

/* "#####-----" */
static void draw_bar(char *ret_bar, size_t width, uint64_t done, uint64_t total)
{
    size_t full = done >= total ? width : (size_t)((double)done / (double)total * (double)width);
    memset(ret_bar, '#', full);
    memset(ret_bar + full, '-', width - full);
    ret_bar[width] = '\0';
}

static void format_tail(const struct progress *progress, int64_t now, char *ret_text, size_t size)
{
    char rate[FORMAT_MAX], left[FORMAT_MAX];
    int64_t elapsed_us = now - progress->started_at_us;
    int64_t stalled_us = now - progress->moved_at_us;
    double bytes_per_us = (double)progress->done_bytes / (double)(elapsed_us > 0 ? elapsed_us : 1);
    format_bytes((uint64_t)(bytes_per_us * 1000000), rate);
    if (progress->moved_at_us && stalled_us >= STALLED_US) {
        format_duration(stalled_us / 1000000 * 1000000, left);
        snprintf(ret_text, size, "  %s/s  stalled for %s", rate, left);
    } else if (progress->total_bytes > progress->done_bytes && progress->done_bytes) {
        uint64_t missing = progress->total_bytes - progress->done_bytes;
        format_duration((int64_t)((double)missing / bytes_per_us) / 1000000 * 1000000, left);
        snprintf(ret_text, size, "  %s/s  %s left", rate,
                 (double)missing / bytes_per_us < 1000000 ? "0 s" : left);
    } else {
        snprintf(ret_text, size, "  %s/s", rate);
    }
}

void progress_format(const struct progress *progress, int64_t now, char *ret_line, size_t width)
{
    char done[FORMAT_MAX], total[FORMAT_MAX], tail[3 * FORMAT_MAX], bar[BAR_MAX + 1];
    char line[12 * FORMAT_MAX];
    format_bytes(progress->done_bytes, done);
    format_tail(progress, now, tail, sizeof(tail));
    if (progress->total_bytes) {
        format_bytes(progress->total_bytes, total);
        size_t text = strlen(done) + strlen(total) + strlen(tail) + sizeof(" of   100% []") - 1;
        size_t room = width > text ? width - text : 0;
        if (room > BAR_MAX)
            room = BAR_MAX;
        double part = (double)progress->done_bytes / (double)progress->total_bytes;
        unsigned percent = part >= 1 ? 100 : (unsigned)(part * 100);
        draw_bar(bar, room, progress->done_bytes, progress->total_bytes);
        snprintf(line, sizeof(line), "%s of %s  %3u%%%s%s%s%s", done, total, percent,
                 room >= BAR_MIN ? " [" : "", room >= BAR_MIN ? bar : "",
                 room >= BAR_MIN ? "]" : "", tail);
    } else {
        snprintf(line, sizeof(line), "%s%s", done, tail);
    }
    snprintf(ret_line, width + 1, "%s", line);
}

static size_t terminal_width(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 2)
        return 79;
    return size.ws_col - 1u < WIDTH_MAX ? size.ws_col - 1u : WIDTH_MAX;
}

static void draw(struct progress *progress, int64_t now)
{
    char line[WIDTH_MAX + 1];
    progress_format(progress, now, line, terminal_width());
    fprintf(stderr, "\r%s\033[K", line);
    fflush(stderr);
    progress->drawn_at_us = now;
    progress->is_drawn = true;
}

/* Draws from time to time, until the end. */
static void *tick(void *arg)
{
    struct progress *progress = arg;
    pthread_mutex_lock(&progress->lock);
    while (!progress->is_ended) {
        int64_t now = cli_now_us(), until = now + DRAW_EVERY_US;
        struct timespec time = {.tv_sec = until / 1000000, .tv_nsec = until % 1000000 * 1000};
        pthread_cond_timedwait(&progress->ended, &progress->lock, &time);
        now = cli_now_us();
        if (!progress->is_ended && now - progress->drawn_at_us >= DRAW_EVERY_US)
            draw(progress, now);
    }
    pthread_mutex_unlock(&progress->lock);
    return NULL;
}

/* Without the thread the line is drawn only when something moves. */
static void tick_start(struct progress *progress)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&progress->ended, &attributes);
    pthread_condattr_destroy(&attributes);
    progress->is_ticking = pthread_create(&progress->thread, NULL, tick, progress) == 0;
}

static void tick_stop(struct progress *progress)
{
    pthread_mutex_lock(&progress->lock);
    progress->is_ended = true;
    pthread_cond_signal(&progress->ended);
    pthread_mutex_unlock(&progress->lock);
    if (progress->is_ticking)
        pthread_join(progress->thread, NULL);
    pthread_cond_destroy(&progress->ended);
}

void progress_begin(struct progress *progress, uint64_t total_bytes, bool is_wanted)
{
    *progress = (struct progress){.total_bytes = total_bytes,
                                  .is_shown = is_wanted && isatty(STDERR_FILENO)};
    progress->started_at_us = progress->drawn_at_us = progress->moved_at_us = cli_now_us();
    pthread_mutex_init(&progress->lock, NULL);
    if (progress->is_shown)
        tick_start(progress);
}

void progress_add(struct progress *progress, uint64_t bytes)
{
    pthread_mutex_lock(&progress->lock);
    progress->done_bytes += bytes;
    progress->moved_at_us = cli_now_us();
    if (progress->is_shown && progress->moved_at_us - progress->drawn_at_us >= DRAW_EVERY_US)
        draw(progress, progress->moved_at_us);
    pthread_mutex_unlock(&progress->lock);
}

void progress_end(struct progress *progress)
{
    if (progress->is_shown) {
        tick_stop(progress);
        progress->moved_at_us = cli_now_us(); /* the result is no stall */
        draw(progress, progress->moved_at_us);
        fputc('\n', stderr);
    }
    progress->is_shown = false;
}
