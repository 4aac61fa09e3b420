/* One end of the path: a packet socket on the network interface behind which a host lives (the
 * other end of a veth pair, or a TAP that tcpengined holds). */
#ifndef BENCH_RELAY_PORT_H
#define BENCH_RELAY_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PORT_BATCH 32u
#define PORT_FRAME_MAX 2048u

struct port_frame {
    uint8_t *bytes;
    size_t len;
    int64_t arrival_ns; /* on CLOCK_MONOTONIC, from the kernel's timestamp */
};

struct port {
    int fd;
    uint64_t send_failures;
    uint64_t interface_drops_before;
    char name[32];
    uint8_t *memory;
};

/* CLOCK_MONOTONIC. */
int64_t port_now_ns(void);

/* Exits if the interface does not exist. */
void port_open(struct port *port, const char *interface);
void port_close(struct port *port);

/* Frames the host has sent since the last call, at most PORT_BATCH; their bytes are valid until the
 * next call. Exits on a frame that no wire would carry: one beyond the MTU, or with its checksum
 * left to hardware. */
size_t port_read(struct port *port, struct port_frame *frames);
/* Sends toward the host. A failure is counted. */
void port_write(struct port *port, const void *bytes, size_t len);

/* Frames that were lost between the host and the relay, at either side of it, since port_open().
 * Call once. */
uint64_t port_unwanted_drops(struct port *port);

#endif
