/* Shutting the engine down gracefully: close everything, give it time, reset the rest.
 *
 * Theory of operation: this is done in steps, each followed by a flush of the output. Between steps
 * the loop reads the TAP, so that answers to a hundred thousand FINs are not lost meanwhile. */
#ifndef TCPENGINED_DRAIN_H
#define TCPENGINED_DRAIN_H

#include <tcpengine/conn.h>

enum drain_phase {
    DRAIN_LISTENERS,       /* CLOSE for listeners, which resets what nobody has accepted */
    DRAIN_CONNECTIONS,     /* CLOSE for connections */
    DRAIN_WAIT,            /* nothing to do: peers have the word */
    DRAIN_RESETS,          /* ABORT for all connections that are left */
    DRAIN_RESET_LISTENERS, /* CLOSE for listeners, if there was no time for it */
    DRAIN_OVER,
};

struct drain {
    enum drain_phase phase;
    uint64_t cursor; /* of te_walk() */
};

/* Connections, or listeners, ended in a step: a flush of the pump writes twice as many frames. */
#define DRAIN_STEP_MAX 64

void drain_init(struct drain *drain);
/* The next step; the caller then flushes the output. False when nothing is left to do: all is
 * closed (DRAIN_WAIT) or reset (DRAIN_OVER). CLOSE is that of RFC 9293 3.10.4. */
bool drain_step(struct drain *drain, struct te_stack *stack, int64_t now_us);
/* From now on, steps reset what is left (ABORT, RFC 9293 3.10.5). Legal at any time. */
void drain_begin_resets(struct drain *drain);
/* Number of connections with something left to send or receive: all but TIME_WAIT. */
uint32_t drain_remaining(const struct te_stack *stack);
/* How long before the end resetting so many has to begin: at most half of the time there is. */
int64_t drain_resets_us(uint32_t remaining, int64_t timeout_us);

#endif
