/* When work for users is done: in turns of the loop, each of bounded time.
 *
 * Theory of operation: whoever has work queues a job in its share (fair.h). An idle handle runs
 * jobs for at most TURNS_ROUND_NS per turn of the loop, and not more than were queued when it
 * began: after the timers, before the loop looks at its descriptors. The pump flushes before and
 * after it waits, so that the network gets its turn between any two rounds. If all that is left
 * must wait for its allowance, a timer wakes the loop for it. */
#ifndef TCPENGINED_TURNS_H
#define TCPENGINED_TURNS_H

#include <uv.h>

#include "util/fair.h"

/* Most time for jobs in one turn of the loop; the last one may exceed it. */
#define TURNS_ROUND_NS INT64_C(500000)
/* After so long a job should end, and queue itself again. */
#define TURNS_SLICE_NS INT64_C(100000)
/* No job takes longer: the rest is the time of other processes. */
#define TURNS_COST_MAX_NS INT64_C(500000)

struct turns {
    uv_loop_t *loop;
    uv_idle_t idle;   /* runs while a job may run */
    uv_timer_t timer; /* for jobs that must wait */
    struct fair fair;
    struct fair_share *running; /* whose job runs; NULL: none does */
    int64_t slice_until_ns;
    int64_t (*now_ns)(void); /* the clock; tests may replace it */
    uint64_t rounds_cut;     /* ended by TURNS_ROUND_NS */
    bool is_closed;
};

/* Room for shares_max users. False: no memory. */
bool turns_init(struct turns *turns, uv_loop_t *loop, size_t shares_max);
/* Adds the handles to the loop. */
void turns_start(struct turns *turns);
/* Closes the handles: the loop calls on_closed for each of TURNS_HANDLES, with ctx as its data. No
 * job runs afterwards. */
#define TURNS_HANDLES 2
void turns_close(struct turns *turns, uv_close_cb on_closed, void *ctx);
/* Frees the memory, once the handles are closed or were never started. */
void turns_done(struct turns *turns);

/* Runs jobs as the loop's next turn would. */
void turns_run(struct turns *turns);
/* Queues job, to run in one of the next turns of the loop; harmless if it is queued. */
void turns_queue(struct turns *turns, struct fair_share *share, struct fair_job *job);
/* Harmless if job is not queued. */
void turns_drop(struct turns *turns, struct fair_job *job);

/* For a job: whether it has had its slice of time. */
bool turns_slice_is_over(const struct turns *turns);

#endif
