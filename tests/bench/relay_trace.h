/* A pcap file in memory, written at exit: disk writes would make the relay miss deadlines. Keeps
 * the first bytes of each frame, enough for a whole TCP header. */
#ifndef BENCH_RELAY_TRACE_H
#define BENCH_RELAY_TRACE_H

#include <stddef.h>
#include <stdint.h>

struct trace {
    uint8_t *memory; /* NULL: tracing is off */
    size_t used, size;
    uint64_t forgotten; /* frames for which there was no room */
};

/* Exits if there is no memory. */
void trace_init(struct trace *trace);
void trace_done(struct trace *trace);
void trace_frame(struct trace *trace, const uint8_t *frame, size_t len, int64_t at_ns);
/* Exits if the file cannot be written. */
void trace_save(const struct trace *trace, const char *path);

#endif
