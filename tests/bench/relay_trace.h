/* A pcap file in memory, written at the end: a disk would keep the relay from its deadlines. The
 * first bytes of each frame are kept, which hold all of a TCP header. */
#ifndef BENCH_RELAY_TRACE_H
#define BENCH_RELAY_TRACE_H

#include <stddef.h>
#include <stdint.h>

struct trace {
    uint8_t *memory; /* NULL: nothing is traced */
    size_t used, size;
    uint64_t forgotten; /* frames that found no room */
};

/* Ends the program without memory. */
void trace_init(struct trace *trace);
void trace_done(struct trace *trace);
void trace_frame(struct trace *trace, const uint8_t *frame, size_t len, int64_t at_ns);
/* Ends the program when the file cannot be written. */
void trace_save(const struct trace *trace, const char *path);

#endif
