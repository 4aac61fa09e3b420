/* getaddrinfo(3) without waiting for it: it blocks, for seconds if a server is silent, so threads
 * call it. They are started as they are needed, and share nothing with the rest but the queue. */
#ifndef TCPCTL_RESOLVER_H
#define TCPCTL_RESOLVER_H

#include <netdb.h>
#include <pthread.h>

#include "poller.h"

enum { RESOLVER_THREADS_MAX = 32, RESOLVER_HOST_MAX = 256 };

struct resolver_job {
    char host[RESOLVER_HOST_MAX];
    void (*on_done)(struct resolver_job *job); /* NULL: nobody wants to know any more */
    void *owner;
    struct addrinfo *found; /* NULL: why, of getaddrinfo() */
    int why;
    struct resolver_job *next;
};

struct resolver {
    struct poller_watch watch; /* of an eventfd, on which threads say that something is done */
    pthread_mutex_t lock;
    pthread_cond_t has_jobs;
    struct resolver_job *waiting, *done;
    struct resolver_job *last_waiting;
    unsigned threads, idle, waiting_count;
};

/* False: errno says why not. The resolver must stay where it is until the program ends. */
bool resolver_init(struct resolver *resolver, struct poller *poller);
/* Asks for the addresses of host, copied. on_done gets them from within poller_turn(); what was
 * found is freed after it. NULL: no memory, or host is too long. */
struct resolver_job *resolver_ask(struct resolver *resolver, const char *host,
                                  void (*on_done)(struct resolver_job *), void *owner);
/* on_done is not called any more. */
void resolver_forget(struct resolver_job *job);

#endif
