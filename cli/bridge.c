#include "bridge.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli.h"

enum { PIECE_BYTES = 65536, PIECES_PER_STEP = 4 };

void bridge_init(struct bridge *bridge)
{
    *bridge = (struct bridge){.ends = {{.watch.fd = -1}, {.watch.fd = -1}}};
}

void bridge_end_note(struct bridge_end *end, uint32_t events)
{
    bool hangs_up = (events & (EPOLLHUP | EPOLLERR)) != 0;
    end->is_readable |= hangs_up || (events & EPOLLIN) != 0;
    end->is_writable |= hangs_up || (events & EPOLLOUT) != 0;
    end->is_suspect |= hangs_up;
}

static int error_of_kernel(int fd)
{
    int error = 0;
    socklen_t length = sizeof(error);
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0 ? errno : error;
}

bool bridge_end_has_failed(struct bridge_end *end)
{
    if (!end->is_suspect)
        return false;
    end->is_suspect = false;
    if (end->engine == NULL)
        return error_of_kernel(end->watch.fd) != 0;
    return engine_socket_error(end->engine, end->watch.fd, end->is_shut) != 0;
}

/* --- one direction ---------------------------------------------------------------------------- */

enum moved {
    MOVED_ON,      /* try again */
    MOVED_NOTHING, /* not before an event */
    MOVED_FAILED,  /* *ret_failed is the end that is to blame */
};

struct way {
    struct bridge_end *from, *to;
    struct bridge_rest *rest;
};

static struct way way_of(struct bridge *bridge, unsigned from)
{
    return (struct way){&bridge->ends[from], &bridge->ends[!from], &bridge->rests[from]};
}

static void rest_free(struct bridge_rest *rest)
{
    free(rest->bytes);
    *rest = (struct bridge_rest){NULL, 0, 0};
}

static void rest_keep(struct bridge_rest *rest, const char *bytes, size_t len)
{
    rest->bytes = malloc(len);
    if (rest->bytes == NULL)
        cli_no_memory();
    memcpy(rest->bytes, bytes, len);
    rest->at = 0;
    rest->len = len;
}

/* Bytes written, 0: not now; -1: it has failed. */
static ssize_t write_some(struct bridge_end *to, const char *bytes, size_t len)
{
    ssize_t done = send(to->watch.fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (done >= 0 || errno == EINTR)
        return done < 0 ? 0 : done;
    if (errno != EAGAIN)
        return -1;
    to->is_writable = false;
    return 0;
}

static enum moved move_rest(const struct way *way, struct bridge_end **ret_failed)
{
    struct bridge_rest *rest = way->rest;
    ssize_t done = write_some(way->to, rest->bytes + rest->at, rest->len - rest->at);
    *ret_failed = way->to;
    if (done < 0)
        return MOVED_FAILED;
    rest->at += (size_t)done;
    if (rest->at == rest->len)
        rest_free(rest);
    return MOVED_ON;
}

/* An end of file may be all that is left of a reset. */
static enum moved take_end(const struct way *way, struct bridge_end **ret_failed)
{
    struct bridge_end *from = way->from;
    struct pollfd now = {.fd = from->watch.fd};
    if (from->engine != NULL && poll(&now, 1, 0) > 0 && (now.revents & (POLLHUP | POLLERR)) != 0)
        from->is_suspect = true;
    *ret_failed = from;
    if (bridge_end_has_failed(from))
        return MOVED_FAILED;
    from->is_ended = true;
    return MOVED_ON;
}

static enum moved read_piece(const struct way *way, struct bridge_end **ret_failed)
{
    static char piece[PIECE_BYTES]; /* nothing stays in it from one call to the next */
    struct bridge_end *from = way->from;
    *ret_failed = from;
    ssize_t got = recv(from->watch.fd, piece, sizeof(piece), MSG_DONTWAIT);
    if (got == 0)
        return take_end(way, ret_failed);
    if (got < 0 && errno == EAGAIN)
        from->is_readable = false;
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? MOVED_ON : MOVED_FAILED;
    ssize_t done = write_some(way->to, piece, (size_t)got);
    *ret_failed = way->to;
    if (done < got)
        rest_keep(way->rest, piece + (done > 0 ? done : 0), (size_t)(got - (done > 0 ? done : 0)));
    return done < 0 ? MOVED_FAILED : MOVED_ON;
}

static enum moved move_piece(const struct way *way, struct bridge_end **ret_failed)
{
    if (way->to->is_shut)
        return MOVED_NOTHING;
    if (way->rest->bytes == NULL && way->from->is_ended) {
        way->to->is_shut = true;
        shutdown(way->to->watch.fd, SHUT_WR);
        return MOVED_NOTHING;
    }
    if (!way->to->is_writable)
        return MOVED_NOTHING;
    if (way->rest->bytes != NULL)
        return move_rest(way, ret_failed);
    return way->from->is_readable ? read_piece(way, ret_failed) : MOVED_NOTHING;
}

static enum moved move(const struct way *way, struct bridge_end **ret_failed)
{
    enum moved moved = MOVED_ON;
    for (unsigned i = 0; i < PIECES_PER_STEP && moved == MOVED_ON; i++)
        moved = move_piece(way, ret_failed);
    return moved;
}

/* --- both ------------------------------------------------------------------------------------- */

static bool is_over(const struct bridge *bridge)
{
    return bridge->ends[0].is_shut && bridge->ends[1].is_shut;
}

/* What the failed end had sent before was received, and goes to the other as far as that takes it
 * at once: so a peer that answers and then resets is heard. */
static enum bridge_state break_off(struct bridge *bridge, const struct bridge_end *failed)
{
    struct bridge_end *ignored;
    const struct way way = way_of(bridge, failed == &bridge->ends[1]);
    while (way.from->is_readable && !way.from->is_ended && move_piece(&way, &ignored) == MOVED_ON &&
           way.to->is_writable)
        ;
    return BRIDGE_BROKEN;
}

enum bridge_state bridge_step(struct bridge *bridge)
{
    enum bridge_state state = BRIDGE_WAITS;
    for (unsigned i = 0; i < 2; i++) {
        if (bridge_end_has_failed(&bridge->ends[i]))
            return break_off(bridge, &bridge->ends[i]);
    }
    for (unsigned i = 0; i < 2; i++) {
        const struct way way = way_of(bridge, i);
        struct bridge_end *failed = NULL;
        enum moved moved = move(&way, &failed);
        if (moved == MOVED_FAILED)
            return break_off(bridge, failed);
        if (moved == MOVED_ON)
            state = BRIDGE_BUSY;
    }
    return is_over(bridge) ? BRIDGE_OVER : state;
}

static void end_close(struct bridge_end *end)
{
    if (end->watch.fd >= 0)
        close(end->watch.fd);
    end->watch.fd = -1;
}

void bridge_close(struct bridge *bridge)
{
    for (unsigned i = 0; i < 2; i++) {
        end_close(&bridge->ends[i]);
        rest_free(&bridge->rests[i]);
    }
}

/* RFC 9293 3.10.5. A Unix socket knows no reset, and is closed. */
static void end_abort(struct bridge_end *end)
{
    const struct linger at_once = {.l_onoff = 1};
    if (end->watch.fd >= 0 && end->engine != NULL)
        engine_socket_abort(end->engine, end->watch.fd);
    else if (end->watch.fd >= 0)
        setsockopt(end->watch.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

void bridge_abort(struct bridge *bridge)
{
    end_abort(&bridge->ends[0]);
    end_abort(&bridge->ends[1]);
    bridge_close(bridge);
}
