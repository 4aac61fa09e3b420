#include "watched.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "note.h"
#include "sys.h"

/* Untouched pages of the table cost nothing. Descriptors above it are not remembered. */
#define WATCHED_MAX (256 * 1024)

/* The last registration of a number; it may be out of date, which the kernel tells when it is to be
 * taken away. Signals and threads may meet here: words are atomic, and two threads that register
 * the same descriptor at the same time could not know themselves which came last. */
struct watched {
    _Atomic int epoll_fd_plus_1; /* 0: none */
    _Atomic uint32_t events;
    _Atomic uint64_t data;
};

static struct watched table[WATCHED_MAX];

void watched_note(int epoll_fd, int operation, int fd, const struct epoll_event *event)
{
    if (fd < 0 || fd >= WATCHED_MAX)
        return;
    struct watched *row = &table[fd];
    if (operation == EPOLL_CTL_DEL) {
        atomic_store_explicit(&row->epoll_fd_plus_1, 0, memory_order_relaxed);
        return;
    }
    atomic_store_explicit(&row->events, event->events, memory_order_relaxed);
    atomic_store_explicit(&row->data, event->data.u64, memory_order_relaxed);
    atomic_store_explicit(&row->epoll_fd_plus_1, epoll_fd + 1, memory_order_relaxed);
}

/* Takes the registration out of the kernel. True if there was one. */
static bool watched_take(int fd, int *ret_epoll_fd, struct epoll_event *ret_event)
{
    if (fd < 0 || fd >= WATCHED_MAX)
        return false;
    const struct watched *row = &table[fd];
    *ret_epoll_fd = atomic_load_explicit(&row->epoll_fd_plus_1, memory_order_relaxed) - 1;
    ret_event->events = atomic_load_explicit(&row->events, memory_order_relaxed);
    ret_event->data.u64 = atomic_load_explicit(&row->data, memory_order_relaxed);
    return *ret_epoll_fd >= 0 && sys_epoll_ctl(*ret_epoll_fd, EPOLL_CTL_DEL, fd, ret_event) == 0;
}

int watched_replace(int from, int fd, int flags)
{
    int epoll_fd;
    struct epoll_event event;
    bool was_watched = watched_take(fd, &epoll_fd, &event);
    int result = sys_dup3(from, fd, flags);
    if (was_watched && sys_epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
        note_always("descriptor %d is no longer watched by epoll %d", fd, epoll_fd);
    return result < 0 ? result : 0;
}
