#include "watched.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "note.h"
#include "sys.h"

/* Untouched pages of the table cost nothing. Descriptors above it are not remembered. */
#define WATCHED_MAX (256 * 1024)

/* Epoll sets that one descriptor is remembered to be in. */
#define WATCHED_SETS 4u

/* The last registrations of a number; they may be out of date, which the kernel tells when they are
 * to be taken away. Signals and threads may meet here: words are atomic, and two threads that
 * register the same descriptor at the same time could not know themselves which came last. */
struct watched {
    _Atomic int epoll_fd_plus_1; /* 0: none */
    _Atomic uint32_t events;
    _Atomic uint64_t data;
};

static struct watched table[WATCHED_MAX][WATCHED_SETS];

static int epoll_fd_of(const struct watched *row)
{
    return atomic_load_explicit(&row->epoll_fd_plus_1, memory_order_relaxed) - 1;
}

/* -1 as epoll_fd: a row that is free. NULL: there is none. */
static struct watched *find(struct watched *rows, int epoll_fd)
{
    for (unsigned i = 0; i < WATCHED_SETS; i++) {
        if (epoll_fd_of(&rows[i]) == epoll_fd)
            return &rows[i];
    }
    return NULL;
}

/* The kernel knows a set by more than one number, if it was duplicated: what changes without having
 * been added is then what there is. */
static struct watched *find_any(struct watched *rows)
{
    for (unsigned i = 0; i < WATCHED_SETS; i++) {
        if (epoll_fd_of(&rows[i]) >= 0)
            return &rows[i];
    }
    return NULL;
}

static struct watched *find_row(struct watched *rows, int epoll_fd, int operation)
{
    struct watched *row = find(rows, epoll_fd);
    if (row == NULL)
        row = operation == EPOLL_CTL_ADD ? find(rows, -1) : find_any(rows);
    return row != NULL ? row : &rows[(unsigned)epoll_fd % WATCHED_SETS];
}

void watched_note(int epoll_fd, int operation, int fd, const struct epoll_event *event)
{
    if (fd < 0 || fd >= WATCHED_MAX)
        return;
    struct watched *row = find_row(table[fd], epoll_fd, operation);
    if (operation == EPOLL_CTL_DEL) {
        atomic_store_explicit(&row->epoll_fd_plus_1, 0, memory_order_relaxed);
        return;
    }
    atomic_store_explicit(&row->events, event->events, memory_order_relaxed);
    atomic_store_explicit(&row->data, event->data.u64, memory_order_relaxed);
    atomic_store_explicit(&row->epoll_fd_plus_1, epoll_fd + 1, memory_order_relaxed);
}

struct registration {
    int epoll_fd; /* -1: none */
    struct epoll_event event;
};

/* Takes the registration out of the kernel, if there is one. */
static struct registration take(const struct watched *row, int fd)
{
    struct registration taken = {.epoll_fd = epoll_fd_of(row)};
    taken.event.events = atomic_load_explicit(&row->events, memory_order_relaxed);
    taken.event.data.u64 = atomic_load_explicit(&row->data, memory_order_relaxed);
    if (taken.epoll_fd >= 0 && sys_epoll_ctl(taken.epoll_fd, EPOLL_CTL_DEL, fd, &taken.event) != 0)
        taken.epoll_fd = -1;
    return taken;
}

int watched_replace(int from, int fd, int flags)
{
    struct registration taken[WATCHED_SETS];
    bool is_remembered = fd >= 0 && fd < WATCHED_MAX;
    for (unsigned i = 0; i < WATCHED_SETS && is_remembered; i++)
        taken[i] = take(&table[fd][i], fd);
    int result = sys_dup3(from, fd, flags);
    for (unsigned i = 0; i < WATCHED_SETS && is_remembered; i++) {
        int epoll_fd = taken[i].epoll_fd;
        if (epoll_fd >= 0 && sys_epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &taken[i].event) < 0)
            note_always("descriptor %d is no longer watched by epoll %d", fd, epoll_fd);
    }
    return result < 0 ? result : 0;
}
