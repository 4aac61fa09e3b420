/* Who runs next: users share the loop's time by what their work costs, not by how much they ask.
 *
 * Theory of operation: each uid has a share, each piece of work is a job of one share. Whoever has
 * used least comes first (start-time fair queueing: a share that was idle starts where the others
 * are, so that nobody saves time up). Jobs of one share take turns.
 *
 * While others carry data, that is not enough: a uid that asks without pause would get half of the
 * time. So each share has an allowance, which grows by a sixteenth of the time that passes. What
 * its work costs is taken from it, less FAIR_BYTE_NS for each byte carried. A share in debt waits
 * while another one carries data, which it does until FAIR_BULK_NS after its last FAIR_BULK_BYTES.
 * When nobody else does, nobody waits.
 *
 * Knows no clock: times are int64_t nanoseconds of the caller's. Knows no work either. */
#ifndef TCPENGINED_FAIR_H
#define TCPENGINED_FAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#define FAIR_NEVER INT64_MAX
/* Of the time that passes, one part in so many is what each share may spend. */
#define FAIR_ALLOWANCE_PARTS 16
/* Most allowance saved up, and most debt: whoever was alone and worked without pause waits for it
 * when somebody's transfer begins. */
#define FAIR_ALLOWANCE_MAX_NS INT64_C(10000000)
#define FAIR_DEBT_MAX_NS INT64_C(1000000)
/* Above what it costs to carry a byte. */
#define FAIR_BYTE_NS 4
/* What counts as carrying data, and for how long. */
#define FAIR_BULK_BYTES 65536
#define FAIR_BULK_NS INT64_C(10000000)
/* Users that are no uid: what is done for nobody in particular. */
#define FAIR_USER_ARRIVALS (UINT64_C(1) << 32)
#define FAIR_USER_HTTP (UINT64_C(2) << 32)
#define FAIR_USERS_OTHER 2

struct fair_share;

/* Embedded in its owner; all zero but for run and owner. It is out of its queue when it runs, and
 * may queue itself again. */
struct fair_job {
    TAILQ_ENTRY(fair_job) in_share;
    struct fair_share *share; /* NULL: it is not queued */
    void (*run)(struct fair_job *job);
    void *owner;
};
TAILQ_HEAD(fair_job_list, fair_job);

/* One user's. It outlives its references: whoever comes back finds the debt it left. */
struct fair_share {
    TAILQ_ENTRY(fair_share) in_list; /* of the waiting shares, or of all the others */
    struct fair_job_list jobs;       /* the next one first */
    uint64_t user;                   /* a uid, or one of FAIR_USER_... */
    bool is_used;
    unsigned refs;
    unsigned arrivals; /* the owner's */
    int64_t used_ns;   /* virtual: comparable between waiting shares only */
    int64_t allowance_ns, allowance_at_ns;
    uint64_t carried_bytes; /* not counted yet */
    uint64_t bulk_bytes;    /* carried, below FAIR_BULK_BYTES */
    int64_t bulk_at_ns;     /* when it last carried FAIR_BULK_BYTES */
};
TAILQ_HEAD(fair_share_list, fair_share);

struct fair {
    struct fair_share *shares;
    size_t shares_max;
    struct fair_share_list waiting; /* have jobs */
    struct fair_share_list others;  /* the one longest without a job first */
    size_t jobs;                    /* queued */
    int64_t used_ns;                /* of the share that ran last, when it began */
    /* The last two shares that carried bulk: one of them is another than whoever asks. */
    const struct fair_share *bulk[2];
    uint64_t held_back; /* times a share had to wait for its allowance */
};

/* Room for shares_max users with references at once. False: no memory. */
bool fair_init(struct fair *fair, size_t shares_max);
/* Harmless after a failed fair_init(), or twice. */
void fair_done(struct fair *fair);

/* Takes a reference to user's share. NULL: shares_max users have some already. */
struct fair_share *fair_share_get(struct fair *fair, uint64_t user);
void fair_share_put(struct fair_share *share);

/* Queues job behind the others of its share; harmless if it is queued. */
void fair_queue(struct fair *fair, struct fair_share *share, struct fair_job *job);
/* Harmless if job is not queued. */
void fair_drop(struct fair *fair, struct fair_job *job);
static inline bool fair_is_empty(const struct fair *fair)
{
    return TAILQ_EMPTY(&fair->waiting);
}

/* Takes out the job that comes next, and sets *ret_share to its share. NULL: none may run at
 * now_ns.
 */
struct fair_job *fair_take(struct fair *fair, int64_t now_ns, struct fair_share **ret_share);
/* Work for share has taken cost_ns, until now_ns. */
void fair_charge(struct fair *fair, struct fair_share *share, int64_t cost_ns, int64_t now_ns);
/* Notes that the work being done for share has carried bytes; counted by the next fair_charge(). */
void fair_carry(struct fair_share *share, size_t bytes);
/* The earliest time at which fair_take() may find a job that it does not find at now_ns; FAIR_NEVER
 * if none is queued. */
int64_t fair_next_at_ns(struct fair *fair, int64_t now_ns);

#endif
