/* When and in which order links run: their deadlines, and their turns.
 *
 * Theory of operation: all deadlines of all links stand in one heap behind one timer. Links whose
 * input holds more requests than one turn allows stand in a queue that an idle handle serves, once
 * per round of the loop: every other link is read in between. Knows nothing of links: what becomes
 * due is embedded in its owner, and told so by its own callback. */
#ifndef TCPENGINED_SP_SCHEDULE_H
#define TCPENGINED_SP_SCHEDULE_H

#include <sys/queue.h>
#include <uv.h>

#include "util/deadline.h"

/* Embedded in its owner. The callback finds it already disarmed, may arm it anew, and may close
 * its owner. */
struct sp_deadline {
    struct deadline deadline; /* first, so that one is found from the other */
    void (*on_due)(struct sp_deadline *due);
    void *owner;
};

/* Embedded in its owner. The callback finds it already out of the queue, may put it back, and may
 * close its owner. */
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
    unsigned turns_per_round; /* at most so many in one round of the loop; the owner sets it */
    bool is_closed;
};

/* Room for deadlines_max armed deadlines at once. False: no memory. */
bool sp_schedule_init(struct sp_schedule *schedule, uv_loop_t *loop, size_t deadlines_max);
/* Puts the handles into the loop. */
void sp_schedule_start(struct sp_schedule *schedule);
/* Closes the handles: on_closed is called from the loop for each of SP_SCHEDULE_HANDLES, whose data
 * is then ctx. Deadlines may still be cleared after this; none comes due. */
#define SP_SCHEDULE_HANDLES 2
void sp_schedule_close(struct sp_schedule *schedule, uv_close_cb on_closed, void *ctx);
/* Frees the memory, once the handles are closed or were never started. */
void sp_schedule_done(struct sp_schedule *schedule);

void sp_schedule_deadline_set(struct sp_schedule *schedule, struct sp_deadline *deadline,
                              int64_t after_ms);
/* Harmless when it is not armed. */
void sp_schedule_deadline_clear(struct sp_schedule *schedule, struct sp_deadline *deadline);

/* Queues turn behind the others; harmless when it is queued already. */
void sp_schedule_turn_queue(struct sp_schedule *schedule, struct sp_turn *turn);
/* Harmless when it is not queued. */
void sp_schedule_turn_drop(struct sp_schedule *schedule, struct sp_turn *turn);

#endif
