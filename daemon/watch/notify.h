/* What the service manager hears of the daemon: readiness, a status line, and the watchdog's sign
 * of life, which is given only after the daemon has looked at itself. Does nothing where there is
 * no manager ($NOTIFY_SOCKET). */
#ifndef TCPENGINED_NOTIFY_H
#define TCPENGINED_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

/* The longest status line. */
#define NOTIFY_STATUS_MAX 128
#define NOTIFY_STATUS_INTERVAL_MS 5000

struct notify_options {
    bool is_watchdog; /* answer the manager's watchdog, if it has one */
    /* NULL when all is well, else a sentence; the manager then ends the daemon after a while. */
    const char *(*check)(void *ctx);
    /* Writes the status line, at most NOTIFY_STATUS_MAX bytes. */
    void (*status)(void *ctx, char *ret_text);
    void *ctx;
};

struct notify;

/* NULL: no memory. */
struct notify *notify_new(uv_loop_t *loop, const struct notify_options *options);
/* The handles close as the loop runs on. NULL is legal. */
void notify_free(struct notify *notify);

/* READY=1, at the first call. */
void notify_ready(struct notify *notify);
/* STOPPING=1. The watchdog goes on. */
void notify_stopping(struct notify *notify);
/* The status line, if it is another one than before. */
void notify_status(struct notify *notify);

#endif
