#include "trace.h"

#include <inttypes.h>
#include <string.h>

#define HASH_PRIME 0x9fb21c651e98df25u
#define PCAP_MAGIC 0xa1b2c3d4u
#define PCAP_SNAPLEN 262144
#define LINKTYPE_ETHERNET 1

/* The classic format: a header, then each frame after its own. Host byte order. */
struct pcap_header {
    uint32_t magic;
    uint16_t version_major, version_minor;
    int32_t zone;
    uint32_t accuracy, snaplen, linktype;
};

struct pcap_record {
    uint32_t seconds, microseconds, captured_len, len;
};

static bool start_capture(struct trace *trace, const char *path)
{
    struct pcap_header header = {PCAP_MAGIC, 2, 4, 0, 0, PCAP_SNAPLEN, LINKTYPE_ETHERNET};
    trace->capture = fopen(path, "wb");
    if (trace->capture != NULL)
        setvbuf(trace->capture, NULL, _IONBF, 0); /* complete even if the run crashes */
    return trace->capture != NULL && fwrite(&header, sizeof(header), 1, trace->capture) == 1;
}

bool trace_init(struct trace *trace, bool is_verbose, const char *capture_path)
{
    trace->hash = HASH_PRIME;
    trace->count = 0;
    trace->is_verbose = is_verbose;
    trace->capture = NULL;
    return capture_path == NULL || start_capture(trace, capture_path);
}

void trace_done(struct trace *trace)
{
    if (trace->capture != NULL)
        fclose(trace->capture);
    trace->capture = NULL;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * HASH_PRIME;
    return hash ^ (hash >> 29);
}

void trace_hash(struct trace *trace, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    uint64_t word;
    for (; len >= sizeof(word); at += sizeof(word), len -= sizeof(word)) {
        memcpy(&word, at, sizeof(word));
        trace->hash = mix(trace->hash, word);
    }
    word = len;
    memcpy(&word, at, len);
    trace->hash = mix(trace->hash, word ^ (uint64_t)len << 56);
}

static void print_string(const char *string, FILE *file)
{
    fputs(string != NULL ? string : "", file);
}

static void print_entry(const struct trace_entry *entry, FILE *file)
{
    const int64_t *number = entry->numbers;
    const char *const *string = entry->strings;
    fprintf(file, "%9" PRId64 ".%06" PRId64 " ", entry->now_us / 1000000, entry->now_us % 1000000);
    for (const char *at = entry->format; *at != '\0'; at++) {
        if (*at != '%') {
            fputc(*at, file);
            continue;
        }
        if (*++at == 'd')
            fprintf(file, "%" PRId64, *number++);
        else
            print_string(*string++, file);
    }
    fputc('\n', file);
}

void trace_add(struct trace *trace, int64_t now_us, const struct trace_entry *entry)
{
    struct trace_entry *kept = &trace->entries[trace->count++ % TRACE_LINES];
    *kept = *entry;
    kept->now_us = now_us;
    trace->hash = mix(trace->hash, (uint64_t)now_us);
    for (unsigned i = 0; i < TRACE_NUMBERS; i++)
        trace->hash = mix(trace->hash, (uint64_t)entry->numbers[i]);
    if (trace->is_verbose)
        print_entry(kept, stdout);
}

void trace_print_last(const struct trace *trace, FILE *file)
{
    uint64_t from = trace->count > TRACE_LINES ? trace->count - TRACE_LINES : 0;
    for (uint64_t i = from; i < trace->count; i++)
        print_entry(&trace->entries[i % TRACE_LINES], file);
}

void trace_capture(struct trace *trace, int64_t now_us, const uint8_t *frame, size_t len)
{
    if (trace->capture == NULL)
        return;
    struct pcap_record record = {(uint32_t)(now_us / 1000000), (uint32_t)(now_us % 1000000),
                                 (uint32_t)len, (uint32_t)len};
    fwrite(&record, sizeof(record), 1, trace->capture);
    fwrite(frame, 1, len, trace->capture);
}
