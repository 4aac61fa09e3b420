/* Shutting the engine down gracefully: close everything, give it time, reset the rest.
 *
 * Theory of operation: this is done in steps, each followed by a flush of the output, because a RST
 * is a packet that no connection owns any more, and the engine keeps only control_queue_max of
 * those: a hundred thousand connections ended in one go would leave all but a few hundred peers
 * without a word. Between steps the loop reads the TAP, so that answers are not lost meanwhile. */
#ifndef TCPENGINED_DRAIN_H
#define TCPENGINED_DRAIN_H

#include <tcpengine/conn.h>

enum drain_phase {
    DRAIN_LISTENERS,       /* CLOSE for listeners, except those with many connections */
    DRAIN_CONNECTIONS,     /* CLOSE for connections; ABORT for those that nobody has accepted */
    DRAIN_LAST_LISTENERS,  /* CLOSE for the others */
    DRAIN_WAIT,            /* nothing to do: peers have the word */
    DRAIN_RESETS,          /* ABORT for all connections that are left */
    DRAIN_RESET_LISTENERS, /* CLOSE for listeners, if there was no time for it */
    DRAIN_OVER,
};

struct drain {
    enum drain_phase phase;
    uint64_t cursor;   /* of te_walk() */
    uint32_t step_max; /* connections ended in a step */
};

/* control_queue_max is the engine's. */
void drain_init(struct drain *drain, uint32_t control_queue_max);
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
