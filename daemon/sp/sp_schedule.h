/* The deadlines of links.
 *
 * Theory of operation: all deadlines of all links are in one heap behind one timer. Time in which
 * the loop did not run counts against no deadline (deadlines_forgive). Knows nothing about links:
 * deadlines are embedded in their owners and have their own callbacks. */
#ifndef TCPENGINED_SP_SCHEDULE_H
#define TCPENGINED_SP_SCHEDULE_H

#include <uv.h>

#include "util/deadline.h"

/* Embedded in its owner. It is disarmed when the callback runs, which may rearm it, or close the
 * owner. */
struct sp_deadline {
    struct deadline deadline; /* first, so that one is found from the other */
    void (*on_due)(struct sp_deadline *due);
    void *owner;
};

struct sp_schedule {
    uv_loop_t *loop;
    uv_timer_t timer; /* for deadlines */
    struct deadlines deadlines;
    int64_t timer_at_ms; /* when timer is armed for */
    bool is_closed;
};

/* Room for deadlines_max armed deadlines at once. False: no memory. */
bool sp_schedule_init(struct sp_schedule *schedule, uv_loop_t *loop, size_t deadlines_max);
/* Adds the handle to the loop. */
void sp_schedule_start(struct sp_schedule *schedule);
/* Closes the handle: the loop calls on_closed for each of SP_SCHEDULE_HANDLES, with ctx as its
 * data. Deadlines may still be set and cleared afterwards, but none comes due. */
#define SP_SCHEDULE_HANDLES 1
void sp_schedule_close(struct sp_schedule *schedule, uv_close_cb on_closed, void *ctx);
/* Frees the memory, once the handle is closed or was never started. */
void sp_schedule_done(struct sp_schedule *schedule);

/* Arms deadline, or moves it, to after_ms from the loop's now. */
void sp_schedule_deadline_set(struct sp_schedule *schedule, struct sp_deadline *deadline,
                              int64_t after_ms);
/* Harmless if it is not armed. */
void sp_schedule_deadline_clear(struct sp_schedule *schedule, struct sp_deadline *deadline);

#endif
