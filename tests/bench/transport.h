/* A byte stream to a peer, over the kernel's TCP, or over the engine's by
 * requests or by a channel: the benchmarks do the same
 * work on both. Every function prints a message and exits on failure. */
#ifndef BENCH_TRANSPORT_H
#define BENCH_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>

struct transport {
    /* Call once; url names the control socket and is ignored for the kernel. busy is how many
     * connections will carry bulk at a time. */
    void (*init)(const char *url, unsigned busy);
    void (*done)(void);
    /* Call at the end of each thread that has opened connections, when it has closed them. */
    void (*thread_done)(void);
    /* Connects and waits until it is established; returns a descriptor or an id. */
    uint64_t (*open)(const char *address, uint16_t port);
    /* The same for who sends next: need not wait, if what is sent may follow the handshake. */
    uint64_t (*open_to_send)(const char *address, uint16_t port);
    void (*send)(uint64_t handle, const void *data, size_t len);
    /* Between one and max bytes; 0 at the end of the stream. */
    size_t (*receive)(uint64_t handle, void *buffer, size_t max);
    /* The same where the bytes lie, of which it looks at one per cache line. NULL: this transport
     * can only copy. */
    size_t (*look)(uint64_t handle, size_t max);
    void (*shutdown)(uint64_t handle);
    void (*close)(uint64_t handle);
    /* Resets, so that no TIME_WAIT remains. */
    void (*abort)(uint64_t handle);
};

extern const struct transport transport_kernel, transport_engine, transport_channel;

/* By the name in the table at the end of transport.c; ends the program if there is none. */
const struct transport *transport_find(const char *name);
/* Prints the names, one per line. */
void transport_list(void);

#endif
