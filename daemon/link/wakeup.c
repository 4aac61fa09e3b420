#include "link/wakeup.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <tcpengine/units.h>
#include <unistd.h>

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct wakeup *wakeup = (struct wakeup *)(void *)((char *)poll - offsetof(struct wakeup, poll));
    uint64_t expirations;
    (void)status;
    (void)events;
    /* Unread it would stay readable. EAGAIN: it was armed anew in this turn of the loop. */
    if (read(wakeup->fd, &expirations, sizeof(expirations)) < 0)
        return;
    wakeup->at_us = INT64_MAX;
    wakeup->on_due(wakeup->ctx);
}

bool wakeup_open(struct wakeup *wakeup, uv_loop_t *loop, wakeup_fn *on_due, void *ctx)
{
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (fd < 0)
        return false;
    int error = uv_poll_init(loop, &wakeup->poll, fd);
    if (error < 0) {
        close(fd);
        errno = -error;
        return false;
    }
    wakeup->fd = fd;
    wakeup->at_us = INT64_MAX;
    wakeup->on_due = on_due;
    wakeup->ctx = wakeup->poll.data = ctx;
    uv_poll_start(&wakeup->poll, UV_READABLE, on_poll);
    return true;
}

void wakeup_arm(struct wakeup *wakeup, int64_t at_us)
{
    if (at_us >= wakeup->at_us)
        return;
    /* Zero would disarm it. */
    int64_t at_ns = at_us > 0 ? at_us * TE_NS_PER_US : 1;
    struct itimerspec when = {
        .it_value = {.tv_sec = at_ns / TE_NS_PER_SECOND, .tv_nsec = at_ns % TE_NS_PER_SECOND}};
    wakeup->at_us = at_us;
    timerfd_settime(wakeup->fd, TFD_TIMER_ABSTIME, &when, NULL);
}

void wakeup_close(struct wakeup *wakeup, uv_close_cb on_closed)
{
    uv_poll_stop(&wakeup->poll);
    uv_close((uv_handle_t *)&wakeup->poll, on_closed);
    close(wakeup->fd);
    wakeup->fd = -1;
}
