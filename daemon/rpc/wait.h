/* A table of waits, found by what they wait for and by when they give up.
 *
 * Knows neither requests nor the engine. A wait is parked under a key (the id of a connection, or
 * another number for an event source) with the set of things that wake it. Once woken or timed out
 * it comes back from wait_take_due(). */
#ifndef TCPENGINED_WAIT_H
#define TCPENGINED_WAIT_H

#include <sys/queue.h>

#include "util/deadline.h"

#define WAIT_BUCKETS 4096 /* power of two */

struct wait;
TAILQ_HEAD(wait_queue, wait);

/* Embedded in whatever waits. All zero: in no queue. */
struct wait {
    struct deadline deadline; /* first, so that one is found from the other */
    uint64_t key;
    unsigned wakers;
    struct wait_queue *queue; /* that it is in: a bucket, due, or one of the user's; NULL: none */
    TAILQ_ENTRY(wait) in_queue;
};

struct wait_table {
    struct wait_queue *buckets; /* WAIT_BUCKETS */
    struct wait_queue due;      /* woken or timed out; first in, first out */
    struct deadlines deadlines;
};

/* Room for max parked waits. False: no memory. */
bool wait_table_init(struct wait_table *table, size_t max);
/* Frees the table, not the waits. Harmless after a failed wait_table_init(). */
void wait_table_done(struct wait_table *table);

/* Parks wait, which is in no queue, until one of wakers happens to key, or until at
 * (DEADLINE_NEVER: no limit). */
void wait_park(struct wait_table *table, struct wait *wait, uint64_t key, unsigned wakers,
               int64_t at);
/* wakers have happened to key: waits for any of them become due. */
void wait_wake(struct wait_table *table, uint64_t key, unsigned wakers);
/* Makes every parked wait due: anything may have happened. */
void wait_wake_all(struct wait_table *table);
/* The loop runs again at now_us. If it did not run when a wait's time was up, what it waits for may
 * not have been read yet: it gets a moment more (deadlines_forgive). Call before wait_expire(). */
void wait_forgive(struct wait_table *table, int64_t now_us);
/* Makes waits whose time is up at now due. */
void wait_expire(struct wait_table *table, int64_t now);
/* When wait_expire() next has work; DEADLINE_NEVER: not at all. */
int64_t wait_next_at(const struct wait_table *table);

/* Takes out the wait that has been due longest; NULL if none is. */
struct wait *wait_take_due(struct wait_table *table);
static inline bool wait_has_due(const struct wait_table *table)
{
    return !TAILQ_EMPTY(&table->due);
}

/* Puts wait, which is in no queue, into one of the caller's, where no deadline runs. */
void wait_put_aside(struct wait *wait, struct wait_queue *queue);
/* Makes all waits in such a queue due, and empties it. */
void wait_bring_back(struct wait_table *table, struct wait_queue *queue);

/* Takes wait out of its queue and disarms its deadline; harmless if it is in none. */
void wait_forget(struct wait_table *table, struct wait *wait);

#endif
