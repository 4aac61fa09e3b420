/* Marks: which numbers earlier runs of the daemon may have given out.
 *
 * Clients keep ids and event numbers, and repeat requests, across a restart of the daemon. So that
 * a number of one run never names anything of a later one, each run starts beyond the numbers of
 * those before it. A mark is a small file that says where that is. It lies beside the control
 * socket, by whose path clients know the daemon, and in systemd's state directory, if there is one;
 * the greatest counts. The marks are raised in steps, each before the numbers below it leave the
 * process, so that they also hold after SIGKILL; at a graceful end they are lowered to what was
 * used.
 *
 * Without a mark (the first run, or all were lost) a run starts at the time since the machine's
 * boot, which no clock can set back, and which every client's life is shorter than: ids at its
 * milliseconds, events at its microseconds. Where no mark can be written, each start depends on
 * that: ids start at the microseconds, too, faster than any daemon gives them out.
 *
 * The files stay open, so that later sandboxing does not matter. They are written with O_DSYNC: a
 * daemon that may not call fsync() has durable marks as well. */
#ifndef TCPENGINED_MARKS_H
#define TCPENGINED_MARKS_H

#include <stdbool.h>
#include <stdint.h>

#define MARKS_FILES_MAX 2
#define MARKS_SUFFIX ".ids"
/* The least step by which an id mark is raised; a crash leaves out at most that, or as many ids as
 * the run has used. */
#define MARKS_STEP_IDS 64
#define MARKS_STEP_EVENTS 4096
/* Of a mark in a file: leaves room below 2^53, the end of the numbers that JSON keeps exact. */
#define MARKS_MAX (UINT64_C(1) << 52)

/* What comes next: every number given out is below. */
struct marks_numbers {
    uint64_t id, event;
};

struct marks_file {
    int fd; /* -1: not usable */
    struct marks_numbers written;
};

struct marks {
    struct marks_file files[MARKS_FILES_MAX];
    unsigned file_count;
    struct marks_numbers start, reserved;
};

/* Opens the marks of the daemon at socket_path, whose directory exists, and raises them; those that
 * cannot be used are logged and left out. state_directory: NULL or "" if there is none. uptime_us:
 * since the machine's boot. marks->start is where this run starts. */
void marks_open(struct marks *marks, const char *socket_path, const char *state_directory,
                int64_t uptime_us);
/* Call before numbers below next leave the process. Writes only now and then. */
void marks_cover(struct marks *marks, struct marks_numbers next);
/* The graceful end: what comes next is known. Closes the files. A mark that a successor has
 * raised meanwhile is left alone. */
void marks_close(struct marks *marks, struct marks_numbers next);

#endif
