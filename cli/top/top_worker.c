#include "top_worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct top_worker {
    struct top_fetch *fetch;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t asked;
    struct top_question question;
    struct top_frame *frame;
    bool has_question, is_busy, is_ending;
    int event;
};

static void deliver(struct top_worker *worker, struct top_frame *frame)
{
    const uint64_t one = 1;
    top_frame_free(worker->frame);
    worker->frame = frame;
    if (write(worker->event, &one, sizeof(one)) < 0)
        return; /* cannot happen: the count is far from its end */
}

static void *work(void *ctx)
{
    struct top_worker *worker = ctx;
    pthread_mutex_lock(&worker->lock);
    while (!worker->is_ending) {
        if (!worker->has_question) {
            pthread_cond_wait(&worker->asked, &worker->lock);
            continue;
        }
        struct top_question question = worker->question;
        worker->has_question = false;
        worker->is_busy = true;
        pthread_mutex_unlock(&worker->lock);
        struct top_frame *frame = top_fetch_frame(worker->fetch, &question);
        pthread_mutex_lock(&worker->lock);
        worker->is_busy = false;
        deliver(worker, frame);
    }
    pthread_mutex_unlock(&worker->lock);
    return NULL;
}

/* Signals are for the thread that has the terminal. */
static bool start(struct top_worker *worker)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool is_there = pthread_create(&worker->thread, NULL, work, worker) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return is_there;
}

struct top_worker *top_worker_new(struct top_fetch *fetch)
{
    struct top_worker *worker = calloc(1, sizeof(*worker));
    if (worker == NULL)
        cli_no_memory();
    worker->fetch = fetch;
    worker->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->asked, NULL);
    if (worker->event >= 0 && start(worker))
        return worker;
    if (worker->event >= 0)
        close(worker->event);
    free(worker);
    return NULL;
}

void top_worker_ask(struct top_worker *worker, const struct top_question *question)
{
    pthread_mutex_lock(&worker->lock);
    worker->question = *question;
    worker->has_question = true;
    pthread_cond_signal(&worker->asked);
    pthread_mutex_unlock(&worker->lock);
}

struct top_frame *top_worker_take(struct top_worker *worker)
{
    uint64_t count;
    pthread_mutex_lock(&worker->lock);
    struct top_frame *frame = worker->frame;
    worker->frame = NULL;
    if (read(worker->event, &count, sizeof(count)) < 0)
        count = 0; /* nothing came since */
    pthread_mutex_unlock(&worker->lock);
    return frame;
}

bool top_worker_is_busy(struct top_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    bool is_busy = worker->has_question || worker->is_busy;
    pthread_mutex_unlock(&worker->lock);
    return is_busy;
}

int top_worker_descriptor(const struct top_worker *worker)
{
    return worker->event;
}

bool top_worker_free(struct top_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    bool is_busy = worker->is_busy;
    worker->is_ending = true;
    pthread_cond_signal(&worker->asked);
    pthread_mutex_unlock(&worker->lock);
    if (is_busy)
        return false;
    pthread_join(worker->thread, NULL);
    top_frame_free(worker->frame);
    close(worker->event);
    free(worker);
    return true;
}
