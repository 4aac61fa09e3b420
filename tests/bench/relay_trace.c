#include "relay_trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tcpengine/units.h>

#include "support.h"

#define MEMORY_BYTES (64u << 20)
#define KEPT_BYTES 128u
#define MAGIC_NANOSECONDS UINT32_C(0xa1b23c4d)
#define LINK_ETHERNET 1u

struct file_header {
    uint32_t magic;
    uint16_t major, minor;
    uint32_t zone, accuracy, kept_bytes, link;
};

struct record_header {
    uint32_t seconds, nanoseconds, kept_bytes, bytes;
};

void trace_init(struct trace *trace)
{
    trace->used = 0;
    trace->forgotten = 0;
    trace->size = MEMORY_BYTES;
    trace->memory = malloc(trace->size);
    if (trace->memory == NULL)
        bench_die("trace", "no memory");
}

void trace_done(struct trace *trace)
{
    free(trace->memory);
    trace->memory = NULL;
}

void trace_frame(struct trace *trace, const uint8_t *frame, size_t len, int64_t at_ns)
{
    uint32_t kept = len < KEPT_BYTES ? (uint32_t)len : KEPT_BYTES;
    struct record_header header = {(uint32_t)(at_ns / TE_NS_PER_SECOND),
                                   (uint32_t)(at_ns % TE_NS_PER_SECOND), kept, (uint32_t)len};

    if (trace->memory == NULL)
        return;
    if (trace->size - trace->used < sizeof(header) + kept) {
        trace->forgotten++;
        return;
    }
    memcpy(trace->memory + trace->used, &header, sizeof(header));
    memcpy(trace->memory + trace->used + sizeof(header), frame, kept);
    trace->used += sizeof(header) + kept;
}

void trace_save(const struct trace *trace, const char *path)
{
    const struct file_header header = {MAGIC_NANOSECONDS, 2, 4, 0, 0, KEPT_BYTES, LINK_ETHERNET};
    FILE *file = fopen(path, "we");
    if (file == NULL)
        bench_die(path, strerror(errno));
    if (fwrite(&header, sizeof(header), 1, file) != 1 ||
        fwrite(trace->memory, 1, trace->used, file) != trace->used || fclose(file) != 0)
        bench_die(path, strerror(errno));
    if (trace->forgotten > 0)
        fprintf(stderr, "%s: no room for the last %" PRIu64 " frames\n", path, trace->forgotten);
}
