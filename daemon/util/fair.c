#include "util/fair.h"

#include <assert.h>
#include <stdlib.h>

/* --- shares ----------------------------------------------------------------------------------- */

/* Makes the share user's. */
static void share_start(struct fair_share *share, uint64_t user)
{
    share->user = user;
    share->is_used = true;
    share->used_ns = 0;
    share->allowance_ns = FAIR_ALLOWANCE_MAX_NS;
    share->carried_bytes = share->bulk_bytes = 0;
    share->bulk_at_ns = -FAIR_BULK_NS;
}

bool fair_init(struct fair *fair, size_t shares_max)
{
    *fair = (struct fair){.shares = calloc(shares_max, sizeof(struct fair_share)),
                          .shares_max = shares_max};
    TAILQ_INIT(&fair->waiting);
    TAILQ_INIT(&fair->others);
    if (fair->shares == NULL)
        return false;
    for (size_t i = 0; i < shares_max; i++) {
        struct fair_share *share = &fair->shares[i];
        TAILQ_INIT(&share->jobs);
        TAILQ_INSERT_TAIL(&fair->others, share, in_list);
    }
    return true;
}

void fair_done(struct fair *fair)
{
    free(fair->shares);
    fair->shares = NULL;
}

/* The share of user, or else the one that may be made it: unused for longest. NULL: there is none.
 */
static struct fair_share *share_find(struct fair *fair, uint64_t user)
{
    struct fair_share *share, *unused = NULL;
    TAILQ_FOREACH(share, &fair->waiting, in_list)
    {
        if (share->user == user)
            return share;
    }
    TAILQ_FOREACH(share, &fair->others, in_list)
    {
        if (share->is_used && share->user == user)
            return share;
        if (share->refs == 0 && unused == NULL)
            unused = share;
    }
    return unused;
}

struct fair_share *fair_share_get(struct fair *fair, uint64_t user)
{
    struct fair_share *share = share_find(fair, user);
    if (share == NULL)
        return NULL;
    if (!share->is_used || share->user != user)
        share_start(share, user);
    share->refs++;
    return share;
}

void fair_share_put(struct fair_share *share)
{
    assert(share->refs > 0);
    share->refs--;
}

/* --- jobs ------------------------------------------------------------------------------------- */

void fair_queue(struct fair *fair, struct fair_share *share, struct fair_job *job)
{
    if (job->share != NULL)
        return;
    if (TAILQ_EMPTY(&share->jobs)) {
        TAILQ_REMOVE(&fair->others, share, in_list);
        TAILQ_INSERT_TAIL(&fair->waiting, share, in_list);
        if (share->used_ns < fair->used_ns)
            share->used_ns = fair->used_ns;
    }
    fair->jobs++;
    job->share = share;
    TAILQ_INSERT_TAIL(&share->jobs, job, in_share);
}

void fair_drop(struct fair *fair, struct fair_job *job)
{
    struct fair_share *share = job->share;
    if (share == NULL)
        return;
    TAILQ_REMOVE(&share->jobs, job, in_share);
    job->share = NULL;
    fair->jobs--;
    if (!TAILQ_EMPTY(&share->jobs))
        return;
    TAILQ_REMOVE(&fair->waiting, share, in_list);
    TAILQ_INSERT_TAIL(&fair->others, share, in_list);
}

/* --- time ------------------------------------------------------------------------------------- */

/* Until when another share than this one counts as carrying data. */
static int64_t others_carry_until_ns(const struct fair *fair, const struct fair_share *share)
{
    const struct fair_share *other = fair->bulk[fair->bulk[0] == share];
    return other == NULL ? INT64_MIN : other->bulk_at_ns + FAIR_BULK_NS;
}

static void allowance_grow(struct fair_share *share, int64_t now_ns)
{
    share->allowance_ns += (now_ns - share->allowance_at_ns) / FAIR_ALLOWANCE_PARTS;
    share->allowance_at_ns = now_ns;
    if (share->allowance_ns > FAIR_ALLOWANCE_MAX_NS)
        share->allowance_ns = FAIR_ALLOWANCE_MAX_NS;
}

static bool may_run(const struct fair *fair, struct fair_share *share, int64_t now_ns)
{
    if (others_carry_until_ns(fair, share) <= now_ns)
        return true;
    allowance_grow(share, now_ns);
    return share->allowance_ns >= 0;
}

struct fair_job *fair_take(struct fair *fair, int64_t now_ns, struct fair_share **ret_share)
{
    struct fair_share *share, *next = NULL;
    TAILQ_FOREACH(share, &fair->waiting, in_list) /* at most shares_max; usually one or two */
    {
        if (next != NULL && share->used_ns >= next->used_ns)
            continue;
        if (may_run(fair, share, now_ns))
            next = share;
        else
            fair->held_back++;
    }
    if (next == NULL)
        return NULL;
    struct fair_job *job = TAILQ_FIRST(&next->jobs);
    fair->used_ns = next->used_ns;
    fair_drop(fair, job);
    *ret_share = next;
    return job;
}

void fair_carry(struct fair_share *share, size_t bytes)
{
    share->carried_bytes += bytes;
}

/* Notes that share carries data, once it has carried enough. */
static void count_bulk(struct fair *fair, struct fair_share *share, int64_t now_ns)
{
    share->bulk_bytes += share->carried_bytes;
    if (share->bulk_bytes < FAIR_BULK_BYTES)
        return;
    share->bulk_bytes = 0;
    share->bulk_at_ns = now_ns;
    if (fair->bulk[0] == share)
        return;
    fair->bulk[1] = fair->bulk[0];
    fair->bulk[0] = share;
}

void fair_charge(struct fair *fair, struct fair_share *share, int64_t cost_ns, int64_t now_ns)
{
    int64_t paid_ns = (int64_t)share->carried_bytes * FAIR_BYTE_NS;
    share->used_ns += cost_ns;
    count_bulk(fair, share, now_ns);
    share->carried_bytes = 0;
    allowance_grow(share, now_ns);
    if (cost_ns > paid_ns)
        share->allowance_ns -= cost_ns - paid_ns;
    if (share->allowance_ns < -FAIR_DEBT_MAX_NS)
        share->allowance_ns = -FAIR_DEBT_MAX_NS;
}

int64_t fair_next_at_ns(struct fair *fair, int64_t now_ns)
{
    int64_t next_ns = FAIR_NEVER;
    struct fair_share *share;
    TAILQ_FOREACH(share, &fair->waiting, in_list)
    {
        int64_t at_ns = now_ns;
        if (!may_run(fair, share, now_ns)) {
            int64_t free_at_ns = others_carry_until_ns(fair, share);
            at_ns = now_ns - share->allowance_ns * FAIR_ALLOWANCE_PARTS;
            at_ns = at_ns < free_at_ns ? at_ns : free_at_ns;
        }
        next_ns = at_ns < next_ns ? at_ns : next_ns;
    }
    return next_ns;
}
