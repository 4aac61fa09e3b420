#include "resolver.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* --- the threads ------------------------------------------------------------------------------ */

static struct resolver_job *next_job(struct resolver *resolver)
{
    resolver->idle++;
    while (resolver->waiting == NULL)
        pthread_cond_wait(&resolver->has_jobs, &resolver->lock);
    resolver->idle--;
    resolver->waiting_count--;
    struct resolver_job *job = resolver->waiting;
    resolver->waiting = job->next;
    return job;
}

static void *run_thread(void *arg)
{
    struct resolver *resolver = arg;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    pthread_mutex_lock(&resolver->lock);
    for (;;) {
        struct resolver_job *job = next_job(resolver);
        pthread_mutex_unlock(&resolver->lock);
        job->why = getaddrinfo(job->host, NULL, &hints, &job->found);
        pthread_mutex_lock(&resolver->lock);
        job->next = resolver->done;
        resolver->done = job;
        eventfd_write(resolver->watch.fd, 1);
    }
    return NULL;
}

static void start_thread(struct resolver *resolver)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_thread, resolver) != 0)
        return; /* those there are do it later */
    pthread_detach(thread);
    resolver->threads++;
}

/* --- the loop's side -------------------------------------------------------------------------- */

static void on_event(struct poller_watch *watch, uint32_t events)
{
    struct resolver *resolver = watch->owner;
    eventfd_t count;
    (void)events;
    eventfd_read(watch->fd, &count);
    pthread_mutex_lock(&resolver->lock);
    struct resolver_job *job = resolver->done;
    resolver->done = NULL;
    pthread_mutex_unlock(&resolver->lock);
    while (job != NULL) {
        struct resolver_job *next = job->next;
        if (job->on_done != NULL)
            job->on_done(job);
        if (job->why == 0)
            freeaddrinfo(job->found);
        free(job);
        job = next;
    }
}

bool resolver_init(struct resolver *resolver, struct poller *poller)
{
    *resolver =
        (struct resolver){.lock = PTHREAD_MUTEX_INITIALIZER, .has_jobs = PTHREAD_COND_INITIALIZER};
    resolver->watch = (struct poller_watch){
        .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .on_event = on_event, .owner = resolver};
    return resolver->watch.fd >= 0 && poller_add(poller, &resolver->watch, EPOLLIN);
}

static void queue(struct resolver *resolver, struct resolver_job *job)
{
    pthread_mutex_lock(&resolver->lock);
    if (resolver->waiting == NULL)
        resolver->waiting = job;
    else
        resolver->last_waiting->next = job;
    resolver->last_waiting = job;
    resolver->waiting_count++;
    if (resolver->waiting_count > resolver->idle && resolver->threads < RESOLVER_THREADS_MAX)
        start_thread(resolver);
    pthread_cond_signal(&resolver->has_jobs);
    pthread_mutex_unlock(&resolver->lock);
}

struct resolver_job *resolver_ask(struct resolver *resolver, const char *host,
                                  void (*on_done)(struct resolver_job *), void *owner)
{
    size_t len = strlen(host);
    struct resolver_job *job = len < RESOLVER_HOST_MAX ? calloc(1, sizeof(*job)) : NULL;
    if (job == NULL)
        return NULL;
    memcpy(job->host, host, len);
    job->on_done = on_done;
    job->owner = owner;
    queue(resolver, job);
    return job;
}

void resolver_forget(struct resolver_job *job)
{
    job->on_done = NULL;
}
