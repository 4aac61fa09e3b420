/* When links run, and in which order: deadlines and turns.
 *
 * Theory of operation: all deadlines of all links are in one heap behind one timer. Links that hold
 * more requests than one turn allows are in a queue that an idle handle serves once per round of
 * the loop, so that every other link is read in between. Time in which the loop did not run counts
 * against no deadline (deadlines_forgive). Knows nothing about links: deadlines and
 * turns are embedded in their owners and have their own callbacks. */
#ifndef TCPENGINED_SP_SCHEDULE_H
#define TCPENGINED_SP_SCHEDULE_H

#include <sys/queue.h>
#include <uv.h>

#include "util/deadline.h"

/* Embedded in its owner. It is disarmed when the callback runs, which may rearm it, or close the
 * owner. */
struct sp_deadline {
    struct deadline deadline; /* first, so that one is found from the other */
    void (*on_due)(struct sp_deadline *due);
    void *owner;
};

/* Embedded in its owner. It is out of the queue when the callback runs, which may queue it again,
 * or close the owner. */
struct sp_turn {
    TAILQ_ENTRY(sp_turn) in_turns;
    bool is_queued;
    void (*on_turn)(struct sp_turn *turn);
    void *owner;
};
TAILQ_HEAD(sp_turn_list, sp_turn);

struct sp_schedule {
    uv_loop_t *loop;
    uv_timer_t timer; /* for deadlines */
    uv_idle_t idle;   /* runs while turns is not empty */
    struct deadlines deadlines;
    int64_t timer_at_ms; /* when timer is armed for */
    struct sp_turn_list turns;
    unsigned turns_per_round; /* most turns in one round of the loop; set by the owner */
    bool is_closed;
};

/* Room for deadlines_max armed deadlines at once. False: no memory. */
bool sp_schedule_init(struct sp_schedule *schedule, uv_loop_t *loop, size_t deadlines_max);
/* Adds the handles to the loop. */
void sp_schedule_start(struct sp_schedule *schedule);
/* Closes the handles: the loop calls on_closed for each of SP_SCHEDULE_HANDLES, with ctx as its
 * data. Deadlines may still be set and cleared afterwards, but none comes due. */
#define SP_SCHEDULE_HANDLES 2
void sp_schedule_close(struct sp_schedule *schedule, uv_close_cb on_closed, void *ctx);
/* Frees the memory, once the handles are closed or were never started. */
void sp_schedule_done(struct sp_schedule *schedule);

/* Arms deadline, or moves it, to after_ms from the loop's now. */
void sp_schedule_deadline_set(struct sp_schedule *schedule, struct sp_deadline *deadline,
                              int64_t after_ms);
/* Harmless if it is not armed. */
void sp_schedule_deadline_clear(struct sp_schedule *schedule, struct sp_deadline *deadline);

/* Queues turn behind the others; harmless if it is queued already. */
void sp_schedule_turn_queue(struct sp_schedule *schedule, struct sp_turn *turn);
/* Takes turn out of the queue; harmless if it is not in it. */
void sp_schedule_turn_drop(struct sp_schedule *schedule, struct sp_turn *turn);

#endif
