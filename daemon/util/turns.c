#include "util/turns.h"

#include "util/clock.h"

#define NS_PER_MS INT64_C(1000000)

static void on_idle(uv_idle_t *idle);

static void on_timer(uv_timer_t *timer)
{
    struct turns *turns = timer->data;
    uv_idle_start(&turns->idle, on_idle);
}

/* Stops the idle handle if nothing may run now. */
static void rest(struct turns *turns, int64_t now_ns)
{
    int64_t next_ns = fair_next_at_ns(&turns->fair, now_ns);
    if (next_ns <= now_ns || turns->is_closed)
        return;
    uv_idle_stop(&turns->idle);
    if (next_ns == FAIR_NEVER)
        return;
    uv_update_time(turns->loop);
    uv_timer_start(&turns->timer, on_timer,
                   (uint64_t)((next_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS), 0);
}

/* Runs one job. False: none may run now. */
static bool run_one(struct turns *turns, int64_t *now_ns)
{
    struct fair_share *share;
    struct fair_job *job = fair_take(&turns->fair, *now_ns, &share);
    if (job == NULL)
        return false;
    turns->running = share;
    turns->slice_until_ns = *now_ns + TURNS_SLICE_NS;
    share->refs++; /* the job may end its owner */
    job->run(job);
    int64_t end_ns = turns->now_ns(), cost_ns = end_ns - *now_ns;
    fair_charge(&turns->fair, share, cost_ns < TURNS_COST_MAX_NS ? cost_ns : TURNS_COST_MAX_NS,
                end_ns);
    fair_share_put(share);
    turns->running = NULL;
    *now_ns = end_ns;
    return true;
}

void turns_run(struct turns *turns)
{
    int64_t now_ns = turns->now_ns(), until_ns = now_ns + TURNS_ROUND_NS;
    for (size_t left = turns->fair.jobs; left > 0 && now_ns < until_ns && !turns->is_closed; left--)
        if (!run_one(turns, &now_ns))
            break;
    if (now_ns >= until_ns && !fair_is_empty(&turns->fair))
        turns->rounds_cut++;
    rest(turns, now_ns);
}

static void on_idle(uv_idle_t *idle)
{
    turns_run(idle->data);
}

void turns_queue(struct turns *turns, struct fair_share *share, struct fair_job *job)
{
    if (turns->is_closed)
        return;
    fair_queue(&turns->fair, share, job);
    uv_idle_start(&turns->idle, on_idle);
}

void turns_drop(struct turns *turns, struct fair_job *job)
{
    fair_drop(&turns->fair, job);
}

bool turns_slice_is_over(const struct turns *turns)
{
    return turns->now_ns() >= turns->slice_until_ns;
}

/* --- life ------------------------------------------------------------------------------------- */

bool turns_init(struct turns *turns, uv_loop_t *loop, size_t shares_max)
{
    *turns = (struct turns){.loop = loop, .now_ns = clock_monotonic_ns};
    return fair_init(&turns->fair, shares_max);
}

void turns_start(struct turns *turns)
{
    uv_idle_init(turns->loop, &turns->idle);
    uv_timer_init(turns->loop, &turns->timer);
    turns->idle.data = turns;
    turns->timer.data = turns;
}

void turns_close(struct turns *turns, uv_close_cb on_closed, void *ctx)
{
    turns->is_closed = true;
    turns->idle.data = ctx;
    turns->timer.data = ctx;
    uv_close((uv_handle_t *)&turns->idle, on_closed);
    uv_close((uv_handle_t *)&turns->timer, on_closed);
}

void turns_done(struct turns *turns)
{
    fair_done(&turns->fair);
}
