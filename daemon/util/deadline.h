/* Deadlines in a binary heap: which one comes next?
 *
 * Knows no clock: a time is an int64_t in the caller's unit. The heap has a fixed capacity from the
 * start, so that arming cannot fail. */
#ifndef TCPENGINED_DEADLINE_H
#define TCPENGINED_DEADLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEADLINE_NEVER INT64_MAX

/* Embedded in whatever waits. All zero: disarmed. */
struct deadline {
    int64_t at;
    uint64_t order; /* of two with the same time, the one armed first comes first */
    size_t slot;    /* index in the heap, from 1; 0: not armed */
};

struct deadlines {
    struct deadline **heap; /* heap[1..count] */
    size_t count, capacity;
    uint64_t next_order;
};

/* False: no memory. */
bool deadlines_init(struct deadlines *deadlines, size_t capacity);
/* Harmless after a failed deadlines_init(), or twice. Armed deadlines are not touched. */
void deadlines_done(struct deadlines *deadlines);

/* Arms deadline for at, or moves it there. No more than capacity may be armed at once. */
void deadlines_set(struct deadlines *deadlines, struct deadline *deadline, int64_t at);
/* Disarms deadline; harmless if it is not armed. */
void deadlines_clear(struct deadlines *deadlines, struct deadline *deadline);

static inline bool deadline_is_armed(const struct deadline *deadline)
{
    return deadline->slot != 0;
}

/* The earliest time; DEADLINE_NEVER if none is armed. */
int64_t deadlines_next_at(const struct deadlines *deadlines);
/* Disarms and returns the earliest deadline that is due at now; NULL if none is. */
struct deadline *deadlines_take_due(struct deadlines *deadlines, int64_t now);

/* When the process did not run as a deadline came due (it was stopped, or the machine was), what
 * would have met the deadline may be waiting to be read, and the other side may have been stopped
 * as well. So a deadline that is over by late_min or more does not count: all are put off by the
 * time that was lost and grace more, which leaves time to read. True: that was done. */
bool deadlines_forgive(struct deadlines *deadlines, int64_t now, int64_t late_min, int64_t grace);
/* What users of deadlines_forgive() take for both. */
#define DEADLINE_LATE_MIN_MS 250
#define DEADLINE_GRACE_MS 1000

#endif
