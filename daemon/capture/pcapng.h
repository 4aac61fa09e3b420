/* Writes pcapng (draft-ietf-opsawg-pcapng) into memory: one section, one interface.
 *
 *     section, interface, names, then packets, and statistics at the end
 *
 * A block is written whole or not at all. Numbers are little-endian; times are microseconds since
 * 1970. */
#ifndef TCPENGINED_PCAPNG_H
#define TCPENGINED_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tcpengine/types.h>

struct pcapng_interface {
    const char *name, *description;
    uint8_t mac[6];
    uint32_t snaplen;
};

struct pcapng_packet {
    int64_t time_us;
    const uint8_t *data; /* captured_len bytes of len */
    uint32_t captured_len, len;
    bool is_out;
    uint64_t dropped;    /* before this one, since the last; 0: none */
    const char *comment; /* NULL: none */
};

struct pcapng_name {
    struct te_addr address;
    const char *name;
};

struct pcapng_statistics {
    int64_t time_us, start_us, end_us;
    uint64_t received;  /* packets that passed the interface */
    uint64_t accepted;  /* that the filter let through */
    uint64_t dropped;   /* of these, for want of room */
    uint64_t delivered; /* of these, written */
};

/* Longest comment that is written; the rest is cut. */
#define PCAPNG_COMMENT_MAX 1024

/* Each writes one block at bytes, which has room for size, and returns its length; 0: no room. */
size_t pcapng_write_section(uint8_t *bytes, size_t size, const char *hardware,
                            const char *application);
size_t pcapng_write_interface(uint8_t *bytes, size_t size,
                              const struct pcapng_interface *interface);
size_t pcapng_write_names(uint8_t *bytes, size_t size, const struct pcapng_name *names,
                          unsigned count);
size_t pcapng_write_packet(uint8_t *bytes, size_t size, const struct pcapng_packet *packet);
size_t pcapng_write_statistics(uint8_t *bytes, size_t size,
                               const struct pcapng_statistics *statistics);

#endif
