/* Two engines back to back in one process and in virtual time: no I/O, no threads, and every run
 * the same. Functions end the program where something fails. */
#ifndef BENCH_ENGINE_PAIR_H
#define BENCH_ENGINE_PAIR_H

#include <tcpengine/tcpengine.h>

/* Connections that one listener of the pair gets: fewer than there are ports. */
#define PAIR_PORT_CONNECTIONS 60000u
#define PAIR_PORT_FIRST 7000u
#define PAIR_PORTS_MAX 64u

struct pair_side {
    struct te_stack *stack;
    uint64_t bytes; /* taken from the allocator and not given back */
    uint64_t *ids;  /* of pair_open_many() */
    size_t count;
};

struct pair {
    struct pair_side client, server;
    int64_t now_us;
    uint64_t frames;      /* carried in both directions */
    uint64_t data_frames; /* those with text */
    size_t opened;        /* connections so far, closed ones included */
    uint64_t listeners[PAIR_PORTS_MAX];
    size_t listener_count;
};

/* adjust changes the configuration of both; NULL: nothing to change. All ports may be used, and no
 * limit per remote or on the backlog gets in the way. connections_max is what pair_open_many() will
 * hold at a time. */
void pair_start(struct pair *pair, size_t connections_max,
                void (*adjust)(struct te_config *config));
void pair_stop(struct pair *pair);

/* Carries frames until both stacks are silent, and forgets their events. */
void pair_settle(struct pair *pair);
/* Lets virtual time pass and runs every timer that is due. */
void pair_pass(struct pair *pair, int64_t us);

/* Opens count connections at a time; their ids are appended to those of both sides, in the same
 * order. */
void pair_open_many(struct pair *pair, size_t count);
/* Closes all of them, first from the client's side, which therefore has the TIME_WAITs. */
void pair_close_all(struct pair *pair);

/* Ends the program unless got is wanted. */
void pair_expect(const char *what, uint64_t got, uint64_t wanted);

#endif
