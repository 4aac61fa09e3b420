/* One loop around epoll, for the verbs that serve many connections at once.
 *
 * Events only say that something may have changed; what follows from it is done by tasks, which run
 * once all events that came together were noted. So whatever has a watch may be freed in a task,
 * and nowhere else. */
#ifndef TCPCTL_POLLER_H
#define TCPCTL_POLLER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

struct poller_watch {
    int fd; /* -1: none */
    void (*on_event)(struct poller_watch *watch, uint32_t events);
    void *owner;
};

struct poller_task {
    void (*run)(struct poller_task *task);
    void *owner;
    struct poller_task *next;
    bool is_queued;
};

struct poller {
    int epoll_fd;
    struct poller_task *first, *last;
    void (*on_tick)(void *owner); /* each POLLER_TICK_MS while wants_ticks */
    void *owner;
    unsigned wants_ticks;
    int64_t ticked_at_ms;
};

enum { POLLER_TICK_MS = 200 };
/* Edge-triggered, in both directions. */
#define POLLER_EDGES (EPOLLIN | EPOLLOUT | EPOLLET)

/* False: errno says why not. */
bool poller_init(struct poller *poller);
/* events: EPOLLIN, or POLLER_EDGES. Adds the watch, or makes it the one of its descriptor. */
bool poller_add(struct poller *poller, struct poller_watch *watch, uint32_t events);
void poller_replace(struct poller *poller, struct poller_watch *watch, uint32_t events);
/* The descriptor stays open. Closing it without this is enough only in a program that starts no
 * others: one that is just being started still has a copy, for which epoll goes on reporting. */
void poller_remove(struct poller *poller, struct poller_watch *watch);
/* Once, before the next wait; not again while it is queued. */
void poller_soon(struct poller *poller, struct poller_task *task);
/* Waits for events, notes them, and runs the tasks that were queued by then. */
void poller_turn(struct poller *poller);

#endif
