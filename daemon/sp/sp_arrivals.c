#include "sp/sp_arrivals.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct arrival {
    SLIST_ENTRY(arrival) in_unused;
    struct sp_arrivals *arrivals;
    struct fair_share *share; /* NULL: unused */
    struct fair_job job;
    int fd;
};

struct sp_arrivals {
    struct turns *turns;
    struct sp_counters *counters;
    sp_arrivals_admit_fn *admit;
    void *ctx;
    SLIST_HEAD(, arrival) unused;
    unsigned unused_count;
    struct arrival all[SP_ARRIVALS_MAX];
};

/* Gives the arrival's place back; its descriptor is the caller's. */
static void arrival_end(struct arrival *arrival)
{
    struct sp_arrivals *arrivals = arrival->arrivals;
    turns_drop(arrivals->turns, &arrival->job);
    arrival->share->arrivals--;
    fair_share_put(arrival->share);
    arrival->share = NULL;
    SLIST_INSERT_HEAD(&arrivals->unused, arrival, in_unused);
    arrivals->unused_count++;
}

bool sp_arrivals_is_abandoned(struct sp_arrivals *arrivals, int fd)
{
    char byte;
    if (recv(fd, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT) != 0)
        return false;
    arrivals->counters->links_abandoned++;
    return true;
}

static void on_turn(struct fair_job *job)
{
    struct arrival *arrival = job->owner;
    struct sp_arrivals *arrivals = arrival->arrivals;
    struct fair_share *share = arrival->share;
    int fd = arrival->fd;
    arrival_end(arrival); /* the turn itself refers to the share */
    if (sp_arrivals_is_abandoned(arrivals, fd))
        close(fd);
    else
        arrivals->admit(arrivals->ctx, fd, share);
}

static bool has_room(const struct sp_arrivals *arrivals, const struct fair_share *share)
{
    if (share->arrivals == 0)
        return arrivals->unused_count > 0;
    return share->arrivals < SP_ARRIVALS_PER_UID_MAX &&
           arrivals->unused_count > SP_ARRIVALS_RESERVE;
}

void sp_arrivals_add(struct sp_arrivals *arrivals, int fd, uid_t uid)
{
    struct fair_share *share = fair_share_get(&arrivals->turns->fair, uid);
    if (share == NULL || !has_room(arrivals, share)) {
        arrivals->counters->links_refused_storm++;
        if (share != NULL)
            fair_share_put(share);
        close(fd);
        return;
    }
    struct arrival *arrival = SLIST_FIRST(&arrivals->unused);
    SLIST_REMOVE_HEAD(&arrivals->unused, in_unused);
    arrivals->unused_count--;
    arrival->fd = fd;
    arrival->share = share;
    share->arrivals++;
    turns_queue(arrivals->turns, share, &arrival->job);
}

struct sp_arrivals *sp_arrivals_new(struct turns *turns, struct sp_counters *counters,
                                    sp_arrivals_admit_fn *admit, void *ctx)
{
    struct sp_arrivals *arrivals = calloc(1, sizeof(*arrivals));
    if (arrivals == NULL)
        return NULL;
    arrivals->turns = turns;
    arrivals->counters = counters;
    arrivals->admit = admit;
    arrivals->ctx = ctx;
    for (size_t i = 0; i < SP_ARRIVALS_MAX; i++) {
        struct arrival *arrival = &arrivals->all[i];
        arrival->arrivals = arrivals;
        arrival->job = (struct fair_job){.run = on_turn, .owner = arrival};
        SLIST_INSERT_HEAD(&arrivals->unused, arrival, in_unused);
    }
    arrivals->unused_count = SP_ARRIVALS_MAX;
    return arrivals;
}

void sp_arrivals_free(struct sp_arrivals *arrivals)
{
    if (arrivals == NULL)
        return;
    for (size_t i = 0; i < SP_ARRIVALS_MAX; i++) {
        struct arrival *arrival = &arrivals->all[i];
        if (arrival->share == NULL)
            continue;
        close(arrival->fd);
        arrival_end(arrival);
    }
    free(arrivals);
}
