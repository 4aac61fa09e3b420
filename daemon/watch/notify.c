#include "watch/notify.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <tcpengine/units.h>
#include <unistd.h>

#include "util/log.h"
#include "util/spare.h"

struct notify {
    struct notify_options options;
    uv_timer_t watchdog_timer, status_timer;
    unsigned open_handles;
    bool is_ready;
    char last_status[NOTIFY_STATUS_MAX];
};

/* The socket of $NOTIFY_SOCKET: a path, or an abstract name after '@'. False: there is none. */
static bool address_make(struct sockaddr_un *ret_address, socklen_t *ret_len)
{
    const char *name = getenv("NOTIFY_SOCKET");
    *ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (name == NULL || strlen(name) >= sizeof(ret_address->sun_path))
        return false;
    memcpy(ret_address->sun_path, name, strlen(name));
    if (name[0] == '@')
        ret_address->sun_path[0] = '\0';
    *ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    return true;
}

/* As sd_notify(3), which would wait for a service manager that does not read. */
static void tell(const char *text)
{
    struct sockaddr_un address;
    struct iovec iov = {.iov_base = (void *)(uintptr_t)text, .iov_len = strlen(text)};
    struct msghdr message = {.msg_name = &address, .msg_iov = &iov, .msg_iovlen = 1};
    if (!address_make(&address, &message.msg_namelen))
        return;
    spare_lend();
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        close(fd);
    }
    spare_return();
}

static void on_watchdog(uv_timer_t *timer)
{
    static struct log_limit limit;
    struct notify *notify = timer->data;
    const char *trouble = notify->options.check(notify->options.ctx);
    if (trouble == NULL)
        tell("WATCHDOG=1");
    else
        log_write_limited(&limit, LOG_LEVEL_ERROR,
                          "self-check failed: %s; the watchdog is not answered until it passes",
                          trouble);
}

static void on_status(uv_timer_t *timer)
{
    notify_status(timer->data);
}

static void watchdog_start(struct notify *notify)
{
    uint64_t interval_us;
    if (!notify->options.is_watchdog || sd_watchdog_enabled(0, &interval_us) <= 0)
        return;
    /* Half the interval, as sd_watchdog_enabled(3) recommends. */
    uint64_t interval_ms = interval_us / 2 / TE_MS;
    if (interval_ms == 0)
        interval_ms = 1;
    uv_timer_start(&notify->watchdog_timer, on_watchdog, interval_ms, interval_ms);
    log_write(LOG_LEVEL_INFO, "watchdog: keep-alive every %llu ms",
              (unsigned long long)interval_ms);
}

struct notify *notify_new(uv_loop_t *loop, const struct notify_options *options)
{
    struct notify *notify = calloc(1, sizeof(*notify));
    if (notify == NULL)
        return NULL;
    notify->options = *options;
    uv_timer_init(loop, &notify->watchdog_timer);
    uv_timer_init(loop, &notify->status_timer);
    notify->open_handles = 2;
    notify->watchdog_timer.data = notify->status_timer.data = notify;
    if (getenv("NOTIFY_SOCKET") == NULL)
        return notify;
    watchdog_start(notify);
    uv_timer_start(&notify->status_timer, on_status, NOTIFY_STATUS_INTERVAL_MS,
                   NOTIFY_STATUS_INTERVAL_MS);
    return notify;
}

static void on_closed(uv_handle_t *handle)
{
    struct notify *notify = handle->data;
    if (--notify->open_handles == 0)
        free(notify);
}

void notify_free(struct notify *notify)
{
    if (notify == NULL)
        return;
    uv_close((uv_handle_t *)&notify->watchdog_timer, on_closed);
    uv_close((uv_handle_t *)&notify->status_timer, on_closed);
}

void notify_ready(struct notify *notify)
{
    if (notify->is_ready)
        return;
    notify->is_ready = true;
    tell("READY=1");
    notify_status(notify);
}

void notify_stopping(struct notify *notify)
{
    (void)notify;
    tell("STOPPING=1\nSTATUS=Closing connections");
}

void notify_status(struct notify *notify)
{
    char status[NOTIFY_STATUS_MAX], text[NOTIFY_STATUS_MAX + 8];
    notify->options.status(notify->options.ctx, status);
    if (strcmp(status, notify->last_status) == 0)
        return;
    memcpy(notify->last_status, status, sizeof(status));
    snprintf(text, sizeof(text), "STATUS=%s", status);
    tell(text);
}
