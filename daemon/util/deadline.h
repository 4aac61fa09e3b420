/* Deadlines in a heap: which of many moments comes next?
 *
 * Knows no clock: times are whatever int64_t the caller counts in. The heap has room for a fixed
 * number from the start, so that arming cannot fail. */
#ifndef TCPENGINED_DEADLINE_H
#define TCPENGINED_DEADLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEADLINE_NEVER INT64_MAX

/* Embedded in what waits; all zero is a disarmed one. */
struct deadline {
    int64_t at;
    uint64_t order; /* of two at the same time, the one armed first comes first */
    size_t slot;    /* place in the heap, from 1; 0: not armed */
};

struct deadlines {
    struct deadline **heap; /* heap[1..count] */
    size_t count, capacity;
    uint64_t next_order;
};

/* False when there is no memory. */
bool deadlines_init(struct deadlines *deadlines, size_t capacity);
void deadlines_done(struct deadlines *deadlines);

/* Arms deadline for at, or moves it there. Never more than capacity at once. */
void deadlines_set(struct deadlines *deadlines, struct deadline *deadline, int64_t at);
/* Disarms; harmless when it is not armed. */
void deadlines_clear(struct deadlines *deadlines, struct deadline *deadline);

static inline bool deadline_is_armed(const struct deadline *deadline)
{
    return deadline->slot != 0;
}

/* The earliest, or DEADLINE_NEVER. */
int64_t deadlines_next_at(const struct deadlines *deadlines);
/* Takes the earliest that is due at now and disarms it; NULL when none is. */
struct deadline *deadlines_take_due(struct deadlines *deadlines, int64_t now);

#endif
