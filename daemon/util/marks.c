#include "util/marks.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/log.h"

#define FILE_MODE 0600
/* The same length each time: a mark is overwritten in place, which needs no free block. */
#define LINE_FORMAT "tcpengine ids %016" PRIu64 " events %016" PRIu64 "\n"
#define LINE_BYTES 55
#define MS_US 1000

static uint64_t max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* --- one file --------------------------------------------------------------------------------- */

/* False: there is no mark in the file. */
static bool file_read(const struct marks_file *file, struct marks_numbers *ret_numbers)
{
    char line[LINE_BYTES + 1] = "", again[LINE_BYTES + 1];
    struct marks_numbers numbers;
    if (pread(file->fd, line, LINE_BYTES, 0) != LINE_BYTES ||
        sscanf(line, "tcpengine ids %" SCNu64 " events %" SCNu64, &numbers.id, &numbers.event) != 2)
        return false;
    snprintf(again, sizeof(again), LINE_FORMAT, numbers.id, numbers.event);
    if (strcmp(line, again) != 0 || numbers.id > MARKS_MAX || numbers.event > MARKS_MAX)
        return false;
    *ret_numbers = numbers;
    return true;
}

static void file_write(struct marks_file *file, struct marks_numbers numbers)
{
    char line[LINE_BYTES + 1];
    snprintf(line, sizeof(line), LINE_FORMAT, numbers.id, numbers.event);
    if (file->fd < 0)
        return;
    if (pwrite(file->fd, line, LINE_BYTES, 0) == LINE_BYTES) {
        file->written = numbers;
        return;
    }
    log_write(LOG_LEVEL_WARNING,
              "cannot raise the mark of the ids given out: %s; after a crash they may come again",
              strerror(errno));
    close(file->fd);
    file->fd = -1;
}

/* In a directory where others may write, the file could be theirs. */
static bool is_ours(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() && st.st_nlink == 1;
}

static void file_open(struct marks *marks, const char *path)
{
    struct marks_file *file = &marks->files[marks->file_count];
    file->fd =
        open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_DSYNC, FILE_MODE);
    if (file->fd < 0) {
        log_write(LOG_LEVEL_WARNING, "cannot open %s: %s; ids are kept without it", path,
                  strerror(errno));
    } else if (!is_ours(file->fd)) {
        log_write(LOG_LEVEL_WARNING, "%s is not the daemon's own file; ids are kept without it",
                  path);
        close(file->fd);
    } else {
        marks->file_count++;
    }
}

/* --- paths ------------------------------------------------------------------------------------ */

static void open_beside_socket(struct marks *marks, const char *socket_path)
{
    char path[PATH_MAX];
    int len = snprintf(path, sizeof(path), "%s" MARKS_SUFFIX, socket_path);
    if (len > 0 && (size_t)len < sizeof(path))
        file_open(marks, path);
}

/* "DIRECTORY/run-tcpengine-control.sock.ids": a directory may serve several daemons. systemd gives
 * a list of directories, separated by colons. */
static void open_in_directory(struct marks *marks, const char *directory, const char *socket_path)
{
    char path[PATH_MAX];
    int directory_len = (int)strcspn(directory, ":");
    int len = snprintf(path, sizeof(path), "%.*s/%s" MARKS_SUFFIX, directory_len, directory,
                       socket_path + strspn(socket_path, "/"));
    if (len <= 0 || (size_t)len >= sizeof(path))
        return;
    for (char *at = path + directory_len + 1; *at != '\0'; at++)
        if (*at == '/')
            *at = '-';
    file_open(marks, path);
}

/* --- all of them ------------------------------------------------------------------------------ */

static void write_all(struct marks *marks, struct marks_numbers numbers)
{
    marks->reserved = numbers;
    for (unsigned i = 0; i < marks->file_count; i++)
        file_write(&marks->files[i], numbers);
}

/* The greatest of the marks that were found. False: there was none. */
static bool read_all(const struct marks *marks, struct marks_numbers *ret_numbers)
{
    struct marks_numbers numbers;
    bool is_found = false;
    *ret_numbers = (struct marks_numbers){0};
    for (unsigned i = 0; i < marks->file_count; i++) {
        if (!file_read(&marks->files[i], &numbers))
            continue;
        ret_numbers->id = max_u64(ret_numbers->id, numbers.id);
        ret_numbers->event = max_u64(ret_numbers->event, numbers.event);
        is_found = true;
    }
    return is_found;
}

/* As many as were used so far, so that a busy daemon seldom writes. */
static uint64_t step(uint64_t start, uint64_t next, uint64_t least)
{
    return next + max_u64(next - start, least);
}

void marks_open(struct marks *marks, const char *socket_path, const char *state_directory,
                int64_t uptime_us)
{
    *marks = (struct marks){0};
    open_beside_socket(marks, socket_path);
    if (state_directory != NULL && state_directory[0] != '\0')
        open_in_directory(marks, state_directory, socket_path);
    int64_t id_us = marks->file_count > 0 ? MS_US : 1;
    if (!read_all(marks, &marks->start))
        marks->start = (struct marks_numbers){.id = (uint64_t)(uptime_us / id_us),
                                              .event = (uint64_t)uptime_us};
    marks->start.id = max_u64(marks->start.id, 1); /* 0 is neither an id nor an event's number */
    marks->start.event = max_u64(marks->start.event, 1);
    write_all(marks, (struct marks_numbers){.id = marks->start.id + MARKS_STEP_IDS,
                                            .event = marks->start.event + MARKS_STEP_EVENTS});
}

void marks_cover(struct marks *marks, struct marks_numbers next)
{
    struct marks_numbers raised = marks->reserved;
    if (next.id <= raised.id && next.event <= raised.event)
        return;
    if (next.id > raised.id)
        raised.id = step(marks->start.id, next.id, MARKS_STEP_IDS);
    if (next.event > raised.event)
        raised.event = step(marks->start.event, next.event, MARKS_STEP_EVENTS);
    write_all(marks, raised);
}

void marks_close(struct marks *marks, struct marks_numbers next)
{
    struct marks_numbers found;
    for (unsigned i = 0; i < marks->file_count; i++) {
        struct marks_file *file = &marks->files[i];
        if (file->fd < 0)
            continue;
        if (file_read(file, &found) && found.id == file->written.id &&
            found.event == file->written.event)
            file_write(file, next);
        if (file->fd >= 0)
            close(file->fd);
    }
    marks->file_count = 0;
}
