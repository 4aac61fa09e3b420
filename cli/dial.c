#include "dial.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "cli_clock.h"

/* --- one address ------------------------------------------------------------------------------ */

static int start_kernel(const struct place *place, int *ret_fd)
{
    const int on = 1;
    int fd = socket(place->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return errno;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    *ret_fd = fd;
    return connect(fd, (const struct sockaddr *)&place->address, place->length) == 0 ||
                   errno == EINPROGRESS
               ? 0
               : errno;
}

static int start_engine(const struct dial *dial, const struct place *place, int *ret_fd)
{
    struct socket_address address;
    if (!place_for_engine(place, &address))
        return EAFNOSUPPORT;
    return engine_socket_connect(dial->dialler->engine, &address, ret_fd);
}

/* The outcome, once the descriptor is writable. */
static int error_of(const struct dial *dial)
{
    int error = 0;
    socklen_t length = sizeof(error);
    if (dial->is_engine)
        return engine_socket_error(dial->dialler->engine, dial->watch.fd, false);
    return getsockopt(dial->watch.fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0 ? errno : error;
}

static void drop(struct dial *dial)
{
    if (dial->watch.fd >= 0)
        close(dial->watch.fd);
    dial->watch.fd = -1;
}

static void finish(struct dial *dial, int fd, int error, const char *why)
{
    dial->watch.fd = -1;
    dial->ends_at_ms = INT64_MAX;
    dial->on_done(dial, fd, error, why);
}

/* --- all of them ------------------------------------------------------------------------------ */

/* Tries the addresses from dial->at on, until one needs an event to go on. */
static void try_next(struct dial *dial, int error)
{
    while (dial->at < dial->count) {
        const struct place *place = &dial->places[dial->at++];
        int fd = -1;
        error = dial->is_engine ? start_engine(dial, place, &fd) : start_kernel(place, &fd);
        dial->watch.fd = fd;
        if (error == 0 && poller_add(dial->dialler->poller, &dial->watch, EPOLLOUT))
            return;
        error = error == 0 ? errno : error;
        drop(dial);
    }
    finish(dial, -1, error, strerror(error));
}

static void on_event(struct poller_watch *watch, uint32_t events)
{
    struct dial *dial = watch->owner;
    if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0)
        return;
    int error = error_of(dial);
    poller_remove(dial->dialler->poller, watch);
    if (error == 0) {
        finish(dial, watch->fd, 0, "");
        return;
    }
    drop(dial);
    try_next(dial, error);
}

static void on_resolved(struct resolver_job *job)
{
    struct dial *dial = job->owner;
    dial->job = NULL;
    if (job->why != 0) {
        finish(dial, -1, EADDRNOTAVAIL, gai_strerror(job->why));
        return;
    }
    for (const struct addrinfo *entry = job->found; entry != NULL; entry = entry->ai_next) {
        if (dial->count == DIAL_PLACES_MAX)
            break;
        struct place *place = &dial->places[dial->count++];
        *place = place_of(entry->ai_addr, entry->ai_addrlen);
        place_set_port(place, dial->port);
    }
    try_next(dial, EADDRNOTAVAIL);
}

/* An address needs no thread. The daemon has one link: a scope says nothing to it. */
static bool read_numeric(struct dial *dial, const char *host)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
    struct addrinfo *found;
    char numeric[INET6_ADDRSTRLEN + IF_NAMESIZE + 1];
    size_t len = dial->is_engine ? strcspn(host, "%") : strlen(host);
    if (len >= sizeof(numeric))
        return false;
    memcpy(numeric, host, len);
    numeric[len] = '\0';
    if (getaddrinfo(numeric, NULL, &hints, &found) != 0)
        return false;
    dial->places[0] = place_of(found->ai_addr, found->ai_addrlen);
    place_set_port(&dial->places[0], dial->port);
    dial->count = 1;
    freeaddrinfo(found);
    return true;
}

void dial_start(struct dial *dial, const char *host, uint16_t port)
{
    uint32_t patience_ms = dial->dialler->patience_ms;
    dial->watch = (struct poller_watch){.fd = -1, .on_event = on_event, .owner = dial};
    dial->port = port;
    dial->ends_at_ms = patience_ms ? cli_now_ms() + patience_ms : INT64_MAX;
    if (host[0] == '/') {
        dial->count = place_set_path(&dial->places[0], host);
        try_next(dial, ENAMETOOLONG);
    } else if (read_numeric(dial, host)) {
        try_next(dial, 0);
    } else {
        dial->job = resolver_ask(dial->dialler->resolver, host, on_resolved, dial);
        if (dial->job == NULL)
            finish(dial, -1, EADDRNOTAVAIL, "not a name");
    }
}

void dial_check_time(struct dial *dial, int64_t now_ms)
{
    if (now_ms < dial->ends_at_ms)
        return;
    dial_cancel(dial);
    finish(dial, -1, ETIMEDOUT, strerror(ETIMEDOUT));
}

void dial_cancel(struct dial *dial)
{
    if (dial->job != NULL)
        resolver_forget(dial->job);
    dial->job = NULL;
    drop(dial);
}
