/* Reports to the service manager (sd_notify(3)): readiness, a status line, and the watchdog's keep-
 * alive, which is sent only after a self-check. Does nothing without a manager ($NOTIFY_SOCKET). */
#ifndef TCPENGINED_NOTIFY_H
#define TCPENGINED_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

/* Longest status line, NUL included. */
#define NOTIFY_STATUS_MAX 128
#define NOTIFY_STATUS_INTERVAL_MS 5000

struct notify_options {
    bool is_watchdog; /* answer the manager's watchdog, if it wants that ($WATCHDOG_USEC) */
    /* The self-check. NULL: all is well. A sentence: what is wrong; the keep-alive is not sent, and
     * the manager ends the daemon if that goes on. */
    const char *(*check)(void *ctx);
    /* Writes the status line, at most NOTIFY_STATUS_MAX bytes. */
    void (*status)(void *ctx, char *ret_text);
    void *ctx;
};

struct notify;

/* Starts the timers of status and watchdog; options is copied. NULL: no memory. */
struct notify *notify_new(uv_loop_t *loop, const struct notify_options *options);
/* The memory is freed by the loop's next turns, when the handles have closed. NULL is legal. */
void notify_free(struct notify *notify);

/* Sends READY=1 and the status line; only the first call does. */
void notify_ready(struct notify *notify);
/* Sends STOPPING=1. The watchdog is still answered. */
void notify_stopping(struct notify *notify);
/* Sends the status line if it has changed. Called every NOTIFY_STATUS_INTERVAL_MS anyway. */
void notify_status(struct notify *notify);

#endif
