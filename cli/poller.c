#include "poller.h"

#include <stddef.h>
#include <unistd.h>

#include "cli_clock.h"

enum { EVENTS_MAX = 64 };

bool poller_init(struct poller *poller)
{
    *poller = (struct poller){.epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
    return poller->epoll_fd >= 0;
}

static bool control(struct poller *poller, int op, struct poller_watch *watch, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};
    return epoll_ctl(poller->epoll_fd, op, watch->fd, &event) == 0;
}

bool poller_add(struct poller *poller, struct poller_watch *watch, uint32_t events)
{
    return control(poller, EPOLL_CTL_ADD, watch, events);
}

void poller_replace(struct poller *poller, struct poller_watch *watch, uint32_t events)
{
    (void)control(poller, EPOLL_CTL_MOD, watch, events);
}

void poller_remove(struct poller *poller, struct poller_watch *watch)
{
    if (watch->fd >= 0)
        (void)control(poller, EPOLL_CTL_DEL, watch, 0);
}

void poller_soon(struct poller *poller, struct poller_task *task)
{
    if (task->is_queued)
        return;
    task->is_queued = true;
    task->next = NULL;
    if (poller->first == NULL)
        poller->first = task;
    else
        poller->last->next = task;
    poller->last = task;
}

/* Those that are queued meanwhile wait for the next turn, so that nobody keeps the others from
 * their events. */
static void run_tasks(struct poller *poller)
{
    struct poller_task *task = poller->first;
    poller->first = poller->last = NULL;
    while (task != NULL) {
        struct poller_task *next = task->next;
        task->is_queued = false;
        task->run(task);
        task = next;
    }
}

static void tick(struct poller *poller)
{
    int64_t now_ms = cli_now_ms();
    if (!poller->wants_ticks || now_ms - poller->ticked_at_ms < POLLER_TICK_MS)
        return;
    poller->ticked_at_ms = now_ms;
    poller->on_tick(poller->owner);
}

void poller_turn(struct poller *poller)
{
    struct epoll_event events[EVENTS_MAX];
    int wait_ms = poller->wants_ticks ? POLLER_TICK_MS : -1;
    int count =
        epoll_wait(poller->epoll_fd, events, EVENTS_MAX, poller->first != NULL ? 0 : wait_ms);
    for (int i = 0; i < count; i++) {
        struct poller_watch *watch = events[i].data.ptr;
        if (watch->fd >= 0)
            watch->on_event(watch, events[i].events);
    }
    tick(poller);
    run_tasks(poller);
}
