#include "sp/sp_schedule.h"

/* --- deadlines -------------------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer);

static void timer_update(struct sp_schedule *schedule)
{
    int64_t at_ms = deadlines_next_at(&schedule->deadlines);
    int64_t now_ms = (int64_t)uv_now(schedule->loop);
    if (at_ms >= schedule->timer_at_ms || schedule->is_closed)
        return; /* an early timer finds nothing due and is rearmed: cheaper than moving it each time
                 */
    schedule->timer_at_ms = at_ms;
    uv_timer_start(&schedule->timer, on_timer, at_ms > now_ms ? (uint64_t)(at_ms - now_ms) : 0, 0);
}

static void on_timer(uv_timer_t *timer)
{
    struct sp_schedule *schedule = timer->data;
    int64_t now_ms = (int64_t)uv_now(schedule->loop);
    struct deadline *next;
    schedule->timer_at_ms = DEADLINE_NEVER;
    deadlines_forgive(&schedule->deadlines, now_ms, DEADLINE_LATE_MIN_MS, DEADLINE_GRACE_MS);
    while ((next = deadlines_take_due(&schedule->deadlines, now_ms)) != NULL) {
        struct sp_deadline *due = (struct sp_deadline *)(void *)next;
        due->on_due(due);
    }
    timer_update(schedule);
}

void sp_schedule_deadline_set(struct sp_schedule *schedule, struct sp_deadline *deadline,
                              int64_t after_ms)
{
    deadlines_set(&schedule->deadlines, &deadline->deadline,
                  (int64_t)uv_now(schedule->loop) + after_ms);
    timer_update(schedule);
}

void sp_schedule_deadline_clear(struct sp_schedule *schedule, struct sp_deadline *deadline)
{
    deadlines_clear(&schedule->deadlines, &deadline->deadline);
}

/* --- life ------------------------------------------------------------------------------------- */

bool sp_schedule_init(struct sp_schedule *schedule, uv_loop_t *loop, size_t deadlines_max)
{
    schedule->loop = loop;
    schedule->timer_at_ms = DEADLINE_NEVER;
    return deadlines_init(&schedule->deadlines, deadlines_max);
}

void sp_schedule_start(struct sp_schedule *schedule)
{
    uv_timer_init(schedule->loop, &schedule->timer);
    schedule->timer.data = schedule;
}

void sp_schedule_close(struct sp_schedule *schedule, uv_close_cb on_closed, void *ctx)
{
    schedule->is_closed = true;
    schedule->timer.data = ctx;
    uv_close((uv_handle_t *)&schedule->timer, on_closed);
}

void sp_schedule_done(struct sp_schedule *schedule)
{
    deadlines_done(&schedule->deadlines);
}
