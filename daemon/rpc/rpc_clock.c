#include "rpc/rpc_clock.h"

static bool has_work(const struct rpc *rpc)
{
    return wait_has_due(&rpc->waits) || session_first_ended(rpc->sessions) != NULL;
}

static void on_idle(uv_idle_t *idle)
{
    struct rpc *rpc = idle->data;
    rpc->clock.run(rpc);
    if (!has_work(rpc))
        uv_idle_stop(idle);
    rpc_clock_update(rpc);
}

void rpc_clock_run_soon(struct rpc *rpc)
{
    if (!rpc->is_freed)
        uv_idle_start(&rpc->clock.idle, on_idle);
}

static void on_timer(uv_timer_t *timer)
{
    struct rpc *rpc = timer->data;
    rpc->clock.timer_at_us = DEADLINE_NEVER;
    wait_forgive(&rpc->waits, rpc_now_us(rpc));
    session_forgive(rpc->sessions, rpc_now_us(rpc));
    wait_expire(&rpc->waits, rpc_now_us(rpc));
    session_expire(rpc->sessions, rpc_now_us(rpc));
    if (has_work(rpc))
        rpc_clock_run_soon(rpc);
    rpc_clock_update(rpc);
}

void rpc_clock_update(struct rpc *rpc)
{
    int64_t at_us = wait_next_at(&rpc->waits);
    int64_t now_us = rpc_now_us(rpc);
    if (session_next_at(rpc->sessions) < at_us)
        at_us = session_next_at(rpc->sessions);
    if (at_us >= rpc->clock.timer_at_us || rpc->is_freed)
        return; /* an early timer finds nothing due and is rearmed: cheaper than moving it each time
                 */
    rpc->clock.timer_at_us = at_us;
    int64_t delay_us = at_us > now_us ? at_us - now_us : 0;
    uv_timer_start(&rpc->clock.timer, on_timer, (uint64_t)((delay_us + TE_MS - 1) / TE_MS), 0);
}

void rpc_clock_start(struct rpc *rpc, void (*run)(struct rpc *rpc))
{
    struct rpc_clock *clock = &rpc->clock;
    uv_timer_init(rpc->host.loop, &clock->timer);
    uv_idle_init(rpc->host.loop, &clock->idle);
    clock->timer.data = rpc;
    clock->idle.data = rpc;
    clock->timer_at_us = DEADLINE_NEVER;
    clock->run = run;
}
