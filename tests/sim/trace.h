/* What happened in one run: a hash over everything, the last lines for a failure's report, and a
 * capture for Wireshark.
 *
 * A line is kept in parts and formatted only when it is printed: the lines of ten thousand good
 * runs never are. */
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include <stdio.h>
#include <tcpengine/types.h>

#define TRACE_LINES 80
#define TRACE_NUMBERS 9
#define TRACE_STRINGS 3

/* In format, %d is the next number and %s the next string. Strings are static or NULL. */
struct trace_entry {
    const char *format;
    int64_t numbers[TRACE_NUMBERS];
    const char *strings[TRACE_STRINGS];
    int64_t now_us;
};

struct trace {
    uint64_t hash;
    uint64_t count; /* lines so far */
    bool is_verbose;
    FILE *capture;                           /* or NULL */
    struct trace_entry entries[TRACE_LINES]; /* ring of the last ones */
};

/* capture_path may be NULL. False if the file cannot be created. */
bool trace_init(struct trace *trace, bool is_verbose, const char *capture_path);
void trace_done(struct trace *trace);
/* Adds bytes to the hash. */
void trace_hash(struct trace *trace, const void *bytes, size_t len);
/* One line; its numbers also enter the hash. */
void trace_add(struct trace *trace, int64_t now_us, const struct trace_entry *entry);
/* The last lines, oldest first. */
void trace_print_last(const struct trace *trace, FILE *file);
void trace_capture(struct trace *trace, int64_t now_us, const uint8_t *frame, size_t len);

#endif
