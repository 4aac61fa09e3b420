/* One deadline of the loop, to the microsecond: libuv's own timers count milliseconds, which on a
 * path of 50 us is twenty round trips. The descriptor is opened at once and kept. */
#ifndef TCPENGINED_WAKEUP_H
#define TCPENGINED_WAKEUP_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

/* The deadline has come. */
typedef void wakeup_fn(void *ctx);

struct wakeup {
    uv_poll_t poll;
    int fd;        /* a timerfd */
    int64_t at_us; /* when it fires; INT64_MAX: never */
    wakeup_fn *on_due;
    void *ctx;
    uv_close_cb on_closed;
};

/* False, errno set: there is no descriptor, and nothing to close. */
bool wakeup_open(struct wakeup *wakeup, uv_loop_t *loop, wakeup_fn *on_due, void *ctx);
/* Makes on_due come at at_us of clock_monotonic_us(), never earlier than an armed deadline that
 * is nearer: such a deadline is not moved back, as most are moved again before they come, so
 * on_due may come once too early, and then arms again. INT64_MAX: nothing is due. */
void wakeup_arm(struct wakeup *wakeup, int64_t at_us);
/* on_closed gets the handle poll, whose data is ctx, in one of the loop's next turns. */
void wakeup_close(struct wakeup *wakeup, uv_close_cb on_closed);

#endif
