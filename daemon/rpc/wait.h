/* Requests that wait for something: found by what they wait for, and by when they give up.
 *
 * Knows neither requests nor the engine. A wait is parked under a key (the id of a connection, or
 * another number that stands for an event source) with the set of things that wake it; it comes out
 * by wait_take_due() when it was woken or its time is over. */
#ifndef TCPENGINED_WAIT_H
#define TCPENGINED_WAIT_H

#include <sys/queue.h>

#include "util/deadline.h"

#define WAIT_BUCKETS 4096 /* power of two */

struct wait;
TAILQ_HEAD(wait_queue, wait);

/* Embedded in what waits; all zero is one that is nowhere. */
struct wait {
    struct deadline deadline; /* first, so that one is found from the other */
    uint64_t key;
    unsigned wakers;
    struct wait_queue *queue; /* where it is: a bucket, the due ones, or one of the user's */
    TAILQ_ENTRY(wait) in_queue;
};

struct wait_table {
    struct wait_queue *buckets; /* WAIT_BUCKETS */
    struct wait_queue due;      /* woken, or out of time; first come first served */
    struct deadlines deadlines;
};

/* Room for max waits. False: no memory. */
bool wait_table_init(struct wait_table *table, size_t max);
void wait_table_done(struct wait_table *table);

/* Parks wait until one of wakers happens to key, or now is at. */
void wait_park(struct wait_table *table, struct wait *wait, uint64_t key, unsigned wakers,
               int64_t at);
/* wakers have happened to key: those that wait for one of them become due. */
void wait_wake(struct wait_table *table, uint64_t key, unsigned wakers);
/* Anything may have happened to anybody. */
void wait_wake_all(struct wait_table *table);
/* Those whose time is over at now become due. */
void wait_expire(struct wait_table *table, int64_t now);
int64_t wait_next_at(const struct wait_table *table);

/* Takes out the wait that has been due longest; NULL when none is. */
struct wait *wait_take_due(struct wait_table *table);
static inline bool wait_has_due(const struct wait_table *table)
{
    return !TAILQ_EMPTY(&table->due);
}

/* Puts wait, which is nowhere, into a queue of the caller's. It has no deadline there. */
void wait_put_aside(struct wait *wait, struct wait_queue *queue);
/* All in such a queue become due. */
void wait_bring_back(struct wait_table *table, struct wait_queue *queue);

/* Takes wait from wherever it is; harmless when it is nowhere. */
void wait_forget(struct wait_table *table, struct wait *wait);

#endif
